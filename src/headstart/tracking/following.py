"""From what jobs leave to the numbers that trackers take."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from headstart.study.results.run_folder import RunFolder
from headstart.study.results.table_files import rows_of
from headstart.tracking.base import Scalar, Tracker

__all__ = ["Following"]


class Following:
    """Tells trackers of every job once, as soon as it is known what it measured."""

    def __init__(self, run: RunFolder, trackers: Sequence[Tracker]) -> None:
        self._run, self._trackers = run, trackers
        self._told: set[str] = set()
        self._rows: dict[str, list[Mapping[str, Any]]] = {}
        self._indexed: Any = None

    def tell(self, job: str, found: Mapping[str, Any]) -> None:
        """found: what the job with this key left, as its ``outcome`` says."""
        if job in self._told:
            return
        self._told.add(job)
        for scalar in (*self._learned(job, found), *self._pretrained(job, found)):
            for tracker in self._trackers:
                tracker.log(scalar)

    def close(self) -> None:
        for tracker in self._trackers:
            tracker.close()

    def _learned(self, job: str, found: Mapping[str, Any]) -> Iterator[Scalar]:
        """What was measured of it, for every point that it is."""
        for point in self._rows_of(job, "protocol"):
            series = self._series(point, f"{point['protocol']}, trial {point['trial'] + 1}")
            for record in found["records"]:
                if record["value"] is not None:
                    name = f"{point['task']}/{record['split']}/{record['metric']}"
                    yield Scalar(series, name, float(record["value"]), int(point["labels"]))

    def _pretrained(self, job: str, found: Mapping[str, Any]) -> Iterator[Scalar]:
        """What was measured on its way, for every arm that it is of."""
        for pretraining in self._rows_of(job, "seed"):
            series = self._series(pretraining, f"pretraining {pretraining['seed'] + 1}")
            for row in found["rows"]:
                for name, value in row.items():
                    if name != "step" and isfinite(value):
                        yield Scalar(series, f"pretraining/{name}", float(value), int(row["step"]))

    def _rows_of(self, job: str, having: str) -> list[Mapping[str, Any]]:
        """What a job is in the plan, which may have grown: points have a protocol, pretrainings a seed."""
        if self._indexed is not self._run.points:
            self._indexed, self._rows = self._run.points, {}
            for row in (*rows_of(self._run.points), *rows_of(self._run.pretrainings)):
                self._rows.setdefault(row["job"], []).append(row)
        return [row for row in self._rows.get(job, []) if having in row]

    def _series(self, row: Mapping[str, Any], what: str) -> str:
        return ", ".join([*(f"{name} {row[name]}" for name in self._run.info.varied), row["arm"], what])
