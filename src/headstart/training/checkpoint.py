"""Checkpoints: written whole or not at all, read without running code, refused where they belong to another run."""

import io
import pickle
import time
import zipfile
from pathlib import Path
from typing import Any

import torch

from headstart.errors import CheckpointError
from headstart.files import write_atomic

__all__ = ["CHECKPOINT", "Checkpointer"]

CHECKPOINT = "checkpoint.pt"
UNREADABLE = (OSError, EOFError, KeyError, TypeError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile)
State = dict[str, Any]


class Checkpointer:
    """Keeps one checkpoint in ``folder``, at most every ``seconds``; with no folder it does nothing.

    ``key`` names the configuration: whatever can change the result of the run.
    """

    def __init__(self, folder: Path | None, key: str, seconds: float) -> None:
        self.path = folder / CHECKPOINT if folder else None
        self.key, self.seconds = key, seconds
        self._saved = time.monotonic()

    def due(self) -> bool:
        """Whether the last checkpoint, or the start, is longer ago than it may be."""
        return self.path is not None and time.monotonic() - self._saved >= self.seconds

    def save(self, state: State) -> None:
        """Write ``state`` (tensors, numbers, strings, lists, dicts) in place of what is there, whole or not at all."""
        assert self.path is not None
        data = io.BytesIO()
        torch.save({"key": self.key, "state": state}, data)
        write_atomic(self.path, data.getvalue())
        self._saved = time.monotonic()

    def load(self, device: torch.device) -> State | None:
        """The state that was saved, on ``device``; ``None`` if there is none.

        Raises ``CheckpointError`` if the file is damaged or carries another key.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            saved = torch.load(self.path, map_location=device, weights_only=True)
            key, state = saved["key"], saved["state"]
        except UNREADABLE as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise CheckpointError(f"{self.path} is damaged ({reason}): delete it and run again") from error
        if key != self.key:
            raise CheckpointError(
                f"{self.path} belongs to another configuration (its key is '{key}', this run's is '{self.key}'): "
                f"delete it, or run in another folder"
            )
        return dict(state)
