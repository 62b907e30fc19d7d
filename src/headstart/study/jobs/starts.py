"""Starts: where the weights of an arm come from."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from headstart.backbones import BACKBONES, build_backbone
from headstart.data.transforms.input import ImageInput
from headstart.registry import code_of
from headstart.study.config.arms import PATCHES, SCRATCH
from headstart.study.config.choices import BackboneChoice
from headstart.study.jobs.base import Job, RunContext
from headstart.training import Failure

if TYPE_CHECKING:
    import torch

    from headstart.backbones import Backbone
    from headstart.backbones.patches import PatchFeatures
    from headstart.study.jobs.patches import PatchesJob
    from headstart.study.jobs.pretrain import PretrainJob

__all__ = ["PatchesStart", "PretrainedStart", "RandomStart", "Start"]


@dataclass(frozen=True)
class Start(ABC):
    """Where an arm's weights come from, before its labels are seen.

    A start is all that plan, jobs and tables know of an arm's past. A new kind (weights from a file, say) is one more
    class here; what needs it to be done first it names as ``jobs``.
    """

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Jobs that must be done before the weights are there."""
        return ()

    @property
    @abstractmethod
    def input(self) -> ImageInput:
        """What the network expects of images."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What people call it, and the ``method`` of its rows in tables."""

    @property
    @abstractmethod
    def network(self) -> str:
        """The backbone as tables call it: ``resnet9 width=16``."""

    @property
    def pretrain_source(self) -> PretrainJob | None:
        """The last pretraining that the weights went through, if any; tables name its images."""
        return None

    @property
    def drawn(self) -> bool:
        """Whether every trial has weights of its own."""
        return False

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What can change the weights, ``jobs`` aside, as JSON values."""

    @property
    def key(self) -> str:
        """Names the weights: equal keys, equal weights."""
        parts = {"start": type(self).__name__, "identity": self.identity(), "jobs": [job.key for job in self.jobs]}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]

    @abstractmethod
    def build(self, channels: int, generator: torch.Generator) -> Backbone:
        """The network for images of ``channels`` channels, its weights drawn from ``generator``."""

    @abstractmethod
    def load_backbone(self, context: RunContext, channels: int, generator: torch.Generator) -> Backbone:
        """The network as it starts.

        generator: draws what is random. Raises ``HeadstartError`` for weights that are gone.
        """

    def described(self) -> dict[str, Any]:
        """``backbone`` (name and options) and ``split``, as a card of its weights says them."""
        raise NotImplementedError(f"no card can say what network {self.title} starts")

    def failure(self, context: RunContext) -> Failure | None:
        """Why there are no weights of use, if so."""
        del context
        return None


@dataclass(frozen=True)
class RandomStart(Start):
    """Random weights, drawn anew for every run. split: two networks of half the width, for a method that needs them."""

    backbone: BackboneChoice
    expected: ImageInput
    split: bool = False

    @property
    def input(self) -> ImageInput:
        return self.expected

    @property
    def title(self) -> str:
        return SCRATCH

    @property
    def network(self) -> str:
        return self.backbone.label

    @property
    def drawn(self) -> bool:
        return True

    def described(self) -> dict[str, Any]:
        return {"backbone": self.backbone.identity(), "split": self.split}

    def identity(self) -> dict[str, Any]:
        settings = {"backbone": self.backbone.identity(), "split": self.split, "input": asdict(self.expected)}
        return settings | {"code": code_of(BACKBONES.traits(self.backbone.name))}

    def build(self, channels: int, generator: torch.Generator) -> Backbone:
        choice = self.backbone
        return build_backbone(choice.name, choice.options, in_channels=channels, split=self.split, generator=generator)

    def load_backbone(self, context: RunContext, channels: int, generator: torch.Generator) -> Backbone:
        del context
        return self.build(channels, generator)


@dataclass(frozen=True)
class PretrainedStart(Start):
    """What a pretraining left; that began from a start of its own."""

    job: PretrainJob

    @property
    def jobs(self) -> tuple[Job, ...]:
        return (self.job,)

    @property
    def input(self) -> ImageInput:
        return self.job.start.input

    @property
    def title(self) -> str:
        return self.job.method

    @property
    def network(self) -> str:
        return self.job.start.network

    @property
    def pretrain_source(self) -> PretrainJob:
        return self.job

    def described(self) -> dict[str, Any]:
        return self.job.start.described()

    def identity(self) -> dict[str, Any]:
        return {}

    def build(self, channels: int, generator: torch.Generator) -> Backbone:
        return self.job.start.build(channels, generator)

    def load_backbone(self, context: RunContext, channels: int, generator: torch.Generator) -> Backbone:
        backbone = self.build(channels, generator)
        self.job.load_weights(backbone, context.input(self.job))
        return backbone

    def failure(self, context: RunContext) -> Failure | None:
        return self.job.failure(context.input(self.job))


@dataclass(frozen=True)
class PatchesStart(Start):
    """Features that k-means found in patches: what is there to be had without a network."""

    job: PatchesJob

    @property
    def jobs(self) -> tuple[Job, ...]:
        return (self.job,)

    @property
    def input(self) -> ImageInput:
        return self.job.expected

    @property
    def title(self) -> str:
        return PATCHES

    @property
    def network(self) -> str:
        return f"{PATCHES} size={self.job.options.size} centroids={self.job.options.centroids}"

    def identity(self) -> dict[str, Any]:
        return {}

    def build(self, channels: int, generator: torch.Generator) -> PatchFeatures:
        from headstart.backbones.patches import PatchFeatures

        del generator
        return PatchFeatures(self.job.options, channels)

    def load_backbone(self, context: RunContext, channels: int, generator: torch.Generator) -> Backbone:
        network = self.build(channels, generator)
        self.job.load_weights(network, context)
        return network
