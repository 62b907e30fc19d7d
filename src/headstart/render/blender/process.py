"""A Blender that runs as another program, draws what it is asked to, and ends with us."""

import json
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headstart.errors import HeadstartError

__all__ = ["WORKER", "BlenderProcess", "DiedError", "RefusedError"]

WORKER = Path(__file__).with_name("render_worker.py")
MARK = "@headstart "
"""Before every answer of the worker's."""
TAIL, PATIENCE = 3, 5.0
"""Lines of Blender's log that an error quotes; seconds that it is given to end by itself."""


class DiedError(HeadstartError):
    """Blender has ended. Its text: the last lines of its log."""


class RefusedError(HeadstartError):
    """Blender cannot do what it was asked to do."""


class BlenderProcess:
    """One worker and the folder that it shares with us. version: of Blender.

    command: what runs ``render_worker.py``. settings: of all scenes. Raises ``DiedError`` if it does not start,
    ``RefusedError`` if it cannot do what the settings say.
    """

    def __init__(self, command: Sequence[str], settings: Mapping[str, Any]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="headstart-blender-"))
        (self.folder / "settings.json").write_text(json.dumps(settings))
        with (self.folder / "log.txt").open("wb") as log:
            # In a session of its own, an interrupt at the terminal reaches us alone, and our end is what ends it.
            self._child = subprocess.Popen(
                [*command, "--", str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        self.pid = self._child.pid
        self.close = weakref.finalize(self, _end, self._child, self.folder)
        self.version = str(self._answer())

    def draw(self) -> None:
        """Have the scene in ``folder`` drawn. Raises ``DiedError`` if Blender ends instead."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write("draw\n")
            self._child.stdin.flush()
        except OSError:
            raise DiedError(self._tail([])) from None
        self._answer()

    def _answer(self) -> Any:
        assert self._child.stdout is not None
        other = []
        for line in self._child.stdout:
            if not line.startswith(MARK):
                other.append(line)
                continue
            answer = json.loads(line.removeprefix(MARK))
            if "failure" in answer:
                raise RuntimeError(f"the Blender worker failed:\n{answer['failure']}")
            if "error" in answer:
                raise RefusedError(answer["error"])
            return answer["done"]
        raise DiedError(self._tail(other))

    def _tail(self, printed: list[str]) -> str:
        """The last lines that Blender printed, and how it ended."""
        code = self._child.wait()
        log = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        lines = [line.strip() for line in [*printed, *log] if line.strip()]
        ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{ended}: {' | '.join(lines[-TAIL:])}" if lines else ended


def _end(child: "subprocess.Popen[str]", folder: Path) -> None:
    """Close its input, which ends it if it is idle, and do not wait long if it isn't."""
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(OSError):  # what was not sent yet to one that is gone
        child.stdin.close()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)
