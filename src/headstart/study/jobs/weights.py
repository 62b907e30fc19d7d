"""Weights from a file: matched to a network once, and kept where every worker finds them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.backbones import BACKBONES, build_backbone
from headstart.data.transforms.input import ImageInput
from headstart.files import write_atomic
from headstart.registry import code_of
from headstart.study.config.arms import WEIGHTS
from headstart.study.config.weights import WeightsFile
from headstart.study.jobs.base import Job, RunContext
from headstart.study.jobs.starts import Start

if TYPE_CHECKING:
    import torch

    from headstart.backbones import Backbone

__all__ = ["WeightsJob", "WeightsStart"]

KEPT, REPORT = "backbone.safetensors", "weights.json"


@dataclass(frozen=True)
class WeightsJob(Job):
    """The weights of a file, by the names of the network that they are for."""

    file: WeightsFile

    kind: ClassVar[str] = "weights"
    version: ClassVar[int] = 2
    told_in: ClassVar[tuple[str, ...]] = (REPORT,)

    def identity(self) -> dict[str, Any]:
        return self.file.identity() | {"code": code_of(BACKBONES.traits(self.file.backbone.name))}

    @property
    def cost(self) -> int:
        return 1

    @property
    def title(self) -> str:
        return f"weights of {Path(self.file.path).name}"

    def run(self, context: RunContext) -> None:
        from headstart.backbones import save_weights
        from headstart.seeding import torch_generator

        backbone = self.build(torch_generator("weights", self.file.digest))
        matched = self.file.matched(backbone)
        backbone.load_state_dict(matched.tensors, strict=False)
        save_weights(backbone, context.folder / KEPT)
        report = {"described": matched.describe(), "missing": matched.missing, "left": matched.left}
        write_atomic(context.folder / REPORT, json.dumps(report, indent=1).encode())

    def outcome(self, folder: Path) -> dict[str, Any]:
        """How it was ``described``, and what was ``missing`` and ``left``."""
        return dict(json.loads((folder / REPORT).read_text()))

    def build(self, generator: torch.Generator) -> Backbone:
        """The network, whose weights are drawn from ``generator``."""
        choice = self.file.backbone
        return build_backbone(choice.name, choice.options, in_channels=self.file.channels, generator=generator)


@dataclass(frozen=True)
class WeightsStart(Start):
    """What a file holds. expected: what its network expects of images."""

    job: WeightsJob
    expected: ImageInput

    @property
    def jobs(self) -> tuple[Job, ...]:
        return (self.job,)

    @property
    def input(self) -> ImageInput:
        return self.expected

    @property
    def title(self) -> str:
        return WEIGHTS

    @property
    def network(self) -> str:
        return self.job.file.backbone.label

    def described(self) -> dict[str, Any]:
        return {"backbone": self.job.file.backbone.identity(), "split": False}

    def identity(self) -> dict[str, Any]:
        return {"input": asdict(self.expected)}

    def build(self, channels: int, generator: torch.Generator) -> Backbone:
        assert channels == self.job.file.channels, "the plan knows how many channels the network sees"
        return self.job.build(generator)

    def load_backbone(self, context: RunContext, channels: int, generator: torch.Generator) -> Backbone:
        from headstart.backbones import load_weights

        backbone = self.build(channels, generator)
        load_weights(backbone, context.input(self.job) / KEPT)
        return backbone
