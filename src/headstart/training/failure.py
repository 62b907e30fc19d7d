"""Why a run gave nothing."""

from dataclasses import dataclass

__all__ = ["Failure"]


@dataclass(frozen=True)
class Failure:
    """Why a run stopped: ``reason`` in words, at ``step`` (from 0)."""

    step: int
    reason: str
