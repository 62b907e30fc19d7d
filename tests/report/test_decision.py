"""The box under the verdict: what to do, by what is sure; what it saves; and what it cost."""

import numpy as np
import pandas as pd
import pytest
from synthetic_report import make_advice
from synthetic_study import BUDGETS, Curve, Tables, make_doublings, make_results, make_tables

SAME = Curve(0.88, 2.0, 1.0)


def tables(gain: float, labels: tuple[int, ...] = BUDGETS, **options: object) -> Tables:
    """A study of scratch and an arm that is worth so many times its labels."""
    curves = {("scratch", "finetune"): SAME, ("rotation", "finetune"): SAME._replace(gain=gain)}
    results = make_results(curves=curves, **options)
    return make_tables(results[results["labels"].isin(labels)])


@pytest.fixture(scope="module")
def worth() -> Tables:
    return tables(2.9)


def test_an_arm_that_is_still_better_at_the_largest_budget_is_to_be_pretrained(worth: Tables) -> None:
    advice = make_advice(worth)
    assert advice.lead == "Pretrain."
    assert "With 2,000 labels, the most that were tried, rotation pretraining still scores better" in advice.reason
    assert any(line.startswith("To reach the ") and "rotation, fine-tuned, takes" in line for line in advice.lines)
    spent = "1 min 30 s for 1 pretraining, 1 min 36 s for 48 runs from labels."
    assert advice.lines[-1] == f"Compute that this study rests on: {spent}"
    row = advice.numbers.set_index("arm").loc["rotation"]
    assert row["saved_low"] > 0
    assert row["target_labels"] < 2000
    assert row["pays_up_to"] == 2000
    assert (row["pretraining_seconds"], row["trials_seconds"], row["trials"]) == (90, 48, 24)


def test_without_training_out_nothing_is_decided(worth: Tables) -> None:
    assert make_advice(worth, make_doublings(0.05)).lead == "Train longer first."


def test_a_few_budgets_have_no_forecast_but_a_decision_and_a_cost(worth: Tables) -> None:
    advice = make_advice(tables(2.9, BUDGETS[:3]))
    assert "No forecast of any start: it takes 4 budgets to see a curve, and 3 were measured." in advice.lines
    assert advice.lead == "Pretrain."
    assert np.isnan(advice.numbers["saved"]).all()
    assert not {"labels for target", "labels saved"} & {*advice.table.header}
    assert "forecasts" not in advice.note
    assert {len(row) for row in advice.table.rows} == {len(advice.table.header)}


def test_a_gain_that_is_not_told_from_chance_says_how_many_trials_would_tell() -> None:
    advice = make_advice(tables(1.15, trials=3, seed=2))
    assert advice.lead == "Not decided."
    assert "With 2,000, what rotation pretraining gains is not told from chance." in advice.reason
    assert "trials" in advice.reason


def test_a_start_that_pays_with_few_labels_alone_is_for_few_labels() -> None:
    found = tables(2.9)
    late = found.utility["labels"] >= 1000
    utility = found.utility.assign(sure_gain=found.utility["sure_gain"].mask(late, -0.01))
    advice = make_advice(found._replace(utility=utility))
    assert advice.lead == "Pretrain while labels are few."
    assert "Rotation pretraining is worth labels up to 500 of them." in advice.reason


def test_a_noisy_start_that_seems_to_gain_more_does_not_hide_one_that_is_sure(worth: Tables) -> None:
    noisy = worth.utility.assign(arm="cmc", gain=worth.utility["gain"] + 0.1, sure_gain=-0.1, utility_low=-0.5)
    twice = worth._replace(utility=pd.concat([noisy, worth.utility], ignore_index=True))
    assert make_advice(twice).reason == make_advice(worth).reason


def test_where_no_start_saves_anything_labels_are_to_be_had() -> None:
    found = tables(1.0)
    utility = found.utility.assign(sure_gain=-0.01, utility_low=-0.3, utility_high=0.02)
    advice = make_advice(found._replace(utility=utility))
    assert (advice.lead, advice.reason) == (
        "Label more.", "With 2,000 labels no start saves more than 40, by its interval."
    )  # fmt: skip


def test_without_a_baseline_nothing_is_advised(worth: Tables) -> None:
    assert make_advice(worth._replace(summary=worth.summary[worth.summary["role"] != "baseline"])) is None


def test_a_blind_guess_that_has_not_run_yet_is_as_none(worth: Tables) -> None:
    blind = worth.results[worth.results["arm"] == "scratch"].assign(arm="blind", role="control", protocol="constant")
    results = pd.concat([worth.results, blind.assign(value=np.nan)], ignore_index=True)
    assert make_advice(worth._replace(results=results)).lines[:1] == make_advice(worth).lines[:1]


def test_of_several_tasks_each_is_told() -> None:
    found = tables(2.9)
    twice = [pd.concat([table, table.assign(task="pose")], ignore_index=True) for table in found[:3]]
    advice = make_advice(Tables(*twice, *found[3:]))
    assert advice.lead == "Task by task."
    assert "Classification: Pretrain. With 2,000" in advice.reason
    assert "Pose: Pretrain." in advice.reason
    assert [row[0].text for row in advice.table.rows] == ["classification"] * 2 + ["pose"] * 2
