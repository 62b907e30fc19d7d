"""What ships: the traits of each task, which a study file is checked against without torch.

The first line of each docstring is what ``headstart list tasks`` shows.
"""

from collections.abc import Sequence

from headstart.scenes.pose import POSES
from headstart.tasks.traits import TaskTraits

__all__ = ["ClassificationTraits", "DepthTraits", "PoseTraits", "SegmentationTraits"]


class _WithIdeal(TaskTraits):
    """Of a task that says what outputs should be."""

    @classmethod
    def has_ideal(cls) -> bool:
        return True


class ClassificationTraits(_WithIdeal):
    """Which class an image shows; accuracy."""

    name = "classification"
    target = "class"
    primary_metric = "accuracy"

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        return len(classes)

    @classmethod
    def fewest_labels(cls, classes: Sequence[str]) -> int:
        return cls.label_counts(classes)


class PoseTraits(ClassificationTraits):
    """Which of five ways the object leans; accuracy."""

    name = "pose"
    target = "pose"
    unsuited = frozenset({"rotate"})
    variety = "render with the viewpoint factor on (V in factors)"

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        del classes
        return len(POSES)


class SegmentationTraits(_WithIdeal):
    """Which class, or none, every pixel belongs to; mean IoU."""

    name = "segmentation"
    target = "semantic"
    primary_metric = "miou"
    per_location = True
    unsuited = frozenset({"cutout"})

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        return len(classes) + 1


class DepthTraits(_WithIdeal):
    """How far away every pixel is; RMSE."""

    name = "depth"
    target = "depth"
    primary_metric = "rmse"
    higher_is_better = False
    per_location = True
    unsuited = frozenset({"crop", "cutout", "zoom"})  # what is shown larger is not nearer

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        del classes
        return 1
