"""What a study measured, as arrays: curves by budgets by trials, and which pretraining each trial began with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["StudyScores"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StudyScores:
    """The scores of all curves that are read against one baseline: same dataset, same task, same trials.

    labels: budgets ``[K]``, ascending. baseline: ``[K, R]`` over R trials. compared: ``[C, K, R]``, a curve for every
    arm and protocol. Higher is better; whoever has an error negates it first. NaN where a run failed, is still to come
    or was never planned. Trial r is the same label subsets in every curve. pretraining: ``[C, R]``, which pretraining
    a trial of a curve began with, −1 for none; equal numbers are one pretrained network.
    per_image: scores per test image of the baseline ``[K, R, N]`` and of the compared curves ``[C, K, R, N]``, whose
    means over images are the scores; None where a score is not such a mean, or they were not kept.
    """

    labels: Floats
    baseline: Floats
    compared: Floats
    pretraining: NDArray[np.int64]
    per_image: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None

    def __post_init__(self) -> None:
        curves, budgets, trials = self.compared.shape
        assert self.labels.shape == (budgets,), f"{budgets} budgets, and labels {self.labels.shape}"
        assert (np.diff(self.labels) > 0).all(), f"budgets must ascend: {self.labels}"
        assert (self.labels > 0).all(), f"budgets must be positive: {self.labels}"
        assert self.baseline.shape == (budgets, trials), f"baseline {self.baseline.shape}, not {(budgets, trials)}"
        assert self.pretraining.shape == (curves, trials), f"pretraining {self.pretraining.shape}"
        if self.per_image is not None:
            base, others = self.per_image
            assert (base.shape[:-1], others.shape[:-1]) == (self.baseline.shape, self.compared.shape)
            assert base.shape[-1] == others.shape[-1], "scores per image are of the same test images"

    @property
    def pretrainings(self) -> NDArray[np.int64]:
        """How many pretrained networks each curve rests on, ``[C]``; 0 where none was pretrained here."""
        return np.array([len(np.unique(own[own >= 0])) for own in self.pretraining], dtype=np.int64)

    @property
    def clustered(self) -> bool:
        """Whether a curve rests on several pretrained networks, each begun with by several trials."""
        several = self.pretrainings
        return bool(((several > 1) & (several < self.pretraining.shape[1])).any())

    @property
    def families(self) -> NDArray[np.int64]:
        """A number for each curve ``[C]``, from 0: equal where the trials began with the same pretrained networks."""
        names = [tuple(own) if (own >= 0).any() else (-1 - curve,) for curve, own in enumerate(self.pretraining)]
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        return np.array([places[name] for name in names], dtype=np.int64)
