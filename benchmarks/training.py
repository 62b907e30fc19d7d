"""What the training loop costs beyond the bare network.

    python benchmarks/training.py [--seconds 60] [--threads 1] [--cases 16x32x64 64x64x8] [--objectives supervised cmc]

Bare: forward, backward and optimiser step of ResNet9 with a linear head on one batch that lies ready. Loop: ``train``
itself, with shuffling, augmentation, schedule, metrics and non-finite checks. The two take turns on the same thread and
the same memory, a few steps each, and the ratio is that of their median seconds per step; in brackets, how far the
ratio of one turn strays (quartiles). Pretext methods are shown against a bare step of the backbone that they train.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table

from headstart.backbones import Backbone, build_backbone
from headstart.data.augment import AugmentConfig
from headstart.data.color import measure_normalisation, normalise
from headstart.data.dataset import ImageSet
from headstart.data.loader import Loader
from headstart.methods import METHODS, build_method
from headstart.methods.base import Objective
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.training import Supervised, TrainConfig, pick_device, pick_precision, train
from headstart.training.loop import make_optimizer
from headstart.training.precision import autocast

CLASSES, IMAGES = tuple("0123456789"), 2000
TURN, WARMUP = 2, 4
SUPERVISED = "supervised"
TARGET = 1.10


@dataclass(frozen=True)
class Case:
    """A network and batch: width of ResNet9, pixels a side, images a batch."""

    width: int
    resolution: int
    batch: int

    @classmethod
    def parse(cls, text: str) -> "Case":
        return cls(*(int(part) for part in text.split("x")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="measuring time per case and objective")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--cases", nargs="+", type=Case.parse, default=[Case(16, 32, 64), Case(64, 64, 8)])
    parser.add_argument("--objectives", nargs="+", default=[SUPERVISED, *METHODS], choices=[SUPERVISED, *METHODS])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = pick_device()
    table = Table("case", "objective", "bare images/s", "loop images/s", "ratio", "target")
    for case in arguments.cases:
        images = prepared_images(case.resolution, device)
        for name in arguments.objectives:
            table.add_row(*row(case, name, *measure(case, name, images, arguments.seconds)))
    console, precision = Console(width=110), pick_precision("auto", device)
    console.print(f"{device}, {precision}, {arguments.threads} thread(s), torch {torch.__version__}")
    console.print(table)


def row(case: Case, name: str, bare: list[float], loop: list[float]) -> tuple[str, ...]:
    """A line of the table from the seconds per step of each turn."""
    per_bare, per_loop = statistics.median(bare), statistics.median(loop)
    ratio = per_loop / per_bare
    low, _, high = statistics.quantiles([mine / its for mine, its in zip(loop, bare, strict=True)], n=4)
    target = f"≤ {TARGET:.2f} {'met' if ratio <= TARGET else 'MISSED'}" if name == SUPERVISED else ""
    speeds = f"{case.batch / per_bare:.1f}", f"{case.batch / per_loop:.1f}"
    label = f"width {case.width}, {case.resolution} px, batch {case.batch}"
    return label, name, *speeds, f"{ratio:.3f} [{low:.2f}, {high:.2f}]", target


def prepared_images(resolution: int, device: torch.device) -> ImageSet:
    """Noise in the form that every run trains on: normalised half-precision Lab."""
    generator = torch_generator("benchmark")
    pixels = torch.randint(0, 256, (IMAGES, 3, resolution, resolution), dtype=torch.uint8, generator=generator)
    images = normalise(pixels, "lab", measure_normalisation(pixels, "lab"))
    return ImageSet(images, {"class": torch.randint(0, len(CLASSES), (IMAGES,), generator=generator)}).to(device)


def measure(case: Case, name: str, images: ImageSet, seconds: float) -> tuple[list[float], list[float]]:
    """Seconds per step of the bare network and of the loop, turn by turn, for about ``seconds`` in all."""
    objective, backbone, loader = build(case, name, images)
    bare = bare_step(case, backbone, images)
    clock = Clock(images.images.device)
    for _ in range(WARMUP):
        bare()
    clock.lap()
    bare()
    turns = max(5, int(seconds / (2 * TURN * clock.lap())))
    taken: dict[str, list[float]] = {"bare": [], "loop": []}

    def on_step(step: int) -> None:
        if step % TURN == 0:
            taken["loop"].append(clock.lap() / TURN)
            for _ in range(TURN):
                bare()
            taken["bare"].append(clock.lap() / TURN)

    clock.lap()
    train(objective, loader, TrainConfig(steps=turns * TURN + WARMUP, batch_size=case.batch), on_step=on_step)
    return taken["bare"][WARMUP // TURN :], taken["loop"][WARMUP // TURN :]


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


def build(case: Case, name: str, images: ImageSet) -> tuple[Objective, Backbone, Loader]:
    """The objective ``name``, a twin of its backbone for the bare step, and the loader it trains on."""
    split = name in METHODS and METHODS[name].split_backbone

    def backbone() -> Backbone:
        generator = torch_generator("backbone")
        return build_backbone("resnet9", {"width": case.width}, in_channels=3, split=split, generator=generator)

    task, network, augment, views = Classification(CLASSES), backbone(), AugmentConfig(), 1
    objective: Objective = Supervised(network, task.head(network), task)
    if name in METHODS:
        objective = build_method(name, {}, backbone(), images=len(images), generator=torch_generator("method"))
        augment, views = METHODS[name].augment(augment), METHODS[name].views
    return objective, backbone(), Loader(images, batch_size=case.batch, seed=0, augment=augment, views=views)


def bare_step(case: Case, backbone: Backbone, images: ImageSet) -> Callable[[], None]:
    """Forward, backward and optimiser step on one ready batch, in the loop's own precision and memory layout."""
    device = images.images.device
    task = Classification(CLASSES)
    model = Supervised(backbone, task.head(backbone), task).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make_optimizer(model, TrainConfig(steps=1))
    batch = images.images[: case.batch].to(torch.float32, memory_format=torch.channels_last)
    target, context = images.targets["class"][: case.batch], autocast("auto", device)

    def step() -> None:
        with context():
            loss = F.cross_entropy(model(batch), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
