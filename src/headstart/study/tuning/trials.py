"""Trials of a search: what was tried, how it did, and the table of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from headstart.space import Value

__all__ = ["SETTING", "Status", "Trial", "in_units", "progress_table", "read_trials", "trials_table"]

Status = Literal["running", "finished", "stopped", "failed"]
SETTING = "set "
"""What a setting's column begins with."""
SCORES = ("score", "best")
"""What columns of scores begin with."""
COLUMNS = ["arm", "trial", "status", "score", "draws", "image_steps", "pretraining", "reason"]


@dataclass
class Trial:
    """One try of an arm. number: from 0, which is the arm as the study has it. values: of its knobs.

    scores: mean on validation images after each draw so far, more being better. status: ``stopped`` means early,
    because others did better after as many draws. image_steps: of fine-tuning; pretraining: of pretrainings on top.
    """

    arm: str
    number: int
    values: Mapping[str, Value]
    scores: list[float] = field(default_factory=list)
    status: Status = "running"
    image_steps: int = 0
    pretraining: int = 0
    reason: str = ""

    @property
    def score(self) -> float:
        """After the last draw that there was; NaN where there was none."""
        return self.scores[-1] if self.scores else float("nan")


def trials_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row per trial: ``arm, trial, status, score, draws, image_steps, pretraining, reason``, ``score after N``
    draws, and a column ``set PATH`` per knob."""
    rows = [_row(trial) for trial in sorted(trials, key=lambda trial: trial.number)]
    arms = list(dict.fromkeys(trial.arm for trial in trials))
    table = pd.DataFrame(rows, columns=list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)])))
    table = table.sort_values("arm", key=lambda names: names.map(arms.index), kind="stable", ignore_index=True)
    settings = [name for name in table.columns if name.startswith(SETTING)]
    return table.assign(**{name: table[name].convert_dtypes() for name in settings})


def progress_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row per trial: ``arm, trial, image_steps, score, status, best``.

    image_steps: of the arm's fine-tuning until then; best: the highest score of those that were finished by then.
    """
    spent: dict[str, int] = {}
    best: dict[str, float] = {}
    rows = []
    for trial in trials:
        spent[trial.arm] = spent.get(trial.arm, 0) + trial.image_steps
        if trial.status == "finished":
            best[trial.arm] = max(trial.score, best.get(trial.arm, trial.score))
        said = {"arm": trial.arm, "trial": trial.number, "image_steps": spent[trial.arm], "score": trial.score}
        rows.append(said | {"status": trial.status, "best": best.get(trial.arm, float("nan"))})
    return pd.DataFrame(rows, columns=["arm", "trial", "image_steps", "score", "status", "best"])


def in_units(table: pd.DataFrame, sign: int) -> pd.DataFrame:
    """A table of scores, of which more is better, as people read them: in the units of a metric of that ``sign``; and
    back again."""
    return table.assign(**{name: sign * table[name] for name in table.columns if name.startswith(SCORES)})


def read_trials(table: pd.DataFrame) -> list[Trial]:
    """The trials of a table that ``trials_table`` made."""
    return [_trial({str(name): value for name, value in row.items()}) for row in table.to_dict("records")]


def _row(trial: Trial) -> dict[str, Any]:
    said = {name: getattr(trial, name) for name in ("arm", "status", "score", "image_steps", "pretraining", "reason")}
    scores = {f"score after {count}": score for count, score in enumerate(trial.scores, start=1)}
    settings = {f"{SETTING}{path}": value for path, value in trial.values.items()}
    return {**said, "trial": trial.number, "draws": len(trial.scores), **scores, **settings}


def _trial(row: Mapping[str, Any]) -> Trial:
    values = {name.removeprefix(SETTING): value for name, value in row.items() if name.startswith(SETTING)}
    return Trial(
        row["arm"],
        int(row["trial"]),
        {path: value for path, value in values.items() if not pd.isna(value)},
        [float(row[f"score after {count}"]) for count in range(1, int(row["draws"]) + 1)],
        row["status"],
        int(row["image_steps"]),
        int(row["pretraining"]),
        row["reason"],
    )
