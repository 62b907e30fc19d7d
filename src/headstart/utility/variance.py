"""Variances that few trials measure badly, borrowed from one another.

Three trials know a variance to two degrees of freedom. A study has many: one per curve and budget. They are fitted by a
trend, log-linear in labels, with an effect per curve, as a gamma regression whose effects are held near a prior by a
ridge (noise falls with labels, curves are about alike). Each variance is then moved towards its fit, the further the
better the fit describes all of them: a moderated variance (Smyth, "Linear models and empirical Bayes methods for
assessing differential expression", 2004), where how alike they are is not one estimate but a posterior over ``ALIKE``.

All of it works on a batch of studies at once, for ``calibration`` puts simulated studies through the same steps.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from headstart.utility.units import UnitMeans

__all__ = ["Moderated", "VarianceModel"]

Floats = NDArray[np.float64]
ALIKE = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
"""Degrees of freedom that the fit may be worth: true variances are the fit's times ν/χ²_ν. It ends at 16: that true
variances follow the trend exactly is never believed."""
SLOPE, SLOPE_RIDGE = -0.35, 4.0
"""Of the logarithm of a variance against that of labels: between a constant and 1/n. A ridge is an information."""
CURVE_RIDGE, LOOSE_RIDGE = 12.0, 1.0
ROUNDS, LARGEST_STEP, LEAST_RATIO = 12, 1.0, 1e-3


class Moderated(NamedTuple):
    """variance: moderated, ``[B, P]``. fit: what all together say, ``[B, P]``. alike: posterior of ``ALIKE [B, 5]``."""

    variance: Floats
    fit: Floats
    alike: Floats


@dataclass(frozen=True)
class VarianceModel:
    """For P variances. features ``[P, F]``, the first constant; ridge and prior ``[F]``; freedom ``[P]``, 0 where there
    is no variance."""

    features: Floats
    ridge: Floats
    prior: Floats
    freedom: Floats

    @classmethod
    def of_curves(cls, place: Floats, means: UnitMeans, *more: Floats) -> "VarianceModel":
        """Of ``means [C, ...]`` of curves: a trend in ``place [...]`` (a logarithm of labels), an effect of each of
        ``more [...]``, of each number of units, which is what few pretrained networks are, and of each curve."""
        curves = len(means.mean)
        one = np.ones(means.mean.shape)
        loose = [*more, *_groups(means)]
        own = [(np.arange(curves) == curve).reshape(-1, *[1] * place.ndim) for curve in range(curves)]
        held = own if curves > 1 else []
        columns = [one * column for column in (1.0, place - place.mean(), *loose, *held)]
        ridge = np.array([0.0, SLOPE_RIDGE, *[LOOSE_RIDGE] * len(loose), *[CURVE_RIDGE] * len(held)])
        prior = np.where(np.arange(len(ridge)) == 1, SLOPE, 0.0)
        return cls(np.stack([column.ravel() for column in columns], axis=1), ridge, prior, means.freedom.ravel())

    def moderate(self, variances: Floats) -> Moderated:
        """``variances [B, P]`` of means, each study on its own."""
        known = self.freedom > 0
        scale = np.where(known, variances, 0.0).sum(axis=1, keepdims=True) / max(known.sum(), 1)
        scale = np.where(scale > 0, scale, 1.0)
        relative = np.where(known, variances, 1.0) / scale
        relative = np.where(known, relative, 1.0)
        fit = self.fit(relative)
        alike = self._posterior(relative / fit)
        trust = alike @ (ALIKE[:, None] / (ALIKE[:, None] + self.freedom))
        mixed = trust * fit + (1 - trust) * np.where(known, relative, fit)
        exact = ~np.any(np.where(known, variances, 0.0) > 0, axis=1, keepdims=True)
        return Moderated(np.where(exact, 0.0, mixed * scale), np.where(exact, 0.0, fit * scale), alike)

    def fit(self, relative: Floats) -> Floats:
        """Gamma regression with a logarithmic link by Fisher scoring, whose information is the same in every round."""
        information = (self.features.T * (self.freedom / 2)) @ self.features
        inverse = np.linalg.inv(information + np.diag(self.ridge) + 1e-9 * np.eye(len(self.ridge)))
        effects = np.tile(self.prior, (len(relative), 1))
        fit = self._fitted(effects)
        for _ in range(ROUNDS):
            score = ((relative / fit - 1) * (self.freedom / 2)) @ self.features
            score -= self.ridge * (effects - self.prior)
            effects = effects + np.clip(score @ inverse, -LARGEST_STEP, LARGEST_STEP)
            fit = self._fitted(effects)
        return fit

    def _fitted(self, effects: Floats) -> Floats:
        found: Floats = np.exp(np.clip(effects @ self.features.T, -50, 50))
        return found

    def _posterior(self, ratio: Floats) -> Floats:
        """Of ``ALIKE``, all equally likely before, given ratios of variances to their fit, ``[B, P]``: an F density."""
        known = self.freedom > 0
        own, logs = self.freedom[known], np.log(np.maximum(ratio[:, known], LEAST_RATIO))
        found = np.empty((len(ratio), len(ALIKE)))
        for place, alike in enumerate(ALIKE):
            constant = gammaln((own + alike) / 2) - gammaln(alike / 2) + own / 2 * np.log(own / alike)
            density = constant + own / 2 * logs - (own + alike) / 2 * np.log1p(own / alike * np.exp(logs))
            found[:, place] = density.sum(axis=1)
        weights = np.exp(found - found.max(axis=1, keepdims=True))
        shares: Floats = weights / weights.sum(axis=1, keepdims=True)
        return shares


def _groups(means: UnitMeans) -> list[Floats]:
    """A column for each number of units that curves have, but the smallest."""
    units = (means.shares > 0).any(axis=tuple(range(1, means.shares.ndim - 1))).sum(axis=-1)
    shape = (-1, *[1] * (means.mean.ndim - 1))
    return [(units == number).astype(np.float64).reshape(shape) for number in np.unique(units)[1:]]
