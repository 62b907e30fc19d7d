"""How annotations move with an image that is augmented, by the name of the target."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from headstart.data.transforms.augment import Draw, move_maps

__all__ = ["MOVES", "fit_maps", "move_targets"]

Move = Callable[[Tensor, Draw], Tensor]

MIRRORED_POSES = (0, 3, 2, 1, 4)
"""What an object that leans left or right (1, 3) shows in a mirror; see ``headstart.scenes.pose``."""
WORLD_MIRROR, OBJECT_MIRROR = (1.0, -1.0, 1.0), (-1.0, 1.0, 1.0)
"""A mirrored image shows the world with y reversed, and in it an object whose left and right are alike."""


def move_targets(targets: Mapping[str, Tensor], draw: Draw) -> dict[str, Tensor]:
    """Every target ``[B, ...]`` as it is after ``draw``; one that isn't in ``MOVES`` stays what it is."""
    return {name: MOVES[name](values, draw) if name in MOVES else values for name, values in targets.items()}


def fit_maps(targets: Mapping[str, Tensor], side: int) -> dict[str, Tensor]:
    """Targets ``[B, ...]``, maps among them brought to ``side`` pixels, by the nearest, as images were."""
    return {name: _fitted(values, side) if MOVES.get(name) is move_maps else values for name, values in targets.items()}


def _fitted(maps: Tensor, side: int) -> Tensor:
    if maps.shape[-1] == side:
        return maps
    nearest = ((torch.arange(side, device=maps.device) + 0.5) * (maps.shape[-1] / side)).long()
    return maps[:, nearest][:, :, nearest]


def _mirror_pose(poses: Tensor, draw: Draw) -> Tensor:
    if draw.flip is None:
        return poses
    return torch.where(draw.flip, torch.tensor(MIRRORED_POSES, device=poses.device)[poses], poses)


def _mirror_rotation(rotations: Tensor, draw: Draw) -> Tensor:
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
