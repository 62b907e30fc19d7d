"""Blender as a Python module in an environment of its own: ``bpy`` wants one Python version, and NumPy below 2."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from headstart.cache import cache_folder
from headstart.errors import ConfigError, StoreError

__all__ = ["BPY", "PYTHON", "environment", "install", "installed_python"]

BPY, PYTHON = "5.0.1", (3, 11)
SMALLEST_SPACE = 3 * 2**30


def environment() -> Path:
    """The folder that the environment is made in."""
    return cache_folder("blender")


def installed_python() -> Path | None:
    """The Python that has ``bpy``, if it is installed."""
    python = _python_in(environment())
    return python if python.exists() else None


def install(python: Path | None = None, say: Callable[[str], object] = print) -> Path:
    """Make the environment, unless there is one, and return its folder.

    It takes its name when it is finished, so that what a killed attempt leaves is not taken for it. python: the Python
    3.11 to make it with. say: called with what is being done. Raises ``ConfigError`` if there is none,
    ``StoreError`` if the environment cannot be made.
    """
    whole = environment()
    partial = whole.with_name(f"{whole.name}.partial")
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(whole.with_name(f"{whole.name}.lock"), timeout=0):
            if installed_python() is None:
                base = _find_python(python)
                shutil.rmtree(partial, ignore_errors=True)
                _need_space(whole.parent)
                _fill(partial, base, say)
                shutil.rmtree(whole, ignore_errors=True)
                partial.rename(whole)
    except Timeout:
        raise StoreError(f"another process is installing Blender into {whole}: wait for it") from None
    except OSError as error:
        raise StoreError(
            f"{whole} cannot be written ({error.strerror}): set HEADSTART_CACHE to a folder you may write to"
        ) from error
    return whole


def _fill(folder: Path, python: Path, say: Callable[[str], object]) -> None:
    say(f"making an environment with {python}")
    _run([python, "-m", "venv", folder], "the environment for Blender cannot be made")
    say(f"installing bpy {BPY}, which is about 400 MB")
    options = ["--quiet", "--disable-pip-version-check", f"bpy=={BPY}"]
    _run([_python_in(folder), "-m", "pip", "install", *options], f"pip cannot install bpy {BPY}")


def _python_in(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if sys.platform == "win32" else folder / "bin" / "python"


def _find_python(wanted: Path | None) -> Path:
    """The Python asked for, or else the first one on the path that has the right version."""
    text = ".".join(map(str, PYTHON))
    if wanted is not None:
        if _version(wanted) != PYTHON:
            raise ConfigError(f"--python {wanted} is no Python {text}, which bpy {BPY} needs: name one that is")
        return wanted
    candidates = [sys.executable, *map(shutil.which, (f"python{text}", "python3", "python"))]
    for candidate in candidates:
        if candidate and _version(Path(candidate)) == PYTHON:
            return Path(candidate)
    raise ConfigError(
        f"bpy {BPY} needs Python {text}, and none was found: install one (uv python install {text}, or your system's "
        "python3.11 and python3.11-venv) and name it with --python, or use an installed Blender with the engine "
        "option blender=PATH"
    )


def _version(python: Path) -> tuple[int, ...] | None:
    """Major and minor, or ``None`` if it cannot be run."""
    try:
        asked = "import sys; print(*sys.version_info[:2])"
        answer = subprocess.run([python, "-I", "-c", asked], capture_output=True, text=True, timeout=60, check=True)
        return tuple(int(part) for part in answer.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _need_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < SMALLEST_SPACE:
        raise StoreError(
            f"Blender needs {SMALLEST_SPACE / 2**30:.0f} GB, and {folder} has {free / 2**30:.1f} left: make room, or "
            "set HEADSTART_CACHE to a folder that has it"
        )


def _run(command: Sequence[str | Path], problem: str) -> None:
    """Raises ``StoreError`` with the last line that a failing command printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else f"it ended with {done.returncode}"
        raise StoreError(f"{problem}: {reason}")
