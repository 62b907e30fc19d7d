"""What the benchmarks of training share: the bare step they are held against, and the turns that the two take."""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

from headstart.backbones import Backbone
from headstart.data.batches.loader import Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.color import Normalisation
from headstart.data.transforms.input import Preparation
from headstart.objective import Objective
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.training import Supervised, TrainConfig, pick_device, pick_precision, train
from headstart.training.loop import make_optimizer
from headstart.training.precision import autocast

CLASSES, IMAGES = tuple("0123456789"), 5000
MIDDLING = Normalisation((53.0, 0.0, 0.0), (25.0, 35.0, 35.0))
"""About the statistics of noise in Lab."""
TURN, WARMUP, FEWEST = 2, 4, 5
"""Steps of a turn; steps that are not counted; the fewest turns."""


@dataclass(frozen=True)
class Case:
    """A network and batch: the backbone's width, pixels a side, images a batch."""

    width: int
    resolution: int
    batch: int

    @classmethod
    def parse(cls, text: str) -> "Case":
        return cls(*(int(part) for part in text.split("x")))

    def __str__(self) -> str:
        return f"width {self.width}, {self.resolution} px, batch {self.batch}"


@dataclass(frozen=True)
class Turns:
    """Seconds per step of the bare network and of the loop, turn by turn."""

    bare: list[float]
    loop: list[float]

    @property
    def ratio(self) -> float:
        """Median against median."""
        return statistics.median(self.loop) / statistics.median(self.bare)

    @property
    def spread(self) -> str:
        """The ratio, and in brackets how far that of one turn strays (quartiles)."""
        low, _, high = statistics.quantiles([mine / its for mine, its in zip(self.loop, self.bare, strict=True)], n=4)
        return f"{self.ratio:.3f} [{low:.2f}, {high:.2f}]"

    def verdict(self, target: float) -> str:
        return f"≤ {target:.2f} {'met' if self.ratio <= target else 'MISSED'}"


class Clock:
    """Seconds between laps, the device's queue worked off at each."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.last = device, 0.0

    def lap(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = time.perf_counter()
        taken, self.last = now - self.last, now
        return taken


def arguments_of(text: str, *, seconds: float, cases: list[Case]) -> argparse.ArgumentParser:
    """The options of such a benchmark."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=seconds, help="measuring time per row")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--cases", nargs="+", type=Case.parse, default=cases)
    return parser


def show(table: Table, threads: int, width: int) -> None:
    """The table, below a line that says what it was measured on."""
    device = pick_device()
    console, precision = Console(width=width), pick_precision("auto", device)
    console.print(f"{device}, {precision}, {threads} thread(s), torch {torch.__version__}")
    console.print(table)


def noise(resolution: int, device: torch.device) -> ImageSet:
    """Noise in the form that every run trains on: 8-bit RGB, which is turned into normalised Lab batch by batch."""
    generator = torch_generator("benchmark")
    shape = (IMAGES, resolution, resolution, 3)
    pixels = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8).permute(0, 3, 1, 2)
    labels = torch.randint(0, len(CLASSES), (IMAGES,), generator=generator)
    return ImageSet(pixels, {"class": labels}, prepare=Preparation("lab", MIDDLING)).to(device)


def bare_step(backbone: Backbone, images: ImageSet, batch: int) -> Callable[[], None]:
    """Forward, backward and optimiser step on one ready batch, in the loop's own precision and memory layout."""
    loss_of, model = bare_loss(backbone, images, batch)
    optimizer = make_optimizer(model, TrainConfig(steps=1))

    def step() -> None:
        loss = loss_of()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def bare_loss(backbone: Backbone, images: ImageSet, batch: int) -> tuple[Callable[[], Tensor], Objective]:
    """The loss of ``backbone`` with a linear head on ``batch`` ready images, and the two as a model."""
    device, task = images.device, Classification(CLASSES)
    model = Supervised(backbone, task.head(backbone), task).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ready = images.batch(torch.arange(batch))
    target, context = images.targets["class"][:batch], autocast("auto", device)

    def loss() -> Tensor:
        with context():
            return F.cross_entropy(model(ready), target)

    return loss, model


def take_turns(objective: Objective, loader: Loader, bare: Callable[[], None], seconds: float) -> Turns:
    """The training loop and the bare step, a few steps each in turn, for about ``seconds`` in all."""
    clock = Clock(loader.device)
    for _ in range(WARMUP):
        bare()
    clock.lap()
    bare()
    turns = max(FEWEST, int(seconds / (2 * TURN * clock.lap())))
    taken = Turns([], [])

    def on_step(step: int) -> None:
        if step % TURN == 0:
            taken.loop.append(clock.lap() / TURN)
            for _ in range(TURN):
                bare()
            taken.bare.append(clock.lap() / TURN)

    clock.lap()
    config = TrainConfig(steps=turns * TURN + WARMUP, batch_size=loader.batch_size)
    train(objective, loader, config, on_step=on_step)
    return Turns(taken.bare[WARMUP // TURN :], taken.loop[WARMUP // TURN :])
