"""How annotations move with an image that is augmented, by the name of the target."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from headstart.data.transforms.augment import Draw, move_maps

__all__ = ["MOVES", "move_targets"]

Move = Callable[[Tensor, Tensor, Draw], Tensor]

MIRRORED_POSES = (0, 3, 2, 1, 4)
"""What an object that leans left or right (1, 3) shows in a mirror; see ``headstart.scenes.pose``."""
WORLD_MIRROR, OBJECT_MIRROR = (1.0, -1.0, 1.0), (-1.0, 1.0, 1.0)
"""A mirrored image shows the world with y reversed, and in it an object whose left and right are alike."""


def move_targets(targets: Mapping[str, Tensor], index: Tensor, draw: Draw) -> dict[str, Tensor]:
    """Rows ``index`` of every target, as they are after ``draw``; a target that isn't in ``MOVES`` stays what it is."""
    return {name: MOVES.get(name, _stay)(values, index, draw) for name, values in targets.items()}


def _stay(values: Tensor, index: Tensor, draw: Draw) -> Tensor:
    del draw
    return values[index]


def _mirror_pose(values: Tensor, index: Tensor, draw: Draw) -> Tensor:
    poses = values[index]
    if draw.flip is None:
        return poses
    return torch.where(draw.flip, torch.tensor(MIRRORED_POSES, device=poses.device)[poses], poses)


def _mirror_rotation(values: Tensor, index: Tensor, draw: Draw) -> Tensor:
    rotations = values[index]
    if draw.flip is None:
        return rotations
    world, thing = (torch.tensor(signs, device=rotations.device) for signs in (WORLD_MIRROR, OBJECT_MIRROR))
    return torch.where(draw.flip[:, None, None], world[:, None] * rotations * thing, rotations)


MOVES: dict[str, Move] = {
    "pose": _mirror_pose,
    "rotation": _mirror_rotation,
    "semantic": move_maps,
    "instance": move_maps,
    "depth": move_maps,
}
