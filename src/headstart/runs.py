"""Runs beside each other: which there are in a folder, and how two or more of them answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from headstart.api import Study
from headstart.display import Displayed
from headstart.errors import ConfigError, StoreError
from headstart.study.config.recipes import read_values
from headstart.study.results.run_folder import ANSWER, CONFIG, DESCRIBING, RunFolder

if TYPE_CHECKING:
    from headstart.report.brief import Brief

__all__ = ["OTHER_IMAGES", "Comparison", "compare_studies", "list_runs", "status_table"]

OTHER_IMAGES = "They were tested on different images, so that their scores say little of each other."
ABSENT, PRESENT = "–", "there"
"""How a key reads that a run lacks, and a block of keys that another lacks."""


@dataclass(frozen=True, repr=False)
class Comparison(Displayed):
    """Runs side by side, by the names of their folders.

    answers: the headline of each. settings: ``key`` and a column per run, of what they differ in; a block of keys that
    one lacks is a row. summary, utility: their tables one after another, with a column ``run``. same_images: whether
    all were tested on the same images; scores of different ones say nothing of each other.
    """

    answers: dict[str, str]
    settings: pd.DataFrame
    summary: pd.DataFrame
    utility: pd.DataFrame
    same_images: bool

    @property
    def grids(self) -> dict[str, pd.DataFrame]:
        """Scores and utility in words, by what they are: a row per arm, protocol and budget that any run has a number
        of, a column per run; of a suite, all its studies' numbers in a row."""
        from headstart.charts.text import with_utility_texts, with_value_texts

        texts = {
            "scores": (with_value_texts(self.summary), "value_text"),
            "utility, labels saved per label": (with_utility_texts(self.utility), "utility_text"),
        }
        grids = {title: _side_by_side(table, text, list(self.answers)) for title, (table, text) in texts.items()}
        return {title: grid for title, grid in grids.items() if not grid.empty}

    def brief(self) -> "Brief":
        from headstart.report.brief import Brief
        from headstart.report.cells import plain_table

        differing = ", ".join(self.settings["key"])
        head = f"What they differ in: {differing}." if differing else "They have the same settings."
        tables = {} if self.settings.empty else {"settings": plain_table(self.settings, len(self.settings.columns))}
        runs = len(self.answers)
        tables |= {title: plain_table(grid, len(grid.columns) - runs) for title, grid in self.grids.items()}
        answers = tuple(f"{name}: {answer}" for name, answer in self.answers.items())
        return Brief(head, answers, tables, () if self.same_images else (OTHER_IMAGES,))


def list_runs(out: Path | str = "runs") -> pd.DataFrame:
    """One row per study in ``out``, the latest first: ``run``, ``done`` of how many ``jobs``, ``failed``, ``changed``,
    and its ``answer``, empty before there is a report.

    Raises ``StoreError`` where there is none.

    >>> list_runs("runs")[["run", "answer"]]  # doctest: +SKIP
    """
    out = Path(out).expanduser()
    rows = [_row(folder) for folder in sorted(out.glob("*/")) if RunFolder.lies_in(folder)]
    if not rows:
        raise StoreError(f"there are no studies in {out}: run one, or name the folder of runs with --out")
    return pd.DataFrame(rows).sort_values("changed", ascending=False, ignore_index=True)


def status_table(folder: Path | str) -> pd.DataFrame:
    """One row per kind of job: how many are done, how many failed, and how many are left.

    >>> status_table("runs/quickstart")[["kind", "done", "failed", "left"]]  # doctest: +SKIP
    """
    run = RunFolder.open(Path(folder).expanduser())
    outcomes = run.outcomes()
    states = run.jobs["job"].map(lambda key: _state(outcomes.get(key)))
    counts = pd.crosstab(run.jobs["kind"], states).reindex(columns=["done", "failed", "left"], fill_value=0)
    return counts.reindex(run.jobs["kind"].unique()).reset_index().rename_axis(columns=None)


def compare_studies(folders: Sequence[Path | str]) -> Comparison:
    """Put two runs or more side by side; each is read from its folder alone.

    Raises ``ConfigError`` for fewer than two, and ``StoreError`` for a folder without a study.

    >>> compare_studies(["runs/quickstart", "runs/quickstart-tuned"]).settings  # doctest: +SKIP
    """
    studies = {str(folder): Study.load(folder) for folder in folders}
    if len(studies) < 2:
        raise ConfigError("one run is compared with nothing: name two or more, such as runs/A runs/B")
    named = dict(zip(_names(list(studies)), studies.values(), strict=True))
    tables = {name: study.tables for name, study in named.items()}
    return Comparison(
        answers={name: found.verdict.headline for name, found in tables.items()},
        settings=_differing({name: study.run for name, study in named.items()}),
        summary=pd.concat([found.summary.assign(run=name) for name, found in tables.items()], ignore_index=True),
        utility=pd.concat([found.utility.assign(run=name) for name, found in tables.items()], ignore_index=True),
        same_images=len({frozenset(study.run.info.datasets) for study in named.values()}) == 1,
    )


def _row(folder: Path) -> dict[str, Any]:
    counts = status_table(folder)
    answer = folder / ANSWER
    return {
        "run": folder.name,
        "done": int(counts["done"].sum()),
        "jobs": int(counts[["done", "failed", "left"]].to_numpy().sum()),
        "failed": int(counts["failed"].sum()),
        "changed": datetime.fromtimestamp(RunFolder.open(folder).changed()).astimezone(),
        "answer": json.loads(answer.read_text(encoding="utf-8"))["headline"] if answer.exists() else "",
    }


def _state(outcome: Any) -> str:
    if outcome is None:
        return "left"
    return "done" if outcome.done else "failed"


def _side_by_side(table: pd.DataFrame, text: str, runs: list[str]) -> pd.DataFrame:
    several = [name for name in ("task", "metric") if table[name].nunique() > 1]
    rows = table[table["value"].notna()].pivot_table(
        index=[*several, "arm", "protocol", "labels"], columns="run", values=text, sort=False, aggfunc=" / ".join
    )
    return rows.reindex(columns=runs).fillna("–").sort_index(sort_remaining=True).reset_index()


def _names(folders: Sequence[str]) -> list[str]:
    """Their last parts, or all of each where two are alike."""
    short = [Path(folder).resolve().name for folder in folders]
    return short if len(set(short)) == len(short) else list(folders)


def _differing(runs: dict[str, RunFolder]) -> pd.DataFrame:
    """A row per key that not all have alike, names and titles aside."""
    settings = [_settings(run) for run in runs.values()]
    rows = [dict(zip(("key", *runs), row, strict=True)) for row in _rows("", settings)]
    return pd.DataFrame(rows, columns=["key", *runs])


def _settings(run: RunFolder) -> dict[str, Any]:
    values = read_values(run.folder / CONFIG)
    return {key: value for key, value in values.items() if key not in {"name", *DESCRIBING}}


def _rows(path: str, values: Sequence[Any]) -> Iterator[tuple[str, ...]]:
    """What differs among ``values`` of one key: of blocks of keys that all have, key by key."""
    if all(value == values[0] for value in values):
        return
    if not all(isinstance(value, Mapping) for value in values):
        yield path, *(_told(value) for value in values)
        return
    for key in dict.fromkeys(key for value in values for key in value):
        yield from _rows(f"{path}.{key}" if path else key, [value.get(key, ABSENT) for value in values])


def _told(value: Any) -> str:
    return PRESENT if isinstance(value, Mapping) else str(value)
