"""What a run measured of itself, fetched from the device rarely."""

import math
from typing import Any

import torch
from torch import Tensor

from headstart.data.batches.share import ALONE, Share
from headstart.training.failure import Failure

__all__ = ["History"]

Row = dict[str, float]


class History:
    """Averages metrics over windows of steps, and over processes. A metric need not be there at every step.

    Tensors wait on their device until a window ends, because every look at one makes the host wait for the device.
    """

    def __init__(self, window: int, share: Share = ALONE) -> None:
        self.window, self.share = window, share
        self.rows: list[Row] = []
        self._waiting: list[dict[str, Tensor]] = []
        self._observed: set[str] = set()
        self._fetched: list[Row] = []

    def add(self, metrics: dict[str, Tensor], observed: dict[str, Tensor] | None = None) -> None:
        """The detached scalar metrics of one step; those ``observed`` may be anything, and are left out if not
        finite."""
        self._observed |= set(observed or {})
        self._waiting.append({**metrics, **(observed or {})})

    def fetch(self, steps: int) -> Failure | None:
        """Bring everything to the host after ``steps`` steps; names the first step with a value that isn't finite."""
        if not self._waiting:
            return None
        scalars = [value.detach().float() for metrics in self._waiting for value in metrics.values()]
        values = iter(self.share.average(torch.stack(scalars)).tolist())
        rows = [{name: next(values) for name in metrics} for metrics in self._waiting]
        self._waiting = []
        rows = [{name: value for name, value in row.items() if self._counts(name, value)} for row in rows]
        self._fetched += rows
        return _first_failure(rows, steps - len(rows))

    def _counts(self, name: str, value: float) -> bool:
        """Whether a value is one that belongs into the history, be it as a failure."""
        return name not in self._observed or math.isfinite(value)

    def close_window(self, steps: int, lr: float) -> None:
        """Turn what was fetched since the last window into one row: step, learning rate and the mean of each metric."""
        names = dict.fromkeys(name for row in self._fetched for name in row)
        means = {name: _mean([row[name] for row in self._fetched if name in row]) for name in names}
        self.rows.append({"step": steps, "lr": lr, **means})
        self._fetched = []

    def state(self) -> dict[str, Any]:
        """For a checkpoint; fetch first."""
        assert not self._waiting
        return {"rows": self.rows, "fetched": self._fetched}

    def load(self, state: dict[str, Any]) -> None:
        self.rows, self._fetched = list(state["rows"]), list(state["fetched"])


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _first_failure(rows: list[Row], first_step: int) -> Failure | None:
    for step, row in enumerate(rows, start=first_step):
        for name, value in row.items():
            if not math.isfinite(value):
                return Failure(step, f"{name} is {value}")
    return None
