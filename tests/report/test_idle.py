"""Arms that never leave the blind guess are named."""

import pandas as pd
import pytest

from headstart.report.idle import idle_sentence
from headstart.study.results.metrics import PrimaryMetric

ACCURACY = {"classification": PrimaryMetric("accuracy")}


def row(arm: str, labels: int, value: float, half: float = 0.02, **other: object) -> dict[str, object]:
    base = {"dataset": "toys", "task": "classification", "arm": arm, "protocol": "finetune", "labels": labels}
    role = {"blind": "control", "scratch": "baseline"}.get(arm, "compared")
    ends = {"value": value, "value_low": value - half, "value_high": value + half}
    return base | ends | {"role": role} | other


def summary(*rows: dict[str, object]) -> pd.DataFrame:
    guesses = [row("blind", labels, 0.1, 0.0, protocol="constant") for labels in (50, 100)]
    return pd.DataFrame([*guesses, *rows])


def test_an_arm_at_the_level_of_the_guess_is_named() -> None:
    table = summary(row("cmc", 50, 0.11), row("cmc", 100, 0.12), row("scratch", 50, 0.11), row("scratch", 100, 0.2))
    assert idle_sentence(table, ACCURACY) == "Not told from the blind guess at any budget: CMC (fine-tuned)."


def test_errors_count_the_other_way() -> None:
    table = summary(row("cmc", 50, 0.09), row("cmc", 100, 0.095), row("scratch", 50, 0.05))
    metrics = {"classification": PrimaryMetric("rmse", higher_is_better=False)}
    assert idle_sentence(table, metrics) == "Not told from the blind guess at any budget: CMC (fine-tuned)."


@pytest.mark.parametrize(
    "table",
    [
        summary(row("cmc", 50, 0.11)).iloc[2:],
        summary(row("cmc", 50, 0.11, float("nan"))),
        summary(row("cmc", 50, 0.3)),
        summary(),
    ],
)
def test_where_nothing_can_be_said_nothing_is(table: pd.DataFrame) -> None:
    assert idle_sentence(table, ACCURACY) == ""
