"""What to render: the keys of ``headstart render`` and of a ``synthetic`` source."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import Field, field_validator

from headstart.errors import ConfigError
from headstart.registry import lookup
from headstart.render import ENGINES
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.factors import Factors
from headstart.scenes.shapes import CATEGORIES
from headstart.schema import Schema

__all__ = ["RenderConfig"]


class RenderConfig(Schema):
    """What to render.

    factors: which of texture, colour, viewpoint and lighting vary, as in ``TC-L``. images: in all splits together,
    10 : 1 : 1. resolution: pixels per side. objects: per image. seed: of everything that is drawn at random.
    samples: rays per pixel. categories: by class number; by default all.
    shard_size: images per file.
    """

    factors: str = "TCVL"
    images: int = Field(ge=BUCKETS)
    resolution: int = Field(default=64, ge=8, le=2048)
    objects: int = 1
    seed: int = 0
    engine: str = "warp"
    samples: int = Field(default=4, ge=1, le=1024)
    categories: tuple[str, ...] | None = None
    shard_size: int = Field(default=500, ge=1)

    @field_validator("factors")
    @classmethod
    def _factors(cls, value: str) -> str:
        with _explained():
            return str(Factors.parse(value))

    @field_validator("engine")
    @classmethod
    def _engine(cls, value: str) -> str:
        with _explained():
            lookup(ENGINES, "engine", value)
        return value

    @field_validator("objects")
    @classmethod
    def _objects(cls, value: int) -> int:
        if value != 1:
            raise ValueError(f"{value} objects per image cannot be drawn yet: write 1")
        return value

    @field_validator("categories")
    @classmethod
    def _categories(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        with _explained():
            for name in value or ():
                lookup(CATEGORIES, "category", name)
        if value is not None and (len(value) < 2 or len(set(value)) < len(value)):
            raise ValueError(f"{list(value)} must name at least two categories, each once")
        return value

    @property
    def classes(self) -> tuple[str, ...]:
        """Categories by class number."""
        return self.categories or tuple(CATEGORIES)


@contextmanager
def _explained() -> Iterator[None]:
    """Hand our own refusals to pydantic, which adds the key."""
    try:
        yield
    except ConfigError as error:
        raise ValueError(str(error)) from None
