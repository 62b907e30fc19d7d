"""Textures where the kernel finds them, each with its smaller levels, made when a scene first needs them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

from headstart.scenes.assets import TextureLibrary
from headstart.scenes.scene import Surface
from headstart.scenes.textures import SIDE

__all__ = ["Atlas"]

SIDES = tuple(SIDE >> level for level in range(SIDE.bit_length() - 2))
"""Texels per side of a texture's levels, each half as large, down to 4."""


class Atlas:
    """texels: uint8 RGB ``[textures, texels of all levels]`` on the device; side: of the largest level."""

    def __init__(self, textures: TextureLibrary, device: Any) -> None:
        self.side = SIDE
        self._textures = textures
        self.texels = wp.zeros((textures.count, sum(side * side for side in SIDES)), dtype=wp.vec3ub, device=device)
        self._made: set[int] = set()

    def hold(self, surfaces: Iterable[Surface]) -> None:
        """Make the textures of ``surfaces`` that are not here yet."""
        wanted = {surface.texture for surface in surfaces if surface.texture is not None}
        for number in sorted(wanted - self._made):
            levels = wp.array(_pyramid(self._textures.texture(number)), dtype=wp.vec3ub, device=self.texels.device)
            wp.copy(self.texels, levels, dest_offset=number * levels.size)
            self._made.add(number)


def _pyramid(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All levels of a texture, largest first, one after another: ``[texels, 3]``."""
    level = texture.astype(np.float32)
    levels = [texture.reshape(-1, 3)]
    for _ in SIDES[1:]:
        level = (level[::2, ::2] + level[::2, 1::2] + level[1::2, ::2] + level[1::2, 1::2]) * np.float32(0.25)
        levels.append((level + 0.5).astype(np.uint8).reshape(-1, 3))
    return np.concatenate(levels)
