"""Textures where the kernel finds them, each with its smaller levels, made when a scene first needs them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
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
TEXELS = sum(side * side for side in SIDES)
KEPT_TEXTURES = 2048
"""64 KiB each. More are only held when one batch shows more."""


class Atlas:
    """texels: uint8 RGB ``[slots, texels of all levels]`` on the device; side: of the largest level."""

    def __init__(self, textures: TextureLibrary, device: Any, kept: int = KEPT_TEXTURES) -> None:
        self.side = SIDE
        self._textures = textures
        self.texels = wp.zeros((min(kept, textures.count), TEXELS), dtype=wp.vec3ub, device=device)
        self._slots: OrderedDict[int, int] = OrderedDict()

    def hold(self, surfaces: Iterable[Surface]) -> Mapping[int, int]:
        """Make the textures of ``surfaces`` that are not here yet, in place of those used longest ago.

        Returns where each texture's texels are, by its number; good until the next call.
        """
        wanted = {surface.texture for surface in surfaces if surface.texture is not None}
        self._make_room(len(wanted))
        for number in wanted & self._slots.keys():
            self._slots.move_to_end(number)
        for number in sorted(wanted - self._slots.keys()):
            free = len(self._slots) < len(self.texels)
            slot = len(self._slots) if free else self._slots.popitem(last=False)[1]
            levels = wp.array(_pyramid(self._textures.texture(number)), dtype=wp.vec3ub, device=self.texels.device)
            wp.copy(self.texels, levels, dest_offset=slot * TEXELS)
            self._slots[number] = slot
        return self._slots

    def _make_room(self, count: int) -> None:
        if count > len(self.texels):
            self.texels = wp.zeros((count, TEXELS), dtype=wp.vec3ub, device=self.texels.device)
            self._slots.clear()


def _pyramid(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All levels of a texture, largest first, one after another: ``[texels, 3]``."""
    level = texture.astype(np.float32)
    levels = [texture.reshape(-1, 3)]
    for _ in SIDES[1:]:
        level = (level[::2, ::2] + level[::2, 1::2] + level[1::2, ::2] + level[1::2, 1::2]) * np.float32(0.25)
        levels.append((level + 0.5).astype(np.uint8).reshape(-1, 3))
    return np.concatenate(levels)
