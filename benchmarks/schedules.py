"""Which schedule finds out more cheaply how many steps are enough?

    python benchmarks/schedules.py [--labels 100] [--lr 0.003 0.0015] [--store PATH]

``steps: auto`` trains anew for 200, 400, 800 … steps, each run with a schedule of its own: up to the peak, then down to
nothing in a straight line. The other way is warm-up, stable, decay: one run at a constant rate, from which a branch
leaves after 80 % of 200, 400, 800 … steps and falls to nothing in the other 20 %; so the stable phase is shared.

Random weights, images and network of the recipe ``steps``. Printed: mean test accuracy over trials, and in brackets the
paired difference from the first row with its standard error; and the image-steps of a ladder that ends there.
"""

import argparse
import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from headstart import load_suite
from headstart.cache import DEFAULT_STORE
from headstart.data.batches.loader import Loader
from headstart.data.dataset import Dataset
from headstart.seeding import derive_seed, torch_generator
from headstart.study.jobs.dataset import open_dataset
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store
from headstart.tasks import Classification
from headstart.training import Supervised, TrainConfig, evaluate
from headstart.training.loop import make_optimizer
from headstart.training.precision import autocast
from headstart.training.schedule import warmup_decay

RUNGS, DECAY, WARMUP = (200, 400, 800, 1600, 3200), 0.2, 10


class Run:
    """A scratch run of a study that can be branched: its network, batches and optimiser."""

    def __init__(self, job: TrialJob, dataset: Dataset, lr: float) -> None:
        assert isinstance(job.train, TrainConfig)
        task = Classification(dataset.classes)
        backbone = job.start.build(dataset.train.channels, torch_generator(job.seed, "trial", job.trial, "backbone"))
        labelled = job.labelled(dataset, task)
        self.config, self.test = job.train.model_copy(update={"lr": lr}), dataset.splits["test"]
        self.loader = Loader(
            labelled, batch_size=job.train.batch_size, seed=derive_seed(job.seed, job.trial), augment=job.augment
        )
        learner = Supervised(backbone, task.head(backbone), task)
        self.learner = learner.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.optimizer = make_optimizer(self.learner, self.config)
        self.autocast, self.step = autocast(self.config.precision, labelled.device), 0

    def advance(self, rates: NDArray[np.float64]) -> None:
        """A step at each of ``rates``."""
        for rate in rates:
            self.optimizer.param_groups[0]["lr"] = float(rate)
            with self.autocast():
                loss = self.learner.step(self.loader.batch(self.step)).loss
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.step += 1

    def branch(self) -> "Run":
        """The run as it is now, to go on from in another way."""
        twin = copy.copy(self)
        twin.learner = copy.deepcopy(self.learner)
        twin.optimizer = make_optimizer(twin.learner, self.config)
        twin.optimizer.load_state_dict(self.optimizer.state_dict())
        return twin

    def accuracy(self) -> float:
        return evaluate(self.learner, self.test)["accuracy"]


def retrained(run: Run) -> Iterator[float]:
    """Accuracy after each rung, each trained from the first step."""
    for steps in RUNGS:
        rung = run.branch()
        rung.advance(warmup_decay(steps, peak=run.config.lr, end=run.config.lr_end, warmup=run.config.warmup))
        yield rung.accuracy()


def branched(run: Run) -> Iterator[float]:
    """Accuracy after each rung, which leaves the shared stable phase to decay."""
    peak = run.config.lr
    for steps in RUNGS:
        leave = round((1 - DECAY) * steps)
        run.advance(peak * np.minimum(1, np.arange(run.step + 1, leave + 1) / WARMUP))
        rung = run.branch()
        rung.advance(np.linspace(peak, run.config.lr_end, steps - leave))
        yield rung.accuracy()


LADDERS: dict[str, Callable[[Run], Iterator[float]]] = {"linear decay": retrained, "stable, then decay": branched}


def cost(name: str, rung: int, batch: int) -> int:
    """Image-steps of a ladder whose last rung is that."""
    steps = RUNGS[: rung + 1]
    if name == "linear decay":
        return sum(steps) * batch
    return round((1 - DECAY) * steps[-1] + DECAY * sum(steps)) * batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--lr", type=float, nargs="+", default=[0.003, 0.0015])
    parser.add_argument("--store", type=Path, default=DEFAULT_STORE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    jobs, dataset = scratch_runs(arguments.labels, Store(arguments.store))
    found = {
        (name, lr): np.array([list(ladder(Run(job, dataset, lr))) for job in jobs])
        for lr in arguments.lr
        for name, ladder in LADDERS.items()
    }
    assert isinstance(jobs[0].train, TrainConfig)
    Console(width=160).print(table_of(found, jobs[0].train.batch_size))


def scratch_runs(labels: int, store: Store) -> tuple[list[TrialJob], Dataset]:
    """The recipe's runs from random weights with so many labels, one per trial, and their images."""
    plan = make_plan(load_suite("steps", ["arms={}", "vary={}", "protocols.finetune.steps=200"]).settled())
    points = [point.job for point in plan.points if point.arm == "scratch" and point.job.labels == labels]
    jobs = [job for job in points if isinstance(job, TrialJob)]
    store.run(plan.datasets[0])
    return jobs, open_dataset(store.folder(plan.datasets[0]), jobs[0].start.input, torch.device("cpu"))


def table_of(found: dict[tuple[str, float], NDArray[np.float64]], batch: int) -> Table:
    """A row per schedule and rate."""
    table = Table("schedule", "lr", *(f"{steps:,} steps" for steps in RUNGS))
    first = next(iter(found.values()))
    for (name, lr), scores in found.items():
        cells = []
        for rung in range(len(RUNGS)):
            gaps = 100 * (scores[:, rung] - first[:, rung])
            error = gaps.std(ddof=1) / np.sqrt(len(gaps))
            beside = "" if scores is first else f" ({gaps.mean():+.1f} ± {error:.1f})"
            cells.append(f"{100 * scores[:, rung].mean():.1f}{beside}\n{cost(name, rung, batch):,}")
        table.add_row(name, f"{lr:g}", *cells)
    return table


if __name__ == "__main__":
    main()
