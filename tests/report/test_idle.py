"""Arms that never leave the blind guess, or are no better than patches, are named."""

import pandas as pd
import pytest

from headstart.report.idle import idle_sentence
from headstart.study.results.metrics import PrimaryMetric

ACCURACY = {"classification": PrimaryMetric("accuracy")}


def row(arm: str, labels: int, value: float, half: float = 0.02, **other: object) -> dict[str, object]:
    base = {"dataset": "toys", "task": "classification", "arm": arm, "protocol": "finetune", "labels": labels}
    role = {"blind": "control", "patches": "control", "scratch": "baseline"}.get(arm, "compared")
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


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.41, 0.41, "Not told from the patch features at any budget: CMC (ridge regression)."),
        (0.41, 0.43, ""),
    ],
)
def test_what_patches_give_for_nothing_is_told_by_the_same_protocol(low: float, high: float, said: str) -> None:
    """One budget at which an arm is better is enough, and no other protocol is spoken of."""
    patches = [row("patches", labels, 0.4, protocol="ridge") for labels in (50, 100)]
    arms = [row("cmc", 50, low, protocol="ridge"), row("cmc", 100, high, protocol="ridge"), row("cmc", 50, 0.2)]
    assert idle_sentence(summary(*patches, *arms), ACCURACY) == said


def test_an_arm_may_be_no_better_than_both() -> None:
    patches = [row("patches", labels, 0.4, protocol="linear") for labels in (50, 100)]
    table = summary(*patches, row("cmc", 50, 0.11, protocol="linear"))
    assert idle_sentence(table, ACCURACY) == (
        "Not told from the blind guess at any budget: CMC (linear probe). "
        "Not told from the patch features at any budget: CMC (linear probe)."
    )
