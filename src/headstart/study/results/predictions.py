"""From what a run folder keeps to the maps that networks predicted, arm beside arm."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
from torch import Tensor

from headstart.study.config.arms import BLIND, REFERENCE
from headstart.study.jobs.answers import ANSWERS, read_answers
from headstart.study.results.comparisons import where_compared
from headstart.study.results.run_folder import Outcome, RunFolder
from headstart.study.results.samples import Samples, read_samples
from headstart.study.results.table_files import rows_of
from headstart.tasks import TASKS

__all__ = ["ArmMaps", "Predictions", "collect_predictions"]


class ArmMaps(NamedTuple):
    """What one arm predicted: ``maps`` of the test images that are shown. job: whose score belongs to them."""

    arm: str
    role: str
    job: str
    maps: Tensor


@dataclass(frozen=True)
class Predictions:
    """One task of one study, learned by one protocol from ``labels`` labels in one trial, as every arm answers it.

    varied: what a suite varies, by name. images ``[n, C, H, W]`` as they came, and truth ``[n, H, W]``. absent: arms
    without maps: their run is missing, or was measured by a version that kept none.
    """

    varied: Mapping[str, str]
    task: str
    protocol: str
    labels: int
    trial: int
    classes: Sequence[str]
    images: Tensor
    truth: Tensor
    arms: tuple[ArmMaps, ...]
    absent: tuple[str, ...]


def collect_predictions(run: RunFolder, outcomes: Mapping[str, Outcome]) -> tuple[Predictions, ...]:
    """Of every task that asks for maps: the blind guess, and all arms fine-tuned with the largest budget.

    One trial serves them all: the first of those that most arms have maps of. A task without any is left out.
    """
    samples = read_samples(run, outcomes)
    return tuple(predictions for rows in _galleries(run) if (predictions := _predictions(run, rows, samples)))


def _galleries(run: RunFolder) -> Iterator[pd.DataFrame]:
    """The points that can stand side by side, study by study and task by task."""
    points = run.points
    shown = points[(points["protocol"] == REFERENCE) | (points["arm"] == BLIND)]
    for (_, task), rows in shown.groupby(["variant", "task"], sort=False):
        if task in TASKS and TASKS.traits(str(task)).per_location:
            yield rows[rows["labels"] == where_compared(rows)["labels"].max()]


def _predictions(run: RunFolder, rows: pd.DataFrame, samples: Mapping[str, Samples]) -> Predictions | None:
    kept = rows[[run.keepsake(job, ANSWERS).exists() for job in rows["job"]]]
    first = rows.iloc[0]
    dataset = samples.get(first["dataset"])
    if kept.empty or dataset is None:
        return None
    trial = int(kept["trial"].mode().min())
    arms = [_maps(run, one) for one in rows_of(kept[kept["trial"] == trial])]
    wanted = rows.loc[rows["trial"] == trial, "arm"]
    return Predictions(
        varied={name: str(first[name]) for name in run.info.varied},
        task=first["task"],
        protocol=REFERENCE,
        labels=int(first["labels"]),
        trial=trial,
        classes=dataset.classes,
        images=dataset.test["images"],
        truth=dataset.test[f"target.{TASKS[first['task']].target}"],
        arms=tuple(arms),
        absent=tuple(name for name in wanted if name not in {arm.arm for arm in arms}),
    )


def _maps(run: RunFolder, point: Mapping[str, Any]) -> ArmMaps:
    return ArmMaps(point["arm"], point["role"], point["job"], read_answers(run.keepsake(point["job"], ANSWERS)).maps)
