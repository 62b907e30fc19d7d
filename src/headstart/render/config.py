"""What to render: the keys of ``headstart render`` and of a ``synthetic`` source."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from headstart.errors import ConfigError, HeadstartError
from headstart.folder import PIXEL_TARGETS
from headstart.registry import lookup, lookup_traits
from headstart.render import ENGINES
from headstart.render.engine import Engine
from headstart.scenes.assets import Assets, load_assets
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.disk.reading import Up
from headstart.scenes.factors import Factors
from headstart.scenes.sampler import SCENES_VERSION, SceneSampler
from headstart.schema import Schema, validate

__all__ = ["DialSettings", "RenderConfig"]

Spread = Annotated[float, Field(ge=0, le=10)]
IMAGE_TARGETS = ("class", "pose", "rotation")
"""Of one object; without meaning where there are several."""


class DialSettings(Schema):
    """Difficulty in degrees; what is not set follows from the factors.

    viewpoint: standard deviation of each Euler angle of an object, radians. lighting: of the light's angle, radians.
    class_color: how much of an object's color tells its class. scale: of the logarithm of an object's size. warp: of
    the relative change of each of its axes.
    """

    viewpoint: Spread | None = None
    lighting: Spread | None = None
    class_color: Annotated[float, Field(ge=0, le=1)] | None = None
    scale: Annotated[float, Field(ge=0, le=1)] | None = None
    warp: Annotated[float, Field(ge=0, le=1)] | None = None


class RenderConfig(Schema):
    """What to render.

    factors: which of texture, color, viewpoint and lighting vary, as in ``TC-L``. images: in all splits together,
    10 : 1 : 1. resolution: pixels per side. objects: per image. seed: of everything that is drawn at random.
    dials: numbers in place of what the factors' switches set. samples: rays per pixel; default: the engine's own.
    categories: by class number; by default all.
    targets: which annotations to keep, or ``all``; default: class, pose and rotation of one object, semantic, instance
    and depth of several. shapes: a folder of models in place of the procedural ones. textures: a folder of pictures.
    keep_materials: show models in their own colors. face_limit: models with more triangles are simplified. up_axis: of
    models whose format doesn't tell.
    shard_size: images per file.
    """

    factors: str = "TCVL"
    images: int = Field(ge=BUCKETS)
    resolution: int = Field(default=64, ge=8, le=2048)
    objects: int = Field(default=1, ge=1, le=64)
    dials: DialSettings = DialSettings()
    seed: int = 0
    engine: str = "warp"
    engine_options: dict[str, Any] = {}
    samples: int | None = Field(default=None, ge=1, le=1024)
    targets: tuple[str, ...] | Literal["all"] | None = None
    categories: tuple[str, ...] | None = None
    shapes: Path | None = None
    textures: Path | None = None
    keep_materials: bool = False
    face_limit: int = Field(default=20_000, ge=100)
    up_axis: Up = "y"
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
            lookup_traits(ENGINES, "engine", value)
        return value

    @model_validator(mode="after")
    def _check(self) -> "RenderConfig":
        with _explained():
            validate(ENGINES.traits(self.engine).Config, self.engine_options, f"engine_options ({self.engine})")
            for name in self.kept_targets:
                lookup(dict.fromkeys(self.possible_targets), "target", name)
            self._check_categories()
        return self

    def _check_categories(self) -> None:
        known = self.assets().shapes.categories
        for name in self.categories or ():
            lookup(dict.fromkeys(known), "category", name)
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"{list(self.classes)} must name at least two categories, each once")
        for name in self.classes:
            self._check_instances(name)

    def _check_instances(self, category: str) -> None:
        counts = [len(self.assets().shapes.instances(category, bucket)) for bucket in range(BUCKETS)]
        if not min(counts):
            raise ConfigError(
                f"category '{category}' has {sum(counts)} models, and {BUCKETS} are the fewest, so that training, "
                "validation and test share none: add some, or leave it out by naming the others as categories"
            )

    @property
    def possible_targets(self) -> tuple[str, ...]:
        """Annotations that such images can have."""
        return PIXEL_TARGETS if self.objects > 1 else IMAGE_TARGETS + PIXEL_TARGETS

    @property
    def kept_targets(self) -> tuple[str, ...]:
        """Annotations that are written."""
        if self.targets == "all":
            return self.possible_targets
        return self.targets or (PIXEL_TARGETS if self.objects > 1 else IMAGE_TARGETS)

    @property
    def title(self) -> str:
        """What tables and charts call the images."""
        return self.factors if self.objects == 1 else f"{self.factors} × {self.objects}"

    @property
    def classes(self) -> tuple[str, ...]:
        """Categories by class number."""
        return self.categories or self.assets().shapes.categories

    def resolved(self) -> dict[str, Any]:
        """The same configuration with defaults written out, as JSON values."""
        chosen = {"categories": list(self.classes), "targets": list(self.kept_targets)}
        return self.model_dump(mode="json") | chosen

    def ingredients(self) -> dict[str, Any]:
        """What besides the configuration can change a byte of the dataset: the content of folders, and the code."""
        assets = self.assets()
        return {
            "shapes": assets.shapes.fingerprint,
            "textures": assets.textures.fingerprint,
            "scenes": SCENES_VERSION,
            "engine": ENGINES.traits(self.engine).version,
            **({"class_color": "mixed"} if self._mixes_colors() else {}),  # once it was all of the class's
        }

    def _mixes_colors(self) -> bool:
        dials = self.sampler().dials
        return not dials.textured and 0 < dials.class_color < 1

    def identity(self) -> dict[str, Any]:
        """Everything that can change a byte of the dataset; folders count by what they hold, not by where they are."""
        paths = ("shapes", "textures")
        settings = {key: value for key, value in self.resolved().items() if key not in paths}
        return settings | {"ingredients": self.ingredients()}

    def assets(self) -> Assets:
        """Where shapes and textures come from."""
        return load_assets(self.shapes, self.textures, self.keep_materials, self.face_limit, self.up_axis)

    def sampler(self) -> SceneSampler:
        """Draws the scenes."""
        dials = replace(Factors.parse(self.factors).dials(), **self.dials.model_dump(exclude_none=True))
        return SceneSampler(self.seed, dials, self.classes, self.assets(), self.objects)

    def build_engine(self) -> Engine:
        """A new engine."""
        kind = ENGINES[self.engine]
        return kind(self.assets(), validate(kind.Config, self.engine_options, f"engine_options ({self.engine})"))


@contextmanager
def _explained() -> Iterator[None]:
    """Hand our own refusals to pydantic, which adds the key."""
    try:
        yield
    except HeadstartError as error:
        raise ValueError(str(error)) from None
