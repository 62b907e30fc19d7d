"""What each of several changes costs by itself, where they come together: least squares over pairs."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["shift_effects"]

Floats = NDArray[np.float64]


def shift_effects(shifts: NDArray[np.bool_], changes: Floats) -> Floats:
    """The effect of each of F shifts ``[F, ...]``, NaN of one that the pairs do not tell from others.

    shifts: ``[P, F]``, which of them each of P pairs went through. changes: of the score, ``[P, ...]``, against no
    shift at all, whose effect is 0 by definition, so that there is no intercept.

    >>> import numpy as np
    >>> shift_effects(np.array([[True, False], [False, True], [True, True]]), np.array([-1.0, -2.0, -3.0])).round(3)
    array([-1., -2.])
    """
    design = shifts.astype(np.float64)
    flat = changes.reshape(len(changes), -1)
    found: Floats = np.asarray(np.linalg.lstsq(design, flat, rcond=None)[0], dtype=np.float64)
    unknown = [_is_mixed(design, column) for column in range(design.shape[1])]
    found[unknown] = np.nan
    effects: Floats = found.reshape(-1, *changes.shape[1:])
    return effects


def _is_mixed(design: Floats, column: int) -> bool:
    """Whether a column is a combination of the others, or nothing."""
    others = np.delete(design, column, axis=1)
    return bool(np.linalg.matrix_rank(others) == np.linalg.matrix_rank(design))
