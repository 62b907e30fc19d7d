"""What every pretext method is: a backbone, whatever else its objective needs, and a step that yields a loss."""

from abc import abstractmethod

import torch

from headstart.backbones.base import Backbone
from headstart.data.batches.loader import Batch
from headstart.errors import ConfigError
from headstart.methods.traits import MethodTraits
from headstart.objective import Objective
from headstart.schema import Schema

__all__ = ["Method"]


class Method(MethodTraits, Objective):
    """A pretext objective over ``backbone``, which is all that survives pretraining.

    Its class attributes are ``MethodTraits``.
    """

    @abstractmethod
    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        """images: how many the method will see, numbered from 0 (``Batch.index``). generator: starting weights."""
        super().__init__()
        self.backbone = backbone

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
