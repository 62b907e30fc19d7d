"""Installing Blender, with a Python and a pip that only pretend."""

import subprocess
import sys
from pathlib import Path

import pytest

from headstart.errors import ConfigError, StoreError
from headstart.render.blender import install as module
from headstart.render.blender.install import environment, install, installed_python

PRETENDER = """#!/bin/sh
case "$1$2" in
    -I-c) echo 3 11 ;;
    -mvenv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    -mpip) {pip} ;;
esac
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def python(tmp_path):
    """Makes a Python 3.11 whose pip does what it is told."""

    def make(pip: str) -> Path:
        path = tmp_path / "python"
        path.write_text(PRETENDER.format(pip=pip))
        path.chmod(0o755)
        return path

    return make


def test_an_installed_environment_is_used_again(python, cache):
    said = []
    assert installed_python() is None
    assert install(python("echo once >> $0.log"), said.append) == cache / "blender"
    assert installed_python() == cache / "blender" / "bin" / "python"
    count = len(said)
    install(python("exit 1"), said.append)
    assert len(said) == count > 0


def test_what_pip_says_last_is_passed_on(python):
    with pytest.raises(StoreError, match=r"pip cannot install bpy .*: ERROR: no such distribution$"):
        install(python("echo looking; echo ERROR: no such distribution; exit 1"), str)
    assert installed_python() is None


def test_a_killed_installation_leaves_nothing_that_looks_whole(python):
    command = [sys.executable, "-c", "import sys; from headstart.render.blender.install import *; from pathlib import "]
    command[-1] += "Path; install(Path(sys.argv[1]))"
    killed = subprocess.run([*command, python("kill -9 $PPID")], capture_output=True, check=False)
    assert killed.returncode == -9
    assert installed_python() is None
    install(python("true"), str)
    assert installed_python() is not None
    assert not environment().with_name("blender.partial").exists()


def test_another_python_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no Python 3\.11"):
        install(tmp_path / "none", str)


def test_without_the_right_python_the_sentence_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(module, "PYTHON", (2, 0))
    with pytest.raises(ConfigError, match="needs Python 2.0, and none was found.*--python.*blender=PATH"):
        install(None, str)


def test_a_full_disk_is_told_before_anything_is_fetched(python, monkeypatch):
    monkeypatch.setattr(module, "SMALLEST_SPACE", 2**60)
    with pytest.raises(StoreError, match="Blender needs .* GB"):
        install(python("true"), str)
    assert installed_python() is None
