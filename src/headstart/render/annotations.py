"""Targets of rendered images, from the scenes and from what an engine saw per pixel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.render.engine import Frames
from headstart.scenes.pose import pose_class
from headstart.scenes.scene import Scene

__all__ = ["annotations"]


def annotations(scenes: Sequence[Scene], frames: Frames, classes: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Every target that can be known, by name; semantic: 0 for the background, else the class number plus 1.

    class, pose and rotation are those of the first object, and mean something where it is the only one.
    """
    rotations = np.stack([scene.objects[0].rotation for scene in scenes])
    labels = [[classes.index(thing.shape.category) for thing in scene.objects] for scene in scenes]
    targets = {
        "class": np.array([one[0] for one in labels]),
        "pose": pose_class(rotations),
        "rotation": rotations.astype(np.float32),
        **{name: values.cpu().numpy() for name, values in frames.targets.items()},
    }
    if "instance" in targets:
        targets["semantic"] = _semantic(targets["instance"], labels)
    return targets


def _semantic(instances: NDArray[np.uint8], labels: list[list[int]]) -> NDArray[np.uint8]:
    tables = (np.array([0, *(label + 1 for label in one)], dtype=np.uint8) for one in labels)
    return np.stack([table[instance] for table, instance in zip(tables, instances, strict=True)])
