"""How ``learning.py`` measures a piece: nearest neighbors on frozen features, before, during and after pretraining."""

import json
import math
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from learning_pieces import Piece, looks

from headstart.backbones import Backbone
from headstart.data.batches.share import ALONE
from headstart.data.dataset import Dataset
from headstart.files import write_atomic
from headstart.study.jobs.base import RunContext
from headstart.study.jobs.dataset import DatasetJob, open_dataset
from headstart.study.jobs.learning import Learning, learning_of
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.plan import Plan, with_inputs
from headstart.study.running.store import Store
from headstart.tasks import Classification
from headstart.training import Precomputed, evaluate_images, feature_set, fit, open_device, train
from headstart.training.collapse import effective_rank

Point = dict[str, float]


class Look:
    """Nearest neighbors of a network as it is: labels of the study's first trial, tested on all validation images."""

    def __init__(self, trial: TrialJob, dataset: Dataset) -> None:
        self.trial, self.task = trial, Classification(dataset.classes)
        self.labelled, self.tested = trial.labelled(dataset, self.task), dataset.splits["val"]

    def __call__(self, backbone: Backbone) -> Point:
        """``accuracy``, its binomial standard error, and the ``effective_rank`` of the tested images' features."""
        precision = self.trial.train.precision
        known, unseen = (feature_set(backbone, images, precision=precision) for images in (self.labelled, self.tested))
        ready = Precomputed(backbone.dim)
        model, _ = fit("knn", ready, self.task, known, self.trial.train, seed=self.trial.seed)
        rank = float(effective_rank(unseen.images.flatten(1)))
        return scored(evaluate_images(model, unseen).metrics["accuracy"], len(unseen)) | {"effective_rank": rank}


def scored(accuracy: float, images: int) -> Point:
    """An accuracy on so many images, with its binomial standard error."""
    return {"accuracy": accuracy, "error": math.sqrt(accuracy * (1 - accuracy) / images)}


class Follower:
    """Looks at a network after some steps of its pretraining. points: by step. spent: seconds of this core's own."""

    def __init__(self, look: Look, backbone: Backbone, steps: Sequence[int]) -> None:
        self.look, self.backbone, self.steps = look, backbone, frozenset(steps)
        self.points, self.spent = dict[int, Point](), 0.0
        self(0)

    def __call__(self, step: int) -> None:
        if step in self.steps:
            started = time.process_time()
            self.points[step] = self.look(self.backbone)
            self.spent += time.process_time() - started


def follow(piece: Piece, plan: Plan, store: Store) -> dict[str, Any]:
    """The points of a pretraining, which is the study's own and knows nothing of being looked at."""
    job = next(one.job for one in plan.pretrainings if one.arm == piece.arm)
    trial = piece.trials(plan)[0]
    device = open_device(job.device, job.train.precision)
    with tempfile.TemporaryDirectory() as folder:
        context = RunContext(Path(folder), Path(folder), {job.dataset.key: store.folder(job.dataset)})
        with learning_of(job, context, device, ALONE) as learning:
            return _followed(job, trial, learning)


def _followed(job: PretrainJob, trial: TrialJob, learning: Learning) -> dict[str, Any]:
    batch, method = job.train.batch_size, learning.method
    # In the loop's own layout from the first look on; the loop does the same.
    method.to(device=learning.batches.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    look = Look(trial, learning.dataset)
    follower = Follower(look, method.backbone, looks(job.train.steps, batch))
    began = time.process_time() - follower.spent
    report = train(method, learning.batches, job.train, on_step=follower)
    seconds = time.process_time() - began - follower.spent
    points = [
        {"step": step, "images": step * batch, "loss": loss_at(step, report.history), **point}
        for step, point in follower.points.items()
    ]
    failure = report.failure and {"step": report.failure.step, "reason": report.failure.reason}
    return {
        "points": points,
        "failure": failure,
        "image_steps_per_second": report.steps * batch / seconds,
        "labels": len(look.labelled),
        "tested": len(look.tested),
        "batch_size": batch,
        "precision": job.train.precision,
        "history": report.history,
    }


def loss_at(step: int, history: Sequence[Mapping[str, float]]) -> float | None:
    """The mean loss of the part of the run that ends at or after ``step``, which its history tells; none at step 0."""
    return next((row["loss"] for row in history if row["step"] >= step > 0), None)


def measure_control(piece: Piece, plan: Plan, store: Store) -> dict[str, Any]:
    """The study's own runs of a control: the mean over its trials, which differ in labels and random weights."""
    trials = piece.trials(plan)
    for job in with_inputs(trials):
        store.run(job)
    records = [record for job in trials for record in job.outcome(store.folder(job))["records"]]
    values = [record["value"] for record in records if (record["split"], record["metric"]) == ("val", "accuracy")]
    dataset = open_dataset(store.folder(trials[0].dataset), trials[0].start.input, torch.device("cpu"))
    tested = len(dataset.splits["val"])
    point = {"step": 0, "images": 0, **scored(statistics.mean(values), tested)}
    return {"points": [point], "trials": values, "labels": trials[0].labels, "tested": tested, "failure": None}


@dataclass(frozen=True)
class Errand:
    """A piece to be measured, by a process of its own, from images in ``store``, into ``folder``."""

    piece: Piece
    folder: Path
    store: str

    @property
    def path(self) -> Path:
        return self.folder / f"{self.piece.name}.json"

    @property
    def dataset(self) -> DatasetJob:
        return self.piece.plan.datasets[0]


def run(errand: Errand) -> str:
    """Measure and write one piece; what came of it, in a line. A piece that breaks is left undone."""
    torch.set_num_threads(1)
    piece, started = errand.piece, time.perf_counter()
    try:
        plan, store = piece.plan, Store(errand.store)
        found = (follow if piece.steps else measure_control)(piece, plan, store)
    except Exception as error:
        return _told(piece, f"FAILED: {type(error).__name__}: {error}", started)
    found = {"piece": asdict(piece), "seconds": time.perf_counter() - started, **found}
    write_atomic(errand.path, json.dumps(found, indent=1).encode())
    return _told(piece, _summary(found), started)


def _told(piece: Piece, what: str, started: float) -> str:
    line = f"{time.strftime('%H:%M:%S')}  {piece.title}: {what} ({time.perf_counter() - started:.0f} s)"
    print(line, flush=True)
    return line


def _summary(found: dict[str, Any]) -> str:
    first, last = found["points"][0], found["points"][-1]
    if first is last:
        return f"kNN {100 * last['accuracy']:.1f} %"
    speed = f"{found['image_steps_per_second']:,.0f} image-steps/s"
    ended = f", ended at step {found['failure']['step']}: {found['failure']['reason']}" if found["failure"] else ""
    return f"kNN {100 * first['accuracy']:.1f} → {100 * last['accuracy']:.1f} % at {last['images']:,}, {speed}{ended}"
