"""Whether a run's folder holds one of the studies that are to choose from."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.errors import HeadstartError
from headstart.study.config.settle import settle
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import load_suite

__all__ = ["Earlier", "earlier"]


@dataclass(frozen=True)
class Earlier:
    """same: the study that was chosen for as much time. other: whether one was chosen for another time. note: a
    sentence on it."""

    same: StudyConfig | None = None
    other: bool = False
    note: str = ""


def earlier(out: Path, name: str, candidates: Sequence[StudyConfig], seconds: float) -> Earlier:
    """What lies in ``out/name``, if it is one of ``candidates`` by all that changes a number.

    What cannot be read is none of them: its images may have been moved since, or another version wrote it.
    """
    from headstart.study.results.run_folder import CONFIG, DESCRIBING  # it loads what tables need

    path = out.expanduser() / name / CONFIG
    if not path.is_file():
        return Earlier()
    try:
        suite = load_suite(path)
        existing = _without(suite.first, DESCRIBING)
    except HeadstartError:
        return Earlier()
    same = next((one for one in candidates if _without(one, DESCRIBING) == existing), None)
    if suite.varied or same is None:
        return Earlier()
    minutes = suite.first.minutes
    if minutes is not None and abs(60 * minutes - seconds) < 1:
        return Earlier(
            same, note=f"{path} was chosen for this time before, and is gone on with; --replace chooses again"
        )
    return Earlier(
        other=True, note=f"{path.parent} held a study that was chosen for another time: this one takes its place"
    )


def _without(config: StudyConfig, keys: Set[str]) -> dict[str, Any]:
    """A study's keys, settled, but those that change no number."""
    return settle(config).model_dump(mode="json", exclude=set(keys))
