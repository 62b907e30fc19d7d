"""What every pretext method is: a backbone, whatever else its objective needs, and a step that yields a loss."""

from abc import abstractmethod
from typing import ClassVar, get_args

import torch

from headstart.backbones.base import Backbone
from headstart.data.batches.loader import Batch
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.color import ColorSpace
from headstart.errors import ConfigError
from headstart.objective import Objective
from headstart.schema import Schema

__all__ = ["Method"]


class Method(Objective):
    """A pretext objective over ``backbone``, which is all that survives pretraining.

    Class attributes: ``name``; ``Config``; ``split_backbone``, whether it needs two half-width networks; ``views``, how
    many independently augmented views of an image a step takes; ``shared_flip``, whether the views of an image are all
    mirrored or none is; ``fewest_images``, how many a batch must hold, over all processes; ``colors``, the color
    spaces that the method works in, and ``why_colors``, what it lacks in the others (completes "because it needs ...");
    ``remembers``, whether it keeps something of every image and so needs a fixed set of them; ``unsuited``, the
    augmentations (fields of ``AugmentConfig``) that the study leaves off for this method, and ``added``, those that the
    method was published with and that are on for it alone.
    """

    name: ClassVar[str]
    Config: ClassVar[type[Schema]]
    split_backbone: ClassVar[bool] = False
    views: ClassVar[int] = 1
    shared_flip: ClassVar[bool] = False
    fewest_images: ClassVar[int] = 1
    remembers: ClassVar[bool] = False
    unsuited: ClassVar[frozenset[str]] = frozenset()
    added: ClassVar[frozenset[str]] = frozenset()
    colors: ClassVar[frozenset[str]] = frozenset(get_args(ColorSpace))
    why_colors: ClassVar[str] = ""

    @abstractmethod
    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        """images: how many the method will see, numbered from 0 (``Batch.index``). generator: starting weights."""
        super().__init__()
        self.backbone = backbone

    @classmethod
    def augment(cls, base: AugmentConfig) -> AugmentConfig:
        """``base`` without what the study leaves off for this method, and with what the method brings."""
        return base.model_copy(update=dict.fromkeys(cls.unsuited, False) | dict.fromkeys(cls.added, True))

    def check_resolution(self, resolution: int) -> None:
        """Raise ``ConfigError`` for images of a ``resolution`` that the objective, not its backbone, cannot work on."""
        del resolution

    def check_batch(self, batch: Batch) -> None:
        """Raise ``ConfigError`` for a batch of fewer images than ``fewest_images``."""
        if len(batch.index) < self.fewest_images:
            raise ConfigError(
                f"method '{self.name}' needs at least {self.fewest_images} images a batch, and got {len(batch.index)}: "
                f"set pretrain.batch_size to {self.fewest_images} or more"
            )
