"""What is known of a task before it is asked: its target, what it is judged by, and what it needs of a study."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from headstart.data.transforms.config import AugmentConfig

__all__ = ["TaskTraits"]


class TaskTraits:
    """The part of a task that a study file is checked against, without torch.

    Class attributes: ``name``; ``target``, its name among an image set's targets; ``primary_metric`` and
    ``higher_is_better``; ``per_location``, whether the answer is a map, from heads that read the dense features, and
    not one per image; ``unsuited``, the augmentations (fields of ``AugmentConfig``) that its target does not survive;
    ``constant_rule``, what its blind guess is made by, to be renamed whenever that changes, for it is part of keys;
    ``variety``, what to do where all targets are one (completes "there is nothing to learn: ..."); ``ideal_known``,
    whether it says what outputs should be, which least squares need.
    """

    name: ClassVar[str]
    target: ClassVar[str]
    primary_metric: ClassVar[str]
    higher_is_better: ClassVar[bool] = True
    per_location: ClassVar[bool] = False
    unsuited: ClassVar[frozenset[str]] = frozenset()
    constant_rule: ClassVar[str] = ""
    variety: ClassVar[str] = "choose another dataset"
    ideal_known: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        """How many outputs a head needs in a dataset of these class names."""

    @classmethod
    def fewest_labels(cls, classes: Sequence[str]) -> int:
        """The smallest budget that makes sense in a dataset of these class names."""
        del classes
        return 1

    @classmethod
    def augment(cls, base: AugmentConfig) -> AugmentConfig:
        """``base`` without what the target does not survive."""
        return base.model_copy(update=dict.fromkeys(cls.unsuited, False))

    @classmethod
    def has_ideal(cls) -> bool:
        """Whether the task says what outputs should be (``Task.ideal``); of what ships, as ``ideal_known`` has it."""
        return cls.ideal_known
