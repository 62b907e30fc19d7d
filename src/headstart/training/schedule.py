"""Learning rates: piecewise linear, one value per step."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from headstart.errors import ConfigError

__all__ = ["piecewise_linear", "warmup_decay"]


def piecewise_linear(
    milestones: Sequence[int], targets: Sequence[float] | float, steps_per_epoch: int, exponent: float = 0.0
) -> npt.NDArray[np.float64]:
    """The study's schedule: float64 ``[steps_per_epoch * milestones[-1]]``.

    Segment i lasts from epoch ``milestones[i - 1]`` (0 for the first) to ``milestones[i]`` and runs from ``targets[i]``
    to ``targets[i + 1]``, both ends included; surplus targets are ignored. A single number t stands for ``[0, t, 0]``.
    The last segment is multiplied by ``linspace(1, 1e-7) ** exponent``.
    Raises ``ConfigError`` if milestones fall or targets are too few.

    >>> piecewise_linear([1, 2], [0.0, 1.0, 0.0], steps_per_epoch=3).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    values = [0.0, float(targets), 0.0] if isinstance(targets, int | float) else list(targets)
    ends = [0, *milestones]
    if len(ends) < 2 or ends != sorted(ends):
        raise ConfigError(f"milestones {list(milestones)} must be one or more epochs that do not fall")
    if len(values) < len(ends):
        raise ConfigError(f"{len(milestones)} milestones need {len(ends)} targets, not {len(values)}")
    lengths = np.diff(ends) * steps_per_epoch
    segments = [np.linspace(values[i], values[i + 1], int(length)) for i, length in enumerate(lengths)]
    segments[-1] *= np.linspace(1, 1e-7, len(segments[-1])) ** exponent
    return np.concatenate(segments)


def warmup_decay(steps: int, *, peak: float, end: float, warmup: float, stable: float = 0.0) -> npt.NDArray[np.float64]:
    """Our default: float64 ``[steps]``, up to ``peak`` over the fraction ``warmup`` of all steps, staying there for
    the fraction ``stable``, then down to ``end``.

    The first step already learns: its rate is one part of the way up, not 0 as in the study's schedule.

    >>> warmup_decay(4, peak=1.0, end=0.5, warmup=0.5).tolist()
    [0.5, 1.0, 1.0, 0.5]
    >>> warmup_decay(5, peak=1.0, end=0.5, warmup=0.2, stable=0.4).tolist()
    [1.0, 1.0, 1.0, 1.0, 0.5]
    """
    rising = min(round(warmup * steps), steps)
    falling = min(round((warmup + stable) * steps), steps)
    return piecewise_linear([rising, falling, steps], [peak / max(rising, 1), peak, peak, end], steps_per_epoch=1)
