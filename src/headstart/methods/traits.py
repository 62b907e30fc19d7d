"""What is known of a pretext method before it is built: its options, and what it needs of a study."""

from typing import ClassVar, get_args

from headstart.data.transforms.config import AugmentConfig, ColorSpace
from headstart.schema import Schema

__all__ = ["MethodTraits"]


class MethodTraits:
    """The part of a method that a study file is checked against, without torch.

    Class attributes: ``name``; ``Config``; ``split_backbone``, whether it needs two half-width networks; ``views``, how
    many independently augmented views of an image a step takes; ``shared_flip``, whether the views of an image are all
    mirrored or none is; ``fewest_images``, how many a batch must hold, over all processes; ``colors``, the color
    spaces that the method works in, and ``why_colors``, what it lacks in the others (completes "because it needs ...");
    ``taught``, whether it learns from another network, the arm's ``teacher``, and is built with one; ``remembers``,
    whether it keeps something of every image and so needs a fixed set of them; ``unsuited``, the augmentations (fields
    of ``AugmentConfig``) that the study leaves off for this method, and ``added``, those that the method was published
    with and that are on for it alone.
    """

    name: ClassVar[str]
    Config: ClassVar[type[Schema]]
    split_backbone: ClassVar[bool] = False
    views: ClassVar[int] = 1
    shared_flip: ClassVar[bool] = False
    fewest_images: ClassVar[int] = 1
    taught: ClassVar[bool] = False
    remembers: ClassVar[bool] = False
    unsuited: ClassVar[frozenset[str]] = frozenset()
    added: ClassVar[frozenset[str]] = frozenset()
    colors: ClassVar[frozenset[str]] = frozenset(get_args(ColorSpace))
    why_colors: ClassVar[str] = ""

    @classmethod
    def augment(cls, base: AugmentConfig) -> AugmentConfig:
        """``base`` without what the study leaves off for this method, and with what the method brings."""
        return base.model_copy(update=dict.fromkeys(cls.unsuited, False) | dict.fromkeys(cls.added, True))
