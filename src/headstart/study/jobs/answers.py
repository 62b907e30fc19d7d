"""What a network says about a few test images, kept beside its score so that people can look at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from safetensors import SafetensorError

from headstart.errors import StoreError
from headstart.files import write_atomic

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.data.dataset import ImageSet
    from headstart.training import Precision, Supervised

__all__ = ["ANSWERS", "SHOWN", "Answers", "keep_answers", "read_answers", "shown_rows"]

ANSWERS = "answers.safetensors"
SHOWN = 4
"""Test images whose answers are kept."""


class Answers(NamedTuple):
    """rows: int64 ``[n]``, which images of the test split. maps: ``[n, H, W]``, in the units and type of the target."""

    rows: Tensor
    maps: Tensor


def keep_answers(folder: Path, model: Supervised, test: ImageSet, precision: Precision) -> None:
    """Write ``answers.safetensors`` where ``model`` answers with maps; one answer per image is no picture.

    test: the test split, of which ``shown_rows`` are answered, the same for every arm.
    """
    from safetensors.torch import save

    from headstart.training import answers

    if not model.task.per_location:
        return
    rows = shown_rows(len(test))
    few = test.subset(rows)
    target = few.targets[model.task.target]
    (output,) = answers(model, few, precision=precision)
    maps = model.task.answer(output, (target.shape[-2], target.shape[-1])).to(target.dtype)
    write_atomic(folder / ANSWERS, save({"rows": rows, "maps": maps.cpu().contiguous()}), sync=False)


def shown_rows(images: int) -> Tensor:
    """Which ``SHOWN`` of a split's images are shown, int64: in equal distances, for a split may be sorted."""
    import torch

    count = min(SHOWN, images)
    return torch.arange(count) * images // count


def read_answers(path: Path) -> Answers:
    """What ``keep_answers`` wrote, from the file. Raises ``StoreError`` where it is damaged."""
    from safetensors.torch import load

    try:
        return Answers(**load(path.read_bytes()))
    except (OSError, SafetensorError, TypeError) as error:
        raise StoreError(f"{path} is damaged ({error}): delete it and run the study again") from error
