"""Tables from results."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.errors import ConfigError, StoreError
from headstart.study.results.metrics import PrimaryMetric, primary_metrics
from headstart.study.results.table_files import read_table, write_table
from headstart.study.results.tables import (
    SUMMARY_COLUMNS,
    UTILITY_COLUMNS,
    summary_table,
    utility_table,
)

BUDGETS = [50, 100, 250, 500]
METRICS = {"classification": PrimaryMetric("accuracy")}
INTERVAL = ["value", "value_low", "value_high"]
GAINS = ["gain", "gain_low", "gain_high", "sure_gain"]


def run(method: str, protocol: str, labels: int, trial: int, value: float, **other: object) -> dict[str, object]:
    return {
        "dataset": "toys",
        "pretrain_dataset": "" if method == "scratch" else "toys",
        "task": "classification",
        "backbone": "resnet9",
        "arm": method,
        "method": method,
        "protocol": protocol,
        "role": "baseline" if method == "scratch" else "control" if method == "blind" else "compared",
        "labels": labels,
        "trial": trial,
        "pretraining": "" if method in ("scratch", "blind") else f"{method}-{trial % 2}",
        "split": "test",
        "metric": "accuracy",
        "value": value,
        "steps": 100,
        "seconds": 1.0,
        "job": f"{method}-{protocol}-{labels}-{trial}",
    } | other


@pytest.fixture
def results() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for method, protocol, gain in [("scratch", "finetune", 0), ("rotation", "finetune", 0.1), ("cmc", "linear", -0.02)]:
        for labels in BUDGETS:
            for trial in range(4):
                value = 0.1 + 0.1 * np.log(labels / 10) + gain + 0.01 * rng.normal()
                rows += [
                    run(method, protocol, labels, trial, value),
                    run(method, protocol, labels, trial, 0.99, split="val"),
                    run(method, protocol, labels, trial, 5.0, metric="loss"),
                ]
    return pd.DataFrame(rows)


def test_one_row_per_pretrained_arm_and_budget(results: pd.DataFrame) -> None:
    found = utility_table(results, METRICS, seed=0)
    assert list(found.columns) == UTILITY_COLUMNS
    assert list(zip(found["method"], found["labels"], strict=True)) == [
        (method, labels) for method in ("cmc", "rotation") for labels in BUDGETS
    ]
    rotation = found[found["method"] == "rotation"].set_index("labels")
    # 0.1 of accuracy is a factor e of labels in 0.1 log n.
    assert rotation.loc[100, "equivalent_labels"] == pytest.approx(100 * np.e, rel=0.25)
    assert rotation.loc[500, "censored"] == "above"
    assert found["labels"].dtype == np.int64


def test_utility_speaks_of_the_test_split_and_the_primary_metric(results: pd.DataFrame) -> None:
    expected = results[(results["split"] == "test") & (results["metric"] == "accuracy")].groupby(["method", "labels"])
    for table in (utility_table(results, METRICS, seed=0), summary_table(results, METRICS)):
        for row in table.itertuples():
            assert row.value == pytest.approx(expected["value"].mean()[row.method, row.labels])


def test_summary_counts_runs(results: pd.DataFrame) -> None:
    results.loc[results["job"] == "rotation-finetune-100-2", "value"] = np.nan
    found = summary_table(results, METRICS)
    assert list(found.columns) == SUMMARY_COLUMNS
    row = found[(found["method"] == "rotation") & (found["labels"] == 100)].iloc[0]
    assert (row["trials"], row["missing"]) == (3, 1)
    assert row["value_low"] < row["value"] < row["value_high"]
    assert found["missing"].sum() == 1


def test_missing_runs_are_counted_and_never_averaged(results: pd.DataFrame) -> None:
    results.loc[results["job"].str.startswith("rotation-finetune-100"), "value"] = np.nan
    summary = summary_table(results, METRICS).set_index(["arm", "labels"])
    assert summary.loc[("rotation", 100), ["trials", "missing"]].tolist() == [0, 4]
    assert np.isnan(summary.loc[("rotation", 100), "value"])
    found = utility_table(results, METRICS, seed=0).set_index(["method", "labels"])
    assert found.loc[("rotation", 100), ["value", "utility", "utility_low"]].isna().all()
    assert found.loc[("rotation", 250), ["value", "utility", "utility_low"]].notna().all()


def test_without_scratch_nothing_is_measured_but_accuracy(results: pd.DataFrame) -> None:
    pretrained = results[results["method"] != "scratch"]
    found = utility_table(pretrained, METRICS, seed=0)
    assert len(found) == 2 * len(BUDGETS)
    assert found["value"].notna().all()
    assert found["utility"].isna().all()
    assert utility_table(pretrained, METRICS, interpolation="reference", seed=0).empty


def test_an_arm_does_not_depend_on_the_order_of_rows_nor_its_estimates_on_its_company(results: pd.DataFrame) -> None:
    both = utility_table(results, METRICS, seed=0)
    shuffled = results.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(utility_table(shuffled, METRICS, seed=0), both, check_exact=True)
    alone = utility_table(results[results["method"].isin(["scratch", "rotation"])], METRICS, seed=0)
    same = [*INTERVAL, "equivalent_labels", "utility", "censored", "gain", "pretrainings"]
    expected = both[both["method"] == "rotation"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[same], expected[same], check_exact=True)


def test_gains_are_paired_differences_in_units_of_the_metric(results: pd.DataFrame) -> None:
    found = utility_table(results, METRICS, seed=0).set_index(["arm", "labels"])
    means = results[(results["split"] == "test") & (results["metric"] == "accuracy")].groupby(["arm", "labels"])
    values = means["value"].mean()
    for arm, labels in found.index:
        row = found.loc[(arm, labels)]
        assert row["gain"] == pytest.approx(values[arm, labels] - values["scratch", labels])
        assert row["sure_gain"] < row["gain_low"] < row["gain"] < row["gain_high"]
    assert (found.loc["rotation", "sure_gain"] > 0).all()
    assert (found["pretrainings"] == 2).all()
    assert (found["sure_labels"] <= found["equivalent_low"]).all()
    labels = found.index.get_level_values("labels")
    assert ((found["sure_labels"] > labels) <= (found["sure_gain"] > 0)).all()
    assert (found.loc["rotation", "sure_labels"] > labels[: len(BUDGETS)]).any()
    errors = {"classification": PrimaryMetric("accuracy", higher_is_better=False)}
    mirrored = utility_table(results.assign(value=-results["value"]), errors, seed=0).set_index(["arm", "labels"])
    np.testing.assert_allclose(mirrored[GAINS], found[GAINS])
    np.testing.assert_allclose(mirrored["value_low"], -found["value_high"])


def test_a_claim_must_hold_if_missing_runs_had_scored_the_blind_guess(results: pd.DataFrame) -> None:
    guesses = pd.DataFrame([run("blind", "constant", labels, trial, 0.1) for labels in BUDGETS for trial in range(4)])
    lost = results["job"].isin(["rotation-finetune-100-1", "rotation-finetune-100-2"])
    lacking = results.assign(value=results["value"].mask(lost))
    told = utility_table(pd.concat([lacking, guesses]), METRICS, seed=0).set_index(["arm", "labels"])
    assert told.loc[("rotation", 100), "gain_low"] > 0
    assert told.loc[("rotation", 100), "sure_gain"] < 0
    assert told.loc[("rotation", 250), "sure_gain"] > 0
    assert np.isnan(told.loc[("rotation", 100), "sure_labels"])
    assert told.loc[("rotation", 250), "sure_labels"] > 0
    untold = utility_table(lacking, METRICS, seed=0).set_index(["arm", "labels"])
    assert np.isnan(untold.loc[("rotation", 100), "sure_gain"])
    assert untold.loc[("rotation", 250), "sure_gain"] > 0


def test_reference_rule_has_its_own_last_point(results: pd.DataFrame) -> None:
    found = utility_table(results, METRICS, interpolation="reference", seed=0)
    rotation = found[found["method"] == "rotation"]
    assert set(found["censored"]) == {"none"}
    assert BUDGETS[-2] < rotation["labels"].iloc[-1] < BUDGETS[-1] or len(rotation) < len(BUDGETS)
    assert rotation["utility"].iloc[-1] == pytest.approx(500 / rotation["labels"].iloc[-1], rel=0.01)


def test_reference_rule_refuses_errors(results: pd.DataFrame) -> None:
    metrics = {"classification": PrimaryMetric("accuracy", higher_is_better=False)}
    with pytest.raises(ConfigError, match="use 'log'"):
        utility_table(results, metrics, interpolation="reference", seed=0)


def test_primary_metrics_come_from_the_tasks() -> None:
    assert primary_metrics(["classification"]) == METRICS
    with pytest.raises(ConfigError, match="choose one of"):
        primary_metrics(["cooking"])


def test_equal_input_gives_equal_bytes(results: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_table(utility_table(results, METRICS, seed=3), tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "one"), utility_table(results, METRICS, seed=3), check_exact=True
    )


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "utility.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(StoreError, match=r"utility\.parquet"):
        read_table(tmp_path / "utility")
    with pytest.raises(StoreError, match=r"results\.parquet"):
        read_table(tmp_path / "results")


def test_a_mean_tells_where_missing_runs_would_put_it(results: pd.DataFrame) -> None:
    guesses = [run("blind", "constant", labels, trial, 0.1) for labels in BUDGETS for trial in range(4)]
    results = pd.concat([results, pd.DataFrame(guesses)])
    whole = summary_table(results, METRICS).set_index(["arm", "labels"])
    assert whole["value_if_blind"].isna().all()
    lost = results["job"].isin(["rotation-finetune-100-1", "rotation-finetune-100-2"])
    found = summary_table(results.assign(value=results["value"].mask(lost)), METRICS).set_index(["arm", "labels"])
    row = found.loc[("rotation", 100)]
    assert row["value_if_blind"] == pytest.approx((2 * row["value"] + 2 * 0.1) / 4)
    assert found.drop(index=("rotation", 100))["value_if_blind"].isna().all()


def test_studies_of_a_suite_are_never_mixed(results: pd.DataFrame) -> None:
    """Of two studies the second is without any gain."""
    same = results.assign(value=results["value"].where(results["arm"] != "rotation", 0.3), width="8")
    both = pd.concat([results.assign(width="16"), same])
    found = utility_table(both, METRICS, varied=["width"], seed=0)
    assert list(found.columns) == ["width", *UTILITY_COLUMNS]
    assert list(found["width"].unique()) == ["16", "8"]
    wide = found[found["width"] == "16"].drop(columns="width").reset_index(drop=True)
    alone = utility_table(results, METRICS, seed=0)
    pd.testing.assert_frame_equal(wide[["arm", "labels", "value"]], alone[["arm", "labels", "value"]])
