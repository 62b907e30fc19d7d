"""Where the time of a study goes: CPU seconds of its jobs by what they are spent on.

    python benchmarks/study.py [RECIPE ...] [--set KEY=VALUE ...] [--launch]

Runs the jobs of a recipe, by default a few of three that ship, in one process with one thread, as a worker does, and
times what is called on the way; the inner call of two has the time. What a worker costs before its first job is
measured in one that is started. ``--launch`` runs the same again by the local launcher and tells how long its workers
stood idle, the only number here that another process on the machine can change much.
"""

import argparse
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

import headstart.study.jobs.answers as answers_job
import headstart.study.jobs.blind as blind_job
import headstart.study.jobs.points as points_job
import headstart.study.jobs.trial as trial_job
import headstart.training as training
import headstart.training.collapse as collapse
import headstart.training.loop as loop
import headstart.training.watching as watching
from headstart.api import prepare_study
from headstart.data.batches.loader import Batches
from headstart.processes import ONE_THREAD, Child, Parent
from headstart.study.config.suite import Suite, load_suite
from headstart.study.jobs.blind import BlindJob
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.features import FeaturesJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.targets import TargetsJob
from headstart.study.jobs.trial import TrialJob
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.launchers import Event
from headstart.study.running.launchers.base import default_workers
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.store import Store

SMALL = {
    "quickstart": ["trials=1", "budgets=[50,120]", "pretrain.steps=50", "dataset.images=2400"],
    "dense": ["trials=1", "budgets=[8,20]", "arms={rotation: {}}", "dataset.images=720", "pretrain.steps=100"],
    "single": ["trials=1", "budgets=[40,110]", "arms={vae: {}}", "dataset.images=1200", "pretrain.steps=100"],
}
"""Overrides by which the recipes that ship take about a minute."""
NETWORKS = ("forward", "backward", "optimiser")
"""What a study's time is for."""


class Stopwatch:
    """CPU seconds of this thread by name, each call's own: what is called within has a name of its own."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._names = ["the rest"]
        self._last = time.thread_time()

    def restart(self) -> None:
        """What comes counts, what was does not."""
        self._last = time.thread_time()

    def pause(self) -> None:
        """What comes does not count until ``restart``."""
        self._lap()

    def _lap(self) -> None:
        now = time.thread_time()
        self.seconds[self._names[-1]] += now - self._last
        self._last = now

    @contextlib.contextmanager
    def running(self, name: str) -> Iterator[None]:
        self._lap()
        self._names.append(name)
        self.calls[name] += 1
        try:
            yield
        finally:
            self._lap()
            self._names.pop()

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """``call``, its time under ``name``."""

        def timed_call(*arguments: Any, **options: Any) -> Any:
            with self.running(name):
                return call(*arguments, **options)

        return timed_call


def instrument(watch: Stopwatch) -> contextlib.ExitStack:
    """Time what jobs call, until the stack that is returned closes."""
    patched = contextlib.ExitStack()
    for owner, attribute, name in _places():
        original = getattr(owner, attribute)
        setattr(owner, attribute, watch.timed(name, original))
        patched.callback(setattr, owner, attribute, original)
    return patched


def _places() -> Iterator[tuple[Any, str, str]]:
    # What a package gives lazily is in it once it was asked for, and may be replaced there.
    assert all(callable(getattr(training, name)) for name in ("extract_features", "evaluate_images", "fit"))
    yield DatasetJob, "run", "rendering"
    yield Batches, "batch", "batches and augmentation"
    yield loop._Run, "advance", "forward"  # of which what follows takes its parts
    yield torch.Tensor, "backward", "backward"
    for optimizer in loop.OPTIMIZERS.values():
        yield optimizer, "step", "optimiser"
        yield optimizer, "zero_grad", "loop"
    yield loop._Run, "look", "loop"
    yield loop.History, "add", "loop"
    yield watching.Watched, "_look", "watching pretraining"
    yield watching.Watched, "_rank", "watching pretraining"
    yield collapse, "extract_features", "watching pretraining"
    for module in _users_of("extract_features"):
        yield module, "extract_features", "features"
    for module in _users_of("evaluate_images"):
        yield module, "evaluate_images", "evaluation"
    for module in (trial_job, blind_job):
        yield module, "keep_answers", "evaluation"
    yield answers_job, "write_atomic", "files of jobs"
    yield points_job, "write_atomic", "files of jobs"
    yield Store, "run", "files of jobs"
    yield FeaturesJob, "run", "features"
    yield TrialJob, "run", "the rest of trials"
    yield PretrainJob, "run", "the rest of pretraining"
    yield BlindJob, "run", "blind"
    yield TargetsJob, "run", "targets"
    yield training, "fit", "heads without steps, and preparation"  # jobs import it when they run
    yield RunFolder, "keep", "what the run's folder keeps"


def _users_of(name: str) -> list[Any]:
    """Modules that have imported a function by name, those that watch pretraining aside."""
    import sys

    watchers = {collapse, watching}
    modules = [module for key, module in list(sys.modules.items()) if key.startswith("headstart.")]
    return [module for module in modules if name in vars(module) and module not in watchers]


def shares(recipe: str, overrides: list[str]) -> Table:
    """Run all jobs of a recipe in a process like a worker, as they come, and tell where their time went."""
    import study as importable  # this file, as other processes find it

    child = Child(importable.run_here, recipe, overrides, environment=ONE_THREAD)
    kinds, watch = child.receive()
    child.end()
    return _table(f"{recipe}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()), watch)


def run_here(parent: Parent, recipe: str, overrides: list[str]) -> None:
    """The life of that process."""
    torch.set_num_threads(1)
    suite, watch = load_suite(recipe, overrides), Stopwatch()
    with tempfile.TemporaryDirectory() as name:
        options = {"out": Path(name) / "runs", "store": Path(name) / "store"}
        prepared = prepare_study(suite, **options)
        with instrument(watch):
            while prepared.missing:
                watch.restart()
                for job in prepared.missing:
                    prepared.store.run(job)
                    prepared.run.keep(job, prepared.store.folder(job), prepared.store.seconds(job))
                watch.pause()
                prepared = prepare_study(suite, **options)  # larger, where steps were to be found
    parent.send((Counter(job.kind for job in prepared.plan.jobs), watch))
    parent.receive()


def _table(title: str, watch: Stopwatch) -> Table:
    table = Table("what", "seconds", "share", "calls", "ms a call", title=title, title_justify="left")
    total = watch.seconds.total()
    networks = sum(watch.seconds[name] for name in NETWORKS)
    for name, seconds in watch.seconds.most_common():
        calls = watch.calls[name]
        each = f"{1000 * seconds / calls:.1f}" if calls else ""
        table.add_row(name, f"{seconds:.2f}", f"{seconds / total:.1%}", f"{calls}" if calls else "", each)
    table.add_section()
    table.add_row("all", f"{total:.2f}", "100 %")
    table.add_row("forward, backward, optimiser", f"{networks:.2f}", f"{networks / total:.1%}")
    rendered = total - watch.seconds["rendering"]
    table.add_row("the same, rendering aside", f"{networks:.2f}", f"{networks / rendered:.1%}")
    return table


def launched(suite: Suite, folder: Path) -> str:
    """How long the launcher's workers had a job in hand."""
    prepared = prepare_study(suite, out=folder / "runs", store=folder / "store")
    begun: dict[str, float] = {}
    busy = 0.0

    def hear(event: Event) -> None:
        nonlocal busy
        if event.what == "started":
            begun[event.job.key] = time.perf_counter()
        elif event.what == "finished":
            busy += time.perf_counter() - begun[event.job.key]

    started = time.perf_counter()
    prepared.execute(hear)
    wall = time.perf_counter() - started
    share = busy / wall / default_workers()
    return f"by {default_workers()} workers in {wall:.1f} s, {share:.1%} of which they had a job in hand"


def start_of_a_worker(plan: Plan) -> float:
    """CPU seconds from nothing until a trial could begin: Python, and the modules that it needs."""
    import beginning

    child = Child(beginning.begin, next(point.job for point in plan.points if point.job.kind == "trial"))
    seconds: float = child.receive()
    child.end()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", default=list(SMALL))
    parser.add_argument("--set", nargs="+", default=None, help="overrides, in place of those that make it small")
    parser.add_argument("--launch", action="store_true", help="run it by the launcher, too")
    options = parser.parse_args()
    console = Console(width=110)
    for recipe in options.recipes:
        overrides = SMALL.get(recipe, []) if options.set is None else options.set
        overrides = [*overrides, "device=cpu"]
        suite = load_suite(recipe, overrides)
        console.print(shares(recipe, overrides))
        if options.launch:
            with tempfile.TemporaryDirectory() as folder:
                console.print(launched(suite, Path(folder)))
    console.print(f"A worker takes {start_of_a_worker(make_plan(suite.settled())):.2f} CPU seconds to begin a trial.")


if __name__ == "__main__":
    main()
