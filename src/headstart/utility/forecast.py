"""Learning curves beyond the budgets that were measured: power laws, with intervals, or a reason to say nothing.

**Two families.** A power law above a floor, ``error(n) = c + a n^-b`` with a, c ≥ 0 (Mahmood et al., "How much more
data do I need?", CVPR 2022), and a piecewise power law, ``log error`` quadratic in ``log n`` up to a break and its
tangent beyond it (Jain et al., "A meta-learning approach to predicting performance and data requirements", CVPR 2023).
Which of them is right is not known from a handful of budgets, so half of the draws are of each, and an interval has to
hold both.

**Draws.** Mean errors of all budgets are fitted together. A draw moves each mean by Student's t of its trials, whose
variance is moderated over budgets (``variance``), and by as much more as the fit misses the means by.

**When nothing is said.** About 15 % of learning curves misbehave (Mohr et al., "LCDB 1.0", 2022; Loog & Viering, 2022):
with fewer than four budgets, with one trial of each, which tells nothing of noise, with fewer than three budgets clear
of the blind guess, or with a curve that falls beyond its noise, ``distrust`` gives the reason in place of numbers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.utility.units import curve_means
from headstart.utility.variance import VarianceModel

__all__ = ["FARTHEST", "Forecast", "Reach", "distrust", "fit_curve"]

Floats = NDArray[np.float64]
FEWEST_BUDGETS, FEWEST_TRIALS, FEWEST_CLEAR = 4, 2, 3
CLEAR = 2.0
"""Standard errors that two means must differ by."""
FARTHEST = 10.0
"""Times the largest budget: beyond it no number of labels is told."""
POWERS = np.geomspace(0.02, 3.0, 80)
BREAKS = 7
LEAST_ERROR = 1e-4
GRID = 400


class Means(NamedTuple):
    """Of errors at each budget ``[K]``: mean, standard error, degrees of freedom."""

    mean: Floats
    error: Floats
    freedom: Floats


class Reach(NamedTuple):
    """Labels for a target: the middle of what is likely, and its ends; infinite beyond ``FARTHEST``."""

    labels: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """A fitted curve. labels: budgets ``[K]``. grid: labels ``[G]`` from the smallest to ``FARTHEST`` times the largest
    of them. draws: errors there ``[B, G]``. confidence: of intervals."""

    labels: Floats
    grid: Floats
    draws: Floats
    confidence: float

    def errors(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Middle, low and high of the mean error with ``at [M]`` labels, which lie on the grid's range."""
        places = np.log(self.grid)
        drawn = np.stack([np.interp(np.log(at), places, row) for row in self.draws])
        middle, low, high = np.quantile(drawn, self._levels, axis=0)
        return middle, low, high

    def reach(self, error: float) -> Reach:
        """Labels with which the mean error falls to ``error``."""
        return self._reach(np.full(len(self.draws), error))

    def beyond(self, other: "Forecast", labels: float) -> Reach:
        """Labels besides ``labels`` with which this curve falls to where ``other`` is with those, draw by draw."""
        places = np.log(other.grid)
        found = self._reach(np.array([np.interp(np.log(labels), places, row) for row in other.draws]))
        return Reach(*(value - labels for value in found))

    def _reach(self, errors: Floats) -> Reach:
        """Of an error per draw ``[B]``."""
        met = self.draws <= errors[:, None]
        first = np.where(met.any(axis=1), self.grid[met.argmax(axis=1)], np.inf)
        middle, low, high = np.quantile(first, self._levels, method="inverted_cdf")
        return Reach(float(middle), float(low), float(high))

    @property
    def _levels(self) -> tuple[float, float, float]:
        return 0.5, (1 - self.confidence) / 2, (1 + self.confidence) / 2


def distrust(labels: Floats, errors: Floats, blind: float | None = None) -> str:
    """Why no curve through ``errors [K, R]`` at ``labels [K]`` is to be trusted, or nothing if it may be.

    blind: the error of the best constant guess, if it is known.
    """
    runs = np.isfinite(errors).sum(axis=1)
    known = runs > 0
    if known.sum() < FEWEST_BUDGETS:
        return f"it takes {FEWEST_BUDGETS} budgets to see a curve, and {known.sum()} were measured"
    if runs.max() < FEWEST_TRIALS:
        return f"it takes {FEWEST_TRIALS} trials to see noise, and no budget has more than one"
    means = _means(labels[known], errors[known])
    if blind is not None:
        clear = int((means.mean + CLEAR * means.error < blind).sum())
        if clear < FEWEST_CLEAR:
            return f"{clear} of its budgets are clear of the blind guess, and it takes {FEWEST_CLEAR}"
    rise = np.diff(means.mean)
    if (rise > CLEAR * np.hypot(means.error[1:], means.error[:-1])).any():
        return "it gets worse with more labels somewhere, beyond its noise"
    return ""


def fit_curve(
    labels: Floats, errors: Floats, rng: np.random.Generator, *, draws: int = 400, confidence: float = 0.95
) -> Forecast:
    """The learning curve of ``errors [K, R]``, less being better, with ``labels [K]``, ascending; NaN: it is missing.

    >>> import numpy as np
    >>> labels = np.array([10.0, 20.0, 40.0, 80.0, 160.0])
    >>> errors = labels[:, None] ** -0.5 + np.array([0.001, -0.001])
    >>> found = fit_curve(labels, errors, np.random.default_rng(1))
    >>> bool(abs(found.errors(np.array([640.0]))[0][0] - 640**-0.5) < 0.005)
    True
    """
    known = np.isfinite(errors).sum(axis=1) > 0
    budgets, means = labels[known], _means(labels[known], errors[known])
    grid = np.geomspace(budgets[0], FARTHEST * budgets[-1], GRID)
    half = draws // 2
    fits = []
    for family in (_power_law, _piecewise):
        fitted = family(budgets, means.mean[None], means.error, budgets)
        missed = np.sqrt(np.mean((fitted[0] - means.mean) ** 2 / means.error**2))
        noise = means.error * max(1.0, missed) * rng.standard_t(np.maximum(means.freedom, 2), (half, len(budgets)))
        moved = np.maximum(means.mean + noise, LEAST_ERROR)
        fits.append(family(budgets, moved, means.error, grid))
    return Forecast(budgets, grid, np.concatenate(fits), confidence)


def _means(labels: Floats, errors: Floats) -> Means:
    """Means over trials, their variances moderated over budgets."""
    means = curve_means(errors[None], np.full((1, errors.shape[1]), -1))
    moderated = VarianceModel.of_curves(np.log(labels), means).moderate(means.variance.reshape(1, -1)).variance[0]
    spread = np.sqrt(moderated)
    floor = 1e-3 * float(np.abs(means.mean[0]).max())
    return Means(means.mean[0], np.maximum(spread, floor), means.freedom[0] + len(labels))


def _power_law(labels: Floats, errors: Floats, spread: Floats, at: Floats) -> Floats:
    """``c + a n^-b`` at ``at [G]`` by weighted least squares of ``errors [B, K]``: for each power b of a grid c and a
    are linear, and the best b is taken."""
    weights = 1 / spread**2
    unit = labels[0]
    best = np.full(len(errors), np.inf)
    floors, scales, powers = np.zeros((3, len(errors)))
    for power in POWERS:
        falling = (labels / unit) ** -power
        floor, scale = _line(falling, errors, weights)
        squares = (((floor[:, None] + scale[:, None] * falling) - errors) ** 2 * weights).sum(axis=1)
        better = squares < best
        best = np.where(better, squares, best)
        floors, scales = np.where(better, floor, floors), np.where(better, scale, scales)
        powers = np.where(better, power, powers)
    curves: Floats = floors[:, None] + scales[:, None] * (at / unit) ** -powers[:, None]
    return curves


def _line(x: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Intercept and slope ``[B]`` of ``y [B, K]`` on ``x [K]``, neither below 0."""
    total = weights.sum()
    mean_x, mean_y = (weights * x).sum() / total, (weights * y).sum(axis=1) / total
    centred = x - mean_x
    slope = (weights * centred * y).sum(axis=1) / max((weights * centred**2).sum(), 1e-300)
    intercept = mean_y - slope * mean_x
    through = (weights * x * y).sum(axis=1) / (weights * x**2).sum()
    slope = np.where(intercept < 0, through, slope)
    flat = slope < 0
    return np.where(flat, mean_y, np.maximum(intercept, 0.0)), np.where(flat, 0.0, slope)


def _piecewise(labels: Floats, errors: Floats, spread: Floats, at: Floats) -> Floats:
    """``log error`` quadratic in ``log n`` up to a break and straight from there, never rising there; at ``at [G]``."""
    places, wanted = np.log(labels / labels[0]), np.log(at / labels[0])
    logs = np.log(np.maximum(errors, LEAST_ERROR))
    weights = (errors.mean(axis=0) / spread) ** 2
    best = np.full(len(errors), np.inf)
    found: Floats = np.zeros((len(errors), len(at)))
    for end in np.linspace(places[1], places[-1], BREAKS):
        coefficients = _least_squares(_bent(places, end), logs, weights)
        rising = coefficients[:, 1] + 2 * end * coefficients[:, 2] > 0
        straight = _least_squares(np.stack([np.ones_like(places), places], axis=1), logs, weights)
        straight[:, 1] = np.minimum(straight[:, 1], 0.0)
        coefficients = np.where(rising[:, None], np.pad(straight, ((0, 0), (0, 1))), coefficients)
        squares = ((coefficients @ _bent(places, end).T - logs) ** 2 * weights).sum(axis=1)
        better = squares < best
        best = np.where(better, squares, best)
        curve: Floats = np.exp(coefficients @ _bent(wanted, end).T)
        found = np.where(better[:, None], curve, found)
    return found


def _bent(places: Floats, end: float) -> Floats:
    """Columns 1, x and x², the last continued from ``end`` by its tangent ``[N, 3]``."""
    square = np.where(places < end, places**2, 2 * end * places - end**2)
    return np.stack([np.ones_like(places), places, square], axis=1)


def _least_squares(columns: Floats, values: Floats, weights: Floats) -> Floats:
    """Coefficients ``[B, F]`` of ``values [B, K]`` on ``columns [K, F]``."""
    root = np.sqrt(weights)
    solved = np.linalg.lstsq(columns * root[:, None], (values * root).T, rcond=None)[0]
    return np.asarray(solved.T, dtype=np.float64)
