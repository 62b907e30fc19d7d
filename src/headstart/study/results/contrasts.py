"""Test images that the best arm gets right and the baseline wrong, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError

from headstart.data.batches.stored import IMAGES, map_dataset
from headstart.errors import StoreError
from headstart.files import write_atomic
from headstart.seeding import numpy_generator
from headstart.study.config.arms import REFERENCE
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.hits import HITS, read_hits
from headstart.study.results.comparisons import where_compared
from headstart.study.results.run_folder import Outcome, RunFolder
from headstart.study.running.store import Store

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Contrast", "KeptImages", "collect_contrasts", "keep_images", "read_images"]

KEPT = "contrasts.safetensors"
"""Of a dataset: ``rows`` int64 ``[n]`` of its test split, their ``images`` ``[n, C, H, W]``, and ``class`` ``[n]``
where it has classes."""
SHOWN = 8
"""Images each way."""
PLACES = 2
"""Studies and tasks that are shown: a suite may have hundreds."""


class Side(NamedTuple):
    """An arm in a contrast. rights: how many of its trials have each test image right, ``[N]``. trials: how many."""

    arm: str
    method: str
    rights: NDArray[np.int64]
    trials: int

    @property
    def share(self) -> NDArray[np.float64]:
        """Of trials that have an image right, ``[N]``."""
        return self.rights / self.trials


class Rows(NamedTuple):
    """Rows of the test split that are shown, and how many there are like these."""

    shown: tuple[int, ...]
    all: int


@dataclass(frozen=True)
class Contrast:
    """One task of one study at its largest budget. best: the arm with the best mean score of those that are compared,
    of fine-tuned ones where there are any. won, lost: rows of the test split that most trials of ``best`` have right
    and most of the baseline's wrong, and the other way round; of these the clearest are shown, ``SHOWN`` at most.
    """

    varied: Mapping[str, str]
    dataset: str
    task: str
    protocol: str
    labels: int
    best: Side
    baseline: Side
    won: Rows
    lost: Rows


class KeptImages(NamedTuple):
    """What a run's folder keeps of a dataset's test images, by row: pictures, and numbers of classes, if it has any."""

    images: Mapping[int, Tensor]
    labels: Mapping[int, int]


def collect_contrasts(run: RunFolder) -> tuple[Contrast, ...]:
    """Of every task whose score is a share of images, ``PLACES`` of them at most."""
    found = []
    for _, rows in run.points.groupby(["variant", "task"], sort=False):
        contrast = _contrast(run, rows)
        found += [contrast] if contrast else []
        if len(found) == PLACES:
            break
    return tuple(found)


def _contrast(run: RunFolder, points: pd.DataFrame) -> Contrast | None:
    there = points[points["labels"] == where_compared(points)["labels"].max()]
    sides = list(_sides(run, there))
    bases = [side for role, protocol, side in sides if (role, protocol) == ("baseline", REFERENCE)]
    compared = [(protocol, side) for role, protocol, side in sides if role == "compared"]
    tuned = [one for one in compared if one[0] == REFERENCE] or compared
    if not bases or not tuned:
        return None
    protocol, best = max(tuned, key=lambda one: float(one[1].share.mean()))
    first = there.iloc[0]
    won, lost = (_clearest(run, mine, other) for mine, other in ((best, bases[0]), (bases[0], best)))
    names = {name: str(first[name]) for name in run.info.varied}
    labels = int(first["labels"])
    return Contrast(names, first["dataset"], first["task"], protocol, labels, best, bases[0], won, lost)


def _sides(run: RunFolder, points: pd.DataFrame) -> Iterator[tuple[str, str, Side]]:
    """Role, protocol and hits of each arm."""
    for (arm, method, role, protocol), rows in points.groupby(["arm", "method", "role", "protocol"], sort=False):
        paths = [path for job in rows["job"] if (path := run.keepsake(job, HITS)).exists()]
        if paths:
            hits = np.stack([read_hits(path) for path in paths])
            yield str(role), str(protocol), Side(str(arm), str(method), hits.sum(axis=0), len(hits))


def _clearest(run: RunFolder, right: Side, wrong: Side) -> Rows:
    """Rows that most trials of one have right and most of the other wrong, the clearest first, of equal ones any."""
    differ = (right.share > 0.5) & (wrong.share < 0.5)
    rows = numpy_generator("contrasts", run.info.seed).permutation(len(differ))
    rows = rows[differ[rows]]
    clear = np.argsort(-(right.share - wrong.share)[rows], kind="stable")
    return Rows(tuple(rows[clear][:SHOWN].tolist()), len(rows))


def keep_images(run: RunFolder, store: Store, datasets: Iterable[DatasetJob]) -> None:
    """Take the images of all contrasts out of ``store`` into the run's folder, as far as they are on this machine."""
    wanted: dict[str, set[int]] = {}
    for contrast in collect_contrasts(run):
        wanted.setdefault(contrast.dataset, set()).update(contrast.won.shown, contrast.lost.shown)
    for key, job in {job.key: job for job in datasets}.items():
        if rows := sorted(wanted.get(run.info.datasets[key], ())):
            _keep(run, store, job, rows)


def _keep(run: RunFolder, store: Store, job: DatasetJob, rows: Sequence[int]) -> None:
    import torch
    from safetensors.torch import save

    # Images, which may be many gigabytes, are neither fetched nor read whole: of those that lie here a few are taken.
    finished = store.found(job, job.told_in)
    if finished is None or not (finished.folder / f"{IMAGES}.npy").exists():
        return
    test, wanted = map_dataset(finished.folder).splits["test"], torch.tensor(rows)
    kept = {"rows": wanted, "images": test.raw(wanted)}
    if "class" in test.targets:
        kept["class"] = test.targets["class"][wanted]
    path = run.keepsake(job.key, KEPT)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, save({name: values.contiguous() for name, values in kept.items()}))


def read_images(run: RunFolder, outcomes: Mapping[str, Outcome]) -> dict[str, tuple[KeptImages, Sequence[str]]]:
    """What ``keep_images`` took, and names of classes, by a dataset's label in tables.

    Raises ``StoreError`` where it is damaged.
    """
    found = {}
    for key, label in run.info.datasets.items():
        outcome, path = outcomes.get(key), run.keepsake(key, KEPT)
        if outcome and outcome.found and path.exists():
            found[label] = _read(path), outcome.found["classes"]
    return found


def _read(path: Path) -> KeptImages:
    from safetensors.torch import load

    try:
        kept = load(path.read_bytes())
        rows = kept["rows"].tolist()
        labels = kept["class"].tolist() if "class" in kept else []
        return KeptImages(dict(zip(rows, kept["images"], strict=True)), dict(zip(rows, labels, strict=False)))
    except (OSError, SafetensorError, KeyError) as error:
        raise StoreError(f"{path} is damaged ({error}): delete it and run the study again") from error
