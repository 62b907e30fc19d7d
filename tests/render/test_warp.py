"""What is particular to the Warp engine: its compiled kernel, and what it says while it starts."""

import os
import subprocess
import sys

START = """
from headstart.render.warp import WarpConfig, WarpEngine
from headstart.scenes.assets import Assets
WarpEngine(Assets(), WarpConfig())
"""


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", START]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_starting_says_nothing():
    done = start()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = start(WARP_CACHE_PATH=str(tmp_path / "file" / "cache"))
    assert "StoreError: the renderer's cache cannot be written" in done.stderr
    assert str(tmp_path / "file") in done.stderr
