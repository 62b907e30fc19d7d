"""How far two engines agree on the same scenes: masks, classes, depth and pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.render.annotations import annotations
from headstart.render.engine import Frames
from headstart.scenes.scene import Scene

__all__ = ["compare_objects", "compare_scenes"]


def compare_objects(one: Frames, other: Frames) -> pd.DataFrame:
    """One row for every object that either engine shows: scene, number, pixels (the more of the two), iou of masks."""
    rows = []
    for scene, (first, second) in enumerate(zip(_instances(one), _instances(other), strict=True)):
        for number in sorted({*np.unique(first), *np.unique(second)} - {0}):
            here, there = first == number, second == number
            pixels = max(here.sum(), there.sum())
            rows.append((scene, int(number), int(pixels), (here & there).sum() / (here | there).sum()))
    return pd.DataFrame(rows, columns=["scene", "number", "pixels", "iou"])


def compare_scenes(scenes: Sequence[Scene], one: Frames, other: Frames, classes: Sequence[str]) -> pd.DataFrame:
    """One row a scene.

    correlation: of the sRGB values. difference: their mean absolute one, in bytes. depth_error: median of the relative
    one where the masks agree. wrong_classes: pixels where the masks agree and the classes do not. same_objects: whether
    both show the same ones.
    """
    targets = [annotations(scenes, frames, classes) for frames in (one, other)]
    rows = []
    for index in range(len(scenes)):
        images = [frames.images[index].cpu().numpy().astype(np.float64) for frames in (one, other)]
        first, second = ({key: target[key][index] for key in ("instance", "semantic", "depth")} for target in targets)
        agree = first["instance"] == second["instance"]
        rows.append(
            {
                "scene": index,
                "correlation": np.corrcoef(images[0].ravel(), images[1].ravel())[0, 1],
                "difference": np.abs(images[0] - images[1]).mean(),
                "depth_error": _depth_error(first["depth"][agree], second["depth"][agree]),
                "wrong_classes": int((first["semantic"] != second["semantic"])[agree].sum()),
                "same_objects": set(np.unique(first["instance"])) == set(np.unique(second["instance"])),
            }
        )
    return pd.DataFrame(rows)


def _instances(frames: Frames) -> NDArray[np.uint8]:
    instances: NDArray[np.uint8] = frames.targets["instance"].cpu().numpy()
    return instances


def _depth_error(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Infinite where only one of the two is."""
    first, second = (depth.astype(np.float64) for depth in (one, other))
    apart = np.zeros_like(first)
    np.subtract(first, second, out=apart, where=first != second)
    return float(np.median(np.abs(apart) / np.where(np.isinf(second), 1.0, second)))
