"""Rotations of objects, and the pose class read from them."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["POSES", "euler_matrix", "pose_class"]

POSES = ("upright", "leans left", "leans away", "leans right", "leans forward")
"""Names by pose class, as the fixed camera sees them."""


def euler_matrix(angles: NDArray[np.floating]) -> NDArray[np.float64]:
    """``Rz Ry Rx`` for angles ``[..., 3]`` in radians about fixed axes (Blender's XYZ order): ``[..., 3, 3]``."""
    (sx, sy, sz), (cx, cy, cz) = np.moveaxis(np.sin(angles), -1, 0), np.moveaxis(np.cos(angles), -1, 0)
    rows = (
        (cy * cz, sx * sy * cz - cx * sz, cx * sy * cz + sx * sz),
        (cy * sz, sx * sy * sz + cx * cz, cx * sy * sz - sx * cz),
        (-sy, sx * cy, cx * cy),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def pose_class(rotation: NDArray[np.floating]) -> NDArray[np.int64]:
    """Where the object's up axis (second column of ``[..., 3, 3]``) points: 0–4, see ``POSES``.

    Upright within π/8 of the z axis, else by quarters of the horizon (Newell & Deng 2020, reference code).
    """
    up = rotation[..., :, 1]
    tilt = np.arctan2(np.hypot(up[..., 0], up[..., 1]), up[..., 2])
    heading = np.arctan2(up[..., 0], up[..., 1])
    quarter = np.floor((heading + 3 * np.pi / 4) / (np.pi / 2)).astype(np.int64)
    leaning = np.where((quarter < 0) | (quarter > 2), 1, quarter + 2)
    return np.where(tilt < np.pi / 8, 0, leaning)
