"""Do features tell objects apart, or backgrounds?

    python benchmarks/what_features_see.py STUDY.yaml [--side 40] [--store PATH]

For every pretrained arm of a study of rendered single objects, which has been run, and for random weights: test objects
pasted on the backgrounds of other test images, each on each. Of the variance of the features, how much goes with the
object, how much with the background, and how much with the pair (a two-way analysis of variance, features standardised;
the mean over features). And how well a linear head that is solved for (ridge, 1,000 labels) tells the class of whole
test images. Masks come from rendering the same scenes again, with all their annotations.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from headstart import load_suite
from headstart.backbones import Backbone
from headstart.cache import DEFAULT_STORE
from headstart.data.dataset import Dataset
from headstart.data.sources import SyntheticSource
from headstart.seeding import torch_generator
from headstart.study.jobs.dataset import DatasetJob, open_dataset
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.store import Store
from headstart.tasks import Classification
from headstart.training import evaluate, fit
from headstart.training.features import evaluating
from headstart.training.protocols import RidgeConfig

LABELS = 1000


class Network(NamedTuple):
    """An arm, and the network that it starts with."""

    arm: str
    backbone: Backbone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--side", type=int, default=40)
    parser.add_argument("--store", type=Path, default=DEFAULT_STORE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    plan, store = make_plan(load_suite(arguments.study).settled()), Store(arguments.store)
    dataset = with_masks(plan, store)
    table = Table("arm", "object", "background", "both", "ridge, 1,000 labels")
    for network in networks(plan, store, dataset):
        shares = (f"{100 * share:.0f} %" for share in shares_of_variance(network.backbone, dataset, arguments.side))
        table.add_row(network.arm, *shares, f"{100 * told_apart(network.backbone, dataset):.1f} %")
    Console(width=100).print(table)


def with_masks(plan: Plan, store: Store) -> Dataset:
    """The study's images, rendered again with all annotations."""
    source = plan.suite.first.dataset
    assert isinstance(source, SyntheticSource), "only of rendered scenes it is known what is background"
    job = DatasetJob(source.model_copy(update={"targets": "all"}))
    store.run(job)
    start = plan.arms[0][0].start(0)
    return open_dataset(store.folder(job), start.input, torch.device("cpu"))


def networks(plan: Plan, store: Store, dataset: Dataset) -> Iterator[Network]:
    """Random weights, then what each pretraining left."""
    scratch = plan.arms[0][0].start(0)
    yield Network("random", scratch.build(dataset.train.channels, torch_generator("random")))
    for one in plan.pretrainings:
        backbone = one.job.start.build(dataset.train.channels, torch_generator("any"))
        one.job.load_weights(backbone, store.folder(one.job))
        yield Network(one.arm, backbone)


def shares_of_variance(backbone: Backbone, dataset: Dataset, side: int) -> tuple[float, float, float]:
    """Of features of ``side`` objects on ``side`` backgrounds: with the object, with the background, with the pair."""
    images = dataset.test.batch(torch.arange(2 * side))
    masks = dataset.test.targets["semantic"][: 2 * side].to(torch.bool)[:, None]
    objects, shapes = images[:side], masks[:side]
    backgrounds = emptied(images[side:], masks[side:])
    with torch.no_grad(), evaluating(backbone):
        pooled = [
            backbone(torch.where(shape, one, backgrounds)).pooled for one, shape in zip(objects, shapes, strict=True)
        ]
    grid = torch.stack(pooled).double()  # [object, background, feature]
    grid = (grid - grid.mean(dim=(0, 1))) / grid.std(dim=(0, 1), correction=0).clamp_min(1e-9)
    rows, columns = grid.mean(dim=1), grid.mean(dim=0)
    own, other = float(rows.square().mean()), float(columns.square().mean())
    return own, other, 1 - own - other


def emptied(images: Tensor, masks: Tensor) -> Tensor:
    """Images ``[B, C, H, W]`` with the mean color of their backgrounds where their objects ``[B, 1, H, W]`` were."""
    outside = (~masks).float()
    mean = (images * outside).sum(dim=(2, 3), keepdim=True) / outside.sum(dim=(2, 3), keepdim=True)
    return torch.where(masks, mean, images)


def told_apart(backbone: Backbone, dataset: Dataset) -> float:
    """Test accuracy of a head that is solved for on frozen features of the first training images."""
    model, _ = fit(
        "ridge", backbone, Classification(dataset.classes), dataset.train.first(LABELS), RidgeConfig(), seed=0
    )
    return evaluate(model, dataset.test)["accuracy"]


if __name__ == "__main__":
    main()
