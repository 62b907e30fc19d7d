"""Files of weights that arms start from or learn from: what they are of, and what their networks expect of images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.data.transforms.input import ImageInput
from headstart.errors import CheckpointError
from headstart.schema import validate
from headstart.study.config.choices import BackboneChoice, InputConfig, WeightsConfig
from headstart.study.config.study import StudyConfig

if TYPE_CHECKING:
    from headstart.backbones import Backbone
    from headstart.backbones.foreign import Channels, Match, Matched
    from headstart.data.transforms.config import ColorSpace

__all__ = ["WeightsFile", "teacher_of", "weights_of"]


@dataclass(frozen=True)
class WeightsFile:
    """The file at ``path`` as weights of ``backbone`` for images of ``channels``.

    digest: SHA-256 of its content; where it lies is in no key. match, adapt: see ``match_tensors`` and
    ``adapt_channels``.
    """

    path: str
    digest: str
    backbone: BackboneChoice
    channels: int
    match: Match
    adapt: Channels

    def identity(self) -> dict[str, Any]:
        """What decides the weights."""
        return {
            "digest": self.digest,
            "backbone": self.backbone.identity(),
            "channels": self.channels,
            "match": self.match,
            "adapt": self.adapt,
        }

    def matched(self, backbone: Backbone) -> Matched:
        """What the file gives ``backbone``. Raises ``CheckpointError`` for a file of another network, for one that has
        changed, or, unless its first layer may change, for one of another number of channels."""
        from headstart.backbones.blocks import read_block
        from headstart.backbones.foreign import adapt_channels, match_tensors

        if _digest_of(self.path) != self.digest:
            raise CheckpointError(f"{self.path} has changed since the study was planned: run the same command again")
        if self.match == "order" and Path(self.path).suffix == ".safetensors":
            raise CheckpointError(
                f"{self.path} keeps its tensors by name and not in the order of layers, so match: order cannot pair "
                "them: use the .pth that it was made of, or a backbone with the same names"
            )
        wanted, block = backbone.state_dict(), read_block(Path(self.path))
        found = match_tensors(wanted, block.tensors, self.match, self.path, backbone.adopted)
        found = replace(found, block=block.name)
        other = [name for name, value in found.tensors.items() if value.shape != wanted[name].shape]
        if other and self.adapt != "mean":
            theirs = found.tensors[other[0]].shape[1]
            raise CheckpointError(
                f"{self.path} is for images of {theirs} channels, and its network sees {self.channels} here: say "
                "input: {channels: mean} to have its first layer look at their mean"
            )
        return adapt_channels(found, wanted) if other else found


def weights_of(config: StudyConfig, arm: str) -> tuple[WeightsFile, ImageInput]:
    """The file that an arm of a settled study starts from, and what its network expects of images.

    Where the arm names no network it is the one that the file's card names, else the study's. Raises
    ``CheckpointError`` for a file that cannot be read, or that is of two networks.
    """
    said = config.arms[arm].file
    assert said is not None, "only arms that name a file start from one"
    return _found(config, said, config.dataset.info().channels, config.backbone)


def teacher_of(config: StudyConfig, arm: str) -> tuple[WeightsFile, ImageInput]:
    """The file that an arm of a settled study learns from, and what its network expects of images.

    They are those that the arm's own network sees. Raises ``CheckpointError`` for a file that cannot be read, that is
    of two networks, or of one that nothing names.
    """
    settings, channels = config.arms[arm], config.dataset.info().channels
    assert settings.teacher is not None, "only methods that are taught have a teacher"
    if settings.weights is not None:
        channels = weights_of(config, arm)[1].channels or channels
    return _found(config, settings.teacher, channels, None)


def _found(
    config: StudyConfig, file: WeightsConfig, channels: int, default: BackboneChoice | None
) -> tuple[WeightsFile, ImageInput]:
    """A file as weights for images of ``channels``. default: its network, where neither it nor its card is said."""
    from headstart.backbones.hub import local_file

    path, said = local_file(file.weights), file.input or InputConfig()
    digest = _digest_of(str(path))
    backbone = file.backbone or _on_card(path, default)
    known = _known_of(path, backbone, config.settled_color)
    repeated = said.channels == "repeat" and channels == 1
    seen = len(said.mean or known.mean or "rgb") if repeated else channels
    return WeightsFile(str(path), digest, backbone, seen, file.match, said.channels), _expected(said, known, seen)


def _on_card(path: Path, default: BackboneChoice | None) -> BackboneChoice:
    """The network that the file's card names, as ``default`` calls it where it is the same one, or ``default``."""
    from headstart.backbones.card import read_card

    card = read_card(path)
    if card and card.split:
        raise CheckpointError(
            f"{path} holds two networks of half the width, as method '{card.method}' learned them, and one is needed "
            "here: export the weights of another method"
        )
    named = validate(BackboneChoice, card.backbone, f"the card in {path}") if card else default
    if named is None:
        raise CheckpointError(f"{path} has no card that says what network it is of: name it, backbone: {{name: …}}")
    return default if default and default.identity() == named.identity() else named


def _expected(said: InputConfig, known: ImageInput, channels: int) -> ImageInput:
    """What is said, and for the rest what is known, unless that is of another color space or number of channels."""
    color = said.color or known.color
    if color != known.color or len(known.mean or ()) != channels:
        known = ImageInput(color)
    mean, deviation = said.mean or known.mean, said.deviation or known.deviation
    return ImageInput(color, mean, deviation, channels, said.resolution)


def _known_of(path: Path, backbone: BackboneChoice, color: ColorSpace) -> ImageInput:
    """What the card of the weights says, else what timm has for its network, else the study's own ``color``, normalised
    by the training split."""
    from headstart.backbones.card import read_card

    if card := read_card(path):
        return ImageInput(card.input.color, card.input.mean, card.input.deviation)
    return _of_timm(str(backbone.options["model"])) if backbone.name == "timm" else ImageInput(color)


def _of_timm(model: str) -> ImageInput:
    """timm has them for values in 0..1."""
    from headstart.backbones.timm_model import import_timm

    known = import_timm().get_pretrained_cfg(model, allow_unregistered=True)
    return ImageInput("rgb", _times_255(known.mean), _times_255(known.std))


def _times_255(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(255 * value for value in values)


def _digest_of(path: str) -> str:
    try:
        about = Path(path).stat()
        return _digest(path, (about.st_mtime_ns, about.st_ctime_ns), about.st_size)
    except OSError as error:
        raise CheckpointError(f"cannot read weights from {path} ({error.strerror}): name another file") from error


@lru_cache(maxsize=32)
def _digest(path: str, changed: tuple[int, int], size: int) -> str:
    del changed, size  # another time or size, another file
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
