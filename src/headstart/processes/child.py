"""A process that works for this one, over a pipe that also tells either of the other's end."""

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

from headstart.processes.memory import keep_freed_memory
from headstart.processes.travel import pack, unpack

__all__ = ["Child", "Parent", "first_heard", "serve"]

BEGIN = Path(__file__).with_name("__main__.py")


class Child:
    """A process that calls ``work(parent, *arguments)``, ``parent`` being its end of the pipe.

    Unlike one of ``multiprocessing`` it does not run this process's script once more, so that a script needs no
    ``if __name__ == "__main__":``. It ends as soon as this process does, whatever ends it, and leaves interrupts to it.
    work: importable. environment: added to this process's. Raises ``OSError`` if no process can be started.
    """

    def __init__(
        self, work: Callable[..., None], *arguments: Any, environment: Mapping[str, str] | None = None
    ) -> None:
        begin = pack((work, arguments))
        self.connection, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-P", str(BEGIN), str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
            )
        self._send(pack(sys.path))
        self._send(begin)

    def send(self, thing: Any) -> None:
        """To its ``receive``. Nothing happens if it has ended, of which ``receive`` tells."""
        self._send(pack(thing))

    def receive(self) -> Any:
        """What it sent next. Raises ``EOFError`` when it has ended and all was received."""
        try:
            return unpack(self.connection.recv_bytes())
        except OSError as error:
            raise EOFError from error

    def end(self) -> None:
        """Kill it, if it still runs."""
        self._process.kill()
        self._process.wait()
        self.connection.close()

    def how_it_ended(self) -> str:
        """``killed by SIGKILL``, ``exit code 1``: of one that has ended by itself."""
        code = self._process.wait()
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send_bytes(data)


def first_heard(children: Sequence[Child]) -> list[Child]:
    """Those that have sent something or ended, as soon as there is one."""
    heard = wait([child.connection for child in children])
    return [child for child in children if child.connection in heard]


class Parent:
    """The other end: what a child has of its parent. A thread reads, so that the parent's end is noticed at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._received = connection, queue.SimpleQueue[bytes]()
        self._sending = threading.Lock()
        threading.Thread(target=self._read, name="parent", daemon=True).start()

    def send(self, thing: Any) -> None:
        """To the parent's ``receive``; from any thread."""
        data = pack(thing)
        with self._sending:
            self._connection.send_bytes(data)

    def receive(self) -> Any:
        """What the parent sent next; waits for it."""
        return unpack(self._received.get())

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._received.put(self._connection.recv_bytes())
        os._exit(1)


def serve(connection: Connection) -> None:
    """The whole life of a child."""
    os.set_inheritable(connection.fileno(), False)
    logging.captureWarnings(True)
    keep_freed_memory()
    parent = Parent(connection)
    work, arguments = parent.receive()
    work(parent, *arguments)
