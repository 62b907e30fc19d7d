"""What the training loop costs beyond the bare network.

    python benchmarks/training.py [--seconds 60] [--threads 1] [--cases 16x32x64 64x64x8]

Bare: forward, backward and optimiser step of ResNet9 with a linear head on one batch that lies ready. Loop: ``train``
itself, with shuffling, color conversion, augmentation, schedule, metrics and non-finite checks. The two take turns on
the same thread and the same memory, a few steps each, and the ratio is that of their median seconds per step; in
brackets, how far the ratio of one turn strays (quartiles). ``benchmarks/methods.py`` does the same for pretext methods.
"""

import statistics

import torch
from rich.table import Table
from stopwatch import CLASSES, Case, Turns, arguments_of, bare_step, noise, show, take_turns

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.training import Supervised, pick_device

TARGET = 1.10


def main() -> None:
    arguments = arguments_of(__doc__, seconds=60, cases=[Case(16, 32, 64), Case(64, 64, 8)]).parse_args()
    torch.set_num_threads(arguments.threads)
    table = Table("case", "bare images/s", "loop images/s", "ratio", "target")
    for case in arguments.cases:
        turns = measure(case, noise(case.resolution, pick_device()), arguments.seconds)
        speeds = (f"{case.batch / statistics.median(taken):.1f}" for taken in (turns.bare, turns.loop))
        table.add_row(str(case), *speeds, turns.spread, turns.verdict(TARGET))
    show(table, arguments.threads, width=110)


def measure(case: Case, images: ImageSet, seconds: float) -> Turns:
    """The loop of supervised training, and a twin of its network for the bare step."""
    network, twin = (
        build_backbone("resnet9", {"width": case.width}, in_channels=3, generator=torch_generator("backbone"))
        for _ in range(2)
    )
    task = Classification(CLASSES)
    loader = Loader(images, batch_size=case.batch, seed=0, augment=AugmentConfig())
    learner = Supervised(network, task.head(network), task)
    return take_turns(learner, loader, bare_step(twin, images, case.batch), seconds)


if __name__ == "__main__":
    main()
