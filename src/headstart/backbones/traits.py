"""What is known of a backbone before it is built: its name and options."""

from typing import ClassVar, Self

from headstart.errors import ConfigError
from headstart.schema import Schema

__all__ = ["BackboneConfig", "BackboneTraits"]


class BackboneConfig(Schema):
    """Options of a backbone; each kind has its own child.

    size_option: the integer option that makes the network larger or smaller, for matching sizes. size_unit: what that
    option must be a multiple of.
    """

    size_option: ClassVar[str] = "width"

    @classmethod
    def complete(cls) -> bool:
        """Whether the defaults alone make a network."""
        return not any(field.is_required() for field in cls.model_fields.values())

    @property
    def size_unit(self) -> int:
        return 1

    def halved(self) -> Self:
        """The options of a network with half the features and about a quarter to half of the parameters."""
        raise ConfigError(f"{type(self).__name__} has no half-width form, so this backbone cannot be split")


class BackboneTraits:
    """The part of a backbone that a study file is checked against, without torch: ``name`` and ``Config``."""

    name: ClassVar[str]
    Config: ClassVar[type[BackboneConfig]]
