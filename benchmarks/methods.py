"""What each pretext method costs beyond the bare network, in time, arithmetic and memory.

    python benchmarks/methods.py [--seconds 12] [--threads 1] [--cases 16x32x64 32x64x32] [--methods cmc simclr]
                                 [--backbones amdim]

Bare: forward, backward and optimiser step of the method's own form of the backbone, with a linear head, on as many
images as the method passes through it (views x batch), which lie ready. Loop: ``train`` itself, with shuffling,
augmentation, schedule, metrics and non-finite checks. They take turns, as in ``benchmarks/training.py``; ratio: of
their median seconds per step, with its quartiles.

work: multiplications of a method's step over the bare one's, backward passes included, so what its own networks cost
anyone. extra: those networks, and how many weights they add to the backbone's. peak: memory that a run adds, weights
and optimiser included: resident set in a process of its own (Linux), or what torch allocated on a GPU.
Each method has the first backbone of ``BACKBONES`` (or of ``--backbones``) that it takes; a backbone or method that is
made for a resolution is made for that of the images.
"""

import multiprocessing as mp
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
from rich.table import Table
from stopwatch import Case, arguments_of, bare_loss, bare_step, noise, show, take_turns
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from headstart.backbones import BACKBONES, Backbone, build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import ConfigError
from headstart.methods import METHODS, Method, build_method
from headstart.schema import Schema
from headstart.seeding import torch_generator
from headstart.testing import toy_teacher
from headstart.training import TrainConfig, pick_device, train
from headstart.training.precision import autocast

TARGET, PEAK_STEPS, MIB = 1.15, 3, 2**20


def main() -> None:
    parser = arguments_of(__doc__, seconds=12, cases=[Case(16, 32, 64), Case(32, 64, 32)])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES), choices=list(BACKBONES))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    table = Table("case", "method", "backbone", "images/s", "ratio", "target", "work", "peak MiB", "extra")
    for case in arguments.cases:
        images = noise(case.resolution, pick_device())
        for name in arguments.methods:
            backbone = fitting(case, name, arguments.backbones)
            table.add_row(str(case), name, backbone, *row(case, name, backbone, images, arguments.seconds))
    show(table, arguments.threads, width=170)


def row(case: Case, name: str, backbone: str, images: ImageSet, seconds: float) -> tuple[str, ...]:
    """What is measured of one method."""
    seen = METHODS[name].views * case.batch
    method, loader = method_over(case, name, backbone, len(images)), batches(case, name, images)
    work = multiplications(lambda: method_loss(method, loader))
    work /= multiplications(bare_loss(network(case, name, backbone), images, seen)[0])
    turns = take_turns(method, loader, bare_step(network(case, name, backbone), images, seen), seconds)
    speed, memory = case.batch / statistics.median(turns.loop), peak(case, name, backbone, images) / MIB
    return f"{speed:.0f}", turns.spread, turns.verdict(TARGET), f"{work:.2f}", f"{memory:.0f}", extra(method)


def fitting(case: Case, name: str, choices: list[str]) -> str:
    """The first backbone that the method takes and that takes the case's images."""
    refusals = []
    for choice in choices:
        try:
            method = method_over(case, name, choice, images=2)
            method.backbone.check_input(3, case.resolution)
            method.check_resolution(case.resolution)
        except ConfigError as refusal:
            refusals.append(str(refusal))
        else:
            return choice
    raise ConfigError(f"{case}: no backbone for {name}: {'; '.join(refusals)}")


def made_for(kind: type[Schema], case: Case) -> dict[str, Any]:
    """The case's numbers, as far as a configuration asks for them."""
    numbers = {"width": case.width, "resolution": case.resolution}
    return {key: value for key, value in numbers.items() if key in kind.model_fields}


def network(case: Case, name: str, backbone: str) -> Backbone:
    """The backbone in the form that the method has it, always with the same weights."""
    options, split = made_for(BACKBONES[backbone].Config, case), METHODS[name].split_backbone
    return build_backbone(backbone, options, in_channels=3, split=split, generator=torch_generator("backbone"))


def method_over(case: Case, name: str, backbone: str, images: int) -> Method:
    options, generator = made_for(METHODS[name].Config, case), torch_generator("method")
    others = {"images": images, "generator": generator, "teacher": toy_teacher(case.resolution)}
    return build_method(name, options, network(case, name, backbone), **others)


def batches(case: Case, name: str, images: ImageSet) -> Loader:
    """As the method has them in a study."""
    kind = METHODS[name]
    augment = kind.augment(AugmentConfig())
    views = {"views": kind.views, "shared_flip": kind.shared_flip}
    return Loader(images, batch_size=case.batch, seed=0, augment=augment, **views)  # type: ignore[arg-type]


def method_loss(method: Method, loader: Loader) -> Tensor:
    """In the loop's own precision and memory layout."""
    method.to(device=loader.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    with autocast("auto", loader.device)():
        return method.step(loader.batch(0)).loss


def multiplications(loss: Callable[[], Tensor]) -> float:
    """Of forward and backward pass, in convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        loss().backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops())


def extra(method: Method) -> str:
    """Networks and weights of a method's own, and what they add to the backbone's weights."""
    owned = {key: sum(weight.numel() for weight in part.parameters()) for key, part in method.named_children()}
    owned |= {key: weight.numel() for key, weight in method.named_parameters(recurse=False)}
    weights = owned.pop("backbone")
    return ", ".join(f"{key} +{count / weights:.0%}" for key, count in owned.items()) or "none"


def peak(case: Case, name: str, backbone: str, images: ImageSet) -> int:
    """Bytes that some steps of training add, at their peak, to what is there before the method is built."""
    if images.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run_steps(case, name, backbone, images)
        return torch.cuda.max_memory_allocated() - before
    threads = torch.get_num_threads()
    with ProcessPoolExecutor(1, mp.get_context("spawn"), torch.set_num_threads, (threads,)) as pool:
        return pool.submit(growth, case, name, backbone).result()


def growth(case: Case, name: str, backbone: str) -> int:
    """The same in resident memory, for a process that has done nothing else."""
    cpu, tiny = torch.device("cpu"), Case(2, 8, 2)
    # What torch loads on first use is no method's memory.
    run_steps(tiny, "rotation", "resnet9", noise(tiny.resolution, cpu))
    images = noise(case.resolution, cpu)
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    run_steps(case, name, backbone, images)
    return resident("VmHWM") - before


def run_steps(case: Case, name: str, backbone: str, images: ImageSet) -> None:
    """A short run, with everything that a long one has in memory."""
    method = method_over(case, name, backbone, len(images))
    train(method, batches(case, name, images), TrainConfig(steps=PEAK_STEPS, batch_size=case.batch))


def resident(what: str) -> int:
    """Bytes of this process in memory: now (``VmRSS``), or at most so far (``VmHWM``)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))


if __name__ == "__main__":
    main()
