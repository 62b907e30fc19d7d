"""What ships: the traits of each task, which a study file is checked against without torch.

The first line of each docstring is what ``headstart list tasks`` shows.
"""

from collections.abc import Sequence

from headstart.scenes.pose import POSES
from headstart.tasks.traits import TaskTraits

__all__ = ["ClassificationTraits", "DepthTraits", "PoseTraits", "SegmentationTraits"]


class ClassificationTraits(TaskTraits):
    """Which class an image shows; accuracy."""

    name = "classification"
    target = "class"
    primary_metric = "accuracy"
    ideal_known = True

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


class SegmentationTraits(TaskTraits):
    """Which class, or none, every pixel belongs to; mean IoU."""

    name = "segmentation"
    target = "semantic"
    primary_metric = "miou"
    ideal_known = True
    per_location = True
    unsuited = frozenset({"cutout"})

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        return len(classes) + 1


class DepthTraits(TaskTraits):
    """How far away every pixel is; RMSE."""

    name = "depth"
    target = "depth"
    primary_metric = "rmse"
    ideal_known = True
    higher_is_better = False
    constant_rule = "mean"
    per_location = True
    unsuited = frozenset({"crop", "cutout", "zoom"})  # what is shown larger is not nearer

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        del classes
        return 1
