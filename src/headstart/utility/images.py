"""The error that a mean has because it was measured on some test images and not on others."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["image_variance"]

Floats = NDArray[np.float64]


def image_variance(baseline: NDArray[np.generic], compared: NDArray[np.generic]) -> Floats:
    """Of the mean difference ``[..., ]`` of scores per image ``[..., R, N]``, what sampling N test images alone adds.

    Images and trials are crossed: the spread of images' means over trials also holds what the trials disagree on, which
    the variance over trials has already (Owen, "The pigeonhole bootstrap", 2007). That part is taken off; less than
    nothing is nothing. Trials with a missing score (NaN) in either are left out.

    >>> import numpy as np
    >>> float(image_variance(np.array([[0, 0, 1, 1]]), np.array([[1, 1, 1, 0]])).round(4))
    0.2292
    """
    difference = np.asarray(compared, dtype=np.float32) - np.asarray(baseline, dtype=np.float32)
    present = np.asarray(np.isfinite(difference).all(axis=-1))
    trials, images = present.sum(axis=-1).astype(np.float64), difference.shape[-1]
    difference = np.where(present[..., None], difference, 0.0)
    count = np.maximum(trials, 1.0)
    # A trial's own mean is its luck, the same on all images.
    centred = np.where(present[..., None], difference - difference.mean(axis=-1, keepdims=True), 0.0)
    over_trials = centred.sum(axis=-2) / count[..., None]
    between = (over_trials**2).sum(axis=-1) / max(images - 1, 1)
    squares = (centred**2).sum(axis=(-2, -1))
    within = squares - count * (over_trials**2).sum(axis=-1)
    disagreement = within / np.maximum((count - 1) * max(images - 1, 1), 1.0) / count
    found: Floats = np.maximum(between - np.where(count > 1, disagreement, 0.0), 0.0) / images
    return np.where(trials > 0, found, 0.0)
