"""What a search came to, in the units of what its task is judged by."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from synthetic_study import make_results

from headstart.charts.looks import arm_looks
from headstart.charts.tuning import effects_figure, progress_figure
from headstart.report.tuning import change_grid, choices_grid
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.tables import utility_table
from headstart.study.tuning.choices import Choice
from headstart.study.tuning.trials import Trial, in_units, progress_table
from headstart.tuned import Tuned
from headstart.watch_trials import _Trials

METRICS = {"classification": PrimaryMetric("accuracy"), "depth": PrimaryMetric("rmse", higher_is_better=False)}
ARMS = pd.DataFrame(
    {"arm": ["scratch", "rotation"], "method": ["scratch", "rotation"], "role": ["baseline", "compared"]}
)


@pytest.fixture(scope="module")
def utility() -> pd.DataFrame:
    """Of two tasks, the second judged by an error."""
    first = make_results(trials=2)
    first = first[first["arm"] != "cmc"]
    second = first.assign(task="depth", metric="rmse", value=1 - first["value"], job=first["job"] + " depth")
    return utility_table(pd.concat([first, second]), METRICS, seed=0, draws=100)


def tuned(utility: pd.DataFrame, task: str, *scores: float) -> Tuned:
    study: Any = SimpleNamespace(utility=utility, run=SimpleNamespace(info=SimpleNamespace(metrics=METRICS)))
    choice = Choice("rotation", {"protocols.finetune.lr": 0.002}, *scores)
    return Tuned(Path(), "", (choice,), (), {}, study, study, task=task)


@pytest.mark.parametrize(
    ("task", "scores", "metric", "told", "words"),
    [
        ("depth", (-0.351, -0.322), "rmse", [0.351, 0.322], ["0.351", "0.322"]),
        ("classification", (0.351, 0.422), "accuracy", [0.351, 0.422], ["35.1\u00a0%", "42.2\u00a0%"]),
    ],
)
def test_choices_are_told_by_what_the_searched_task_is_judged_by(
    utility: pd.DataFrame, task: str, scores: tuple[float, float], metric: str, told: list[float], words: list[str]
) -> None:
    found = tuned(utility, task, *scores).chosen
    assert found["metric"].tolist() == [metric]
    assert found[["score_default", "score_chosen"]].to_numpy().tolist() == [told]
    assert [cell.text for cell in choices_grid(found).rows[0]][2:] == words


def test_a_score_below_zero_keeps_its_sign() -> None:
    row = {"arm": "rotation", "metric": "r2", "chosen": "lr 1", "score_default": -0.25, "score_chosen": 0.5}
    assert [cell.text for cell in choices_grid(pd.DataFrame([row])).rows[0]][2:] == ["-0.25", "0.5"]


def test_what_changed_is_told_of_each_task(utility: pd.DataFrame) -> None:
    grid = change_grid(tuned(utility, "depth", -0.3, -0.2).change)
    assert grid.header == ["task", "arm", "labels", "utility before", "tuned", "change"]
    names = [tuple(cell.text for cell in row[:3]) for row in grid.rows]
    assert len(set(names)) == len(names)
    assert {name[0] for name in names} == set(METRICS)
    one = change_grid(tuned(utility[utility["task"] == "depth"], "depth", -0.3, -0.2).change)
    assert one.header[0] == "arm"


def test_charts_of_an_error_show_it_as_it_is() -> None:
    trials = [Trial("rotation", 0, {}, [-0.351], "finished", 10), Trial("rotation", 1, {}, [-0.4], "stopped", 10)]
    (chart,) = progress_figure(in_units(progress_table(trials), -1), arm_looks(ARMS), "rmse").panels
    (rows,) = chart["datasets"].values()
    assert [(row["score"], row["best"]) for row in rows] == [(0.351, 0.351), (0.4, 0.351)]
    assert chart["layer"][0]["encoding"]["y"]["title"] == "validation RMSE, lower is better"
    row = {"arm": "rotation", "knob": "lr", "log": True, "value": "0.1", "score": -0.4, "status": "finished"}
    effects = in_units(pd.DataFrame([row | {"share": 0.5}]), -1)
    (panel,) = effects_figure(effects, arm_looks(ARMS), "rmse").panels
    assert [one["score"] for rows in panel["datasets"].values() for one in rows] == [0.4]


def test_who_watches_is_told_in_the_same_units() -> None:
    counts = _Trials(2, 1, -1)
    counts.hear(Trial("rotation", 0, {}, [-0.351], "finished"))
    counts.hear(Trial("rotation", 1, {}, [-0.4], "finished"))
    assert str(counts) == "2/2 trials · best so far: rotation 0.3510"
