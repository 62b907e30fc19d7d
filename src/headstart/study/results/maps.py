"""Where networks put test images: their frozen features, from so many directions to two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError

from headstart.errors import StoreError
from headstart.files import write_atomic
from headstart.study.jobs.features import FeaturesJob
from headstart.study.jobs.trial import TrialJob
from headstart.study.results.run_folder import RunFolder
from headstart.study.results.table_files import rows_of
from headstart.study.running.store import Store

if TYPE_CHECKING:
    from headstart.study.running.plan import Plan

__all__ = ["FeatureMap", "collect_maps", "flatten", "keep_maps"]

KEPT = "map.safetensors"
"""Of a trial that reads features: ``points``, ``class`` and ``shares`` as ``FeatureMap`` has them."""
FEATURES, CLASSES = "test.npy", "target.class.npy"
MOST = 2000
"""Images in a map."""
SIDE = 1000
"""Positions along the longer side of a map."""
PLACES = 12
"""Maps that a report shows."""


class FeatureMap(NamedTuple):
    """An arm's features of test images.

    points: uint16 ``[n, 2]``, 0 to ``SIDE``, along the two directions in which they differ most. labels: classes
    ``[n]``. shares: of their variance, that of the two, ``[2]``.
    """

    points: NDArray[np.uint16]
    labels: NDArray[np.int64]
    shares: NDArray[np.float64]


def flatten(features: NDArray[np.float32]) -> tuple[NDArray[np.uint16], NDArray[np.float64]] | None:
    """``points`` and ``shares`` of features ``[n, D]`` by principal components; nothing where they are all the same or
    no numbers.

    >>> import numpy as np
    >>> points, shares = flatten(np.array([[0, 0, 0], [4, 0, 0], [4, 1, 0], [0, 1, 0]], dtype=np.float32))
    >>> sorted(np.ptp(points, axis=0).tolist()), shares.round(2).tolist()
    ([250, 1000], [0.94, 0.06])
    """
    from sklearn.decomposition import PCA

    if not np.isfinite(features).all() or features.shape[1] < 2 or np.ptp(features, axis=0).max() == 0:
        return None
    pca = PCA(2, random_state=0)
    places = pca.fit_transform(features.astype(np.float64))
    places -= places.min(axis=0)
    points = np.round(SIDE * places / places.max()).astype(np.uint16)
    return points, np.asarray(pca.explained_variance_ratio_, dtype=np.float64)


def keep_maps(run: RunFolder, store: Store, plan: Plan) -> None:
    """Make a map of each arm's features of whole images, in its first trial that reads any, and keep it in the run's
    folder; where images have no classes, or the store lacks what it takes, there is none."""
    for point, features in _mapped(plan):
        path = run.keepsake(point.key, KEPT)
        if path.exists():
            continue
        dataset = store.found(features.dataset, (*features.dataset.told_in, CLASSES))
        found = store.found(features, (FEATURES,))
        if dataset and found and (found.folder / FEATURES).exists() and (dataset.folder / CLASSES).exists():
            _keep(path, found.folder, dataset.folder)


def _mapped(plan: Plan) -> Iterator[tuple[TrialJob, FeaturesJob]]:
    """The first trial that reads features of each arm and study, of ``PLACES`` of them."""
    seen: dict[tuple[int, str], None] = {}
    for point in plan.points:
        job, place = point.job, (point.variant, point.arm)
        features = job.features if isinstance(job, TrialJob) else None
        if isinstance(job, TrialJob) and features and not features.per_location and place not in seen:
            seen[place] = None
            yield job, features
        if len(seen) == PLACES:
            return


def _keep(path: Path, features: Path, dataset: Path) -> None:
    import torch
    from safetensors.torch import save

    from headstart.data.batches.stored import map_array, read_about

    kept = map_array(features, "test")
    rows = torch.arange(min(MOST, len(kept))) * len(kept) // min(MOST, len(kept))
    counts = read_about(dataset)["counts"]
    labels = map_array(dataset, "target.class")[counts["train"] + counts["val"] :][rows]
    made = flatten(kept[rows].flatten(1).numpy())
    if made is None or labels.ndim > 1:
        return
    points, shares = (torch.from_numpy(np.ascontiguousarray(values)) for values in made)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, save({"points": points, "class": labels.contiguous(), "shares": shares}))


def collect_maps(run: RunFolder, classes: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """A row per point of every map that is kept: what a suite varies, ``arm``, ``x``, ``y``, ``class``, and the
    ``share_x`` and ``share_y`` of its map. classes: names of classes by a dataset's label; those that are not known to
    be there have no maps."""
    kept = ((row, path) for row, path in _kept(run) if row["dataset"] in classes)
    tables = [_rows(row, _read(path), classes[row["dataset"]]) for row, path in kept]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _kept(run: RunFolder) -> Iterator[tuple[dict[str, str], Path]]:
    """Maps with what the table of points says of where they belong; of an arm in a study the first."""
    points = run.points
    there = points[[run.keepsake(job, KEPT).exists() for job in points["job"]]]
    for row in rows_of(there.drop_duplicates(["variant", "arm"])):
        names = {name: str(row[name]) for name in (*run.info.varied, "dataset", "arm")}
        yield names, run.keepsake(row["job"], KEPT)


def _rows(names: Mapping[str, str], found: FeatureMap, classes: Sequence[str]) -> pd.DataFrame:
    columns = {"x": found.points[:, 0], "y": found.points[:, 1], "class": [classes[label] for label in found.labels]}
    return pd.DataFrame({**names, **columns, "share_x": found.shares[0], "share_y": found.shares[1]})


def _read(path: Path) -> FeatureMap:
    from safetensors.numpy import load

    try:
        kept = load(path.read_bytes())
        return FeatureMap(kept["points"], kept["class"], kept["shares"])
    except (OSError, SafetensorError, KeyError) as error:
        raise StoreError(f"{path} is damaged ({error}): delete it and run the study again") from error
