"""sRGB and CIE Lab under D65: L 0 to 100, a and b about ±100.

Constants are those of the original study's library (scikit-image: observer 2°, white (0.95047, 1, 1.08883)).
"""

from functools import lru_cache

import torch
from torch import Tensor

from headstart.data.transforms.mixing import mix

__all__ = ["LAB_MATRIX", "LAB_OFFSET", "lab_roots", "lab_to_rgb", "unit"]

WHITE = torch.tensor([0.95047, 1.0, 1.08883], dtype=torch.float64)
TO_XYZ = torch.tensor(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]],
    dtype=torch.float64,
)
LAB_MATRIX = torch.tensor([[0.0, 500.0, 0.0], [116.0, -500.0, 200.0], [0.0, 0.0, -200.0]], dtype=torch.float64)
LAB_OFFSET = torch.tensor([-16.0, 0.0, 0.0], dtype=torch.float64)
"""Lab is ``roots @ LAB_MATRIX + LAB_OFFSET``; whoever normalises it multiplies once for both."""
DARK, SLOPE, START = 0.008856, 7.787, 16 / 116
"""Below ``DARK`` of the white, CIE's root is a line."""
FULL = {torch.uint8: 255.0, torch.uint16: 65535.0, torch.float32: 1.0}
"""What counts as all there is of a color, by type."""


def unit(pixels: Tensor) -> Tensor:
    """float32 in 0 to 1 of uint8, uint16, or float32 (which is in 0 to 1 already)."""
    return pixels.to(torch.float32) / FULL[pixels.dtype]


def lab_roots(pixels: Tensor) -> Tensor:
    """CIE's roots of X, Y and Z over the white's, float32 ``[P, 3]``, of sRGB ``[P, 3]`` in uint8, uint16 or float32.

    8 bits are looked up in a table, which is a third of the work of powers. Light below 0 counts as none.
    """
    if pixels.dtype == torch.uint8:
        light = _table(pixels.device).index_select(0, pixels.reshape(-1).int()).view(-1, 3)
    else:
        light = _linear(unit(pixels).clamp_min(0))
    relative = mix(light, (TO_XYZ / WHITE[:, None]).T.to(light), light.new_zeros(3))
    # Root and line meet at DARK, so their sum, each held there beyond it, is either: half the work of choosing.
    return (
        relative.clamp_min(DARK).pow_(1 / 3).add_(relative.clamp_max(DARK), alpha=SLOPE).add_(START - DARK ** (1 / 3))
    )


def lab_to_rgb(lab: Tensor) -> Tensor:
    """sRGB ``[N, 3, H, W]``, 0 to 1 (beyond, where a color is none of sRGB's), of Lab ``[N, 3, H, W]``."""
    exact = lab.double().movedim(1, -1)
    roots = (exact - LAB_OFFSET.to(exact)) @ torch.linalg.inv(LAB_MATRIX).to(exact)
    relative = torch.where(roots**3 > DARK, roots**3, (roots - START) / SLOPE)
    light = (relative * WHITE.to(exact)) @ torch.linalg.inv(TO_XYZ).T.to(exact)
    shown = torch.where(light > 0.0031308, 1.055 * light.clamp_min(0.0031308) ** (1 / 2.4) - 0.055, 12.92 * light)
    return shown.movedim(-1, 1).to(lab.dtype)


@lru_cache
def _table(device: torch.device) -> Tensor:
    """Light of each value of 8 bits, float32 ``[256]``."""
    return _linear(torch.arange(256, dtype=torch.float64) / 255).to(device, torch.float32)


def _linear(values: Tensor) -> Tensor:
    """Light of sRGB values in 0 to 1."""
    return torch.where(values > 0.04045, ((values + 0.055) / 1.055) ** 2.4, values / 12.92)
