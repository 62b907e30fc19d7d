"""The sentence that a study comes to."""

import math

import pandas as pd
import pytest

from headstart.report import Verdict, state_verdict

ARMS = pd.DataFrame([("scratch", "scratch", "baseline", "")], columns=["arm", "method", "role", "note"])
NONE_MISSING = pd.DataFrame(columns=["arm", "task", "protocol", "labels", "trial", "step", "reason"])


def point(
    labels: int = 250,
    equivalent: float = 660,
    low: float = 530,
    high: float = 870,
    censored: str = "none",
    arm: str = "rotation",
    sure: float | None = None,
    pretrainings: int = 2,
    **names: str,
) -> dict[str, object]:
    row = {
        "dataset": "toys",
        "pretrain_dataset": "toys",
        "task": "classification",
        "backbone": "resnet9",
        "arm": arm,
        "method": arm,
        "protocol": "finetune",
        "labels": labels,
        "metric": "accuracy",
        "equivalent_labels": equivalent,
        "equivalent_low": low,
        "equivalent_high": high,
        "censored": censored,
    } | names
    return row | {
        "utility": equivalent / labels - 1,
        "utility_low": low / labels - 1,
        "utility_high": high / labels - 1,
        "sure_gain": (low - labels) / 10_000 if sure is None else sure,
        "pretrainings": pretrainings,
    }


NOTHING = point(100, 95, 70, 125, arm="cmc")


def verdict(
    *points: dict[str, object], baseline: tuple[str, str] = ("scratch", "scratch"), **options: object
) -> Verdict:
    arms = ARMS.assign(arm=baseline[0], method=baseline[1])
    return state_verdict(pd.DataFrame(points), arms, options.pop("missing", NONE_MISSING), **options)


def headline(*points: dict[str, object], **options: object) -> str:
    return verdict(*points, **options).headline


def test_a_gain_is_told_in_labels() -> None:
    expected = "With 250 labels, rotation pretraining is worth 410 more labels (95\u00a0% interval 280–620)."
    assert headline(point(), NOTHING) == expected


def test_the_highest_lower_end_wins_over_the_highest_estimate() -> None:
    lucky = point(50, 900, 55, 2000, arm="cmc")
    assert headline(lucky, point()).startswith("With 250 labels, rotation")


def test_a_bound_is_told_as_one() -> None:
    found = headline(point(250, 2000, 1400, math.inf, "above"))
    assert "is worth at least 1,750 more labels" in found
    assert "(95\u00a0% interval ≥ 1,200)" in found


def test_no_gain_names_the_point_that_came_nearest() -> None:
    found = headline(NOTHING, point(50, 40, 20, 75, arm="cmc"))
    assert found == (
        "No arm is worth labels beyond its interval: at 100 labels, CMC pretraining comes to −5 labels "
        "(95\u00a0% interval −30 to +25)."
    )


def test_nothing_below_scratchs_curve_is_worth_anything() -> None:
    found = headline(point(100, 50, 0, 50, "below"))
    assert "comes to at most −50 labels (95\u00a0% interval ≤ −50)" in found


def test_a_point_outside_its_own_interval_but_inside_the_band_is_unsettled() -> None:
    others = [point(labels, labels, 0.9 * labels, 1.1 * labels, arm="cmc") for labels in range(100, 140)]
    found = verdict(point(sure=-0.01), *others)
    assert found.headline == (
        "Not settled: with 250 labels, rotation pretraining is worth 410 more labels (95\u00a0% interval 280–620), "
        "or is the luckiest of 41 points."
    )
    assert found.detail == (
        "Simultaneous 95\u00a0% band over 41 points: a study without any gain would claim one in at most 5\u00a0% of "
        "cases."
    )


def test_what_is_sure_comes_before_what_looks_better() -> None:
    assert headline(point(50, 900, 500, 2000, arm="cmc", sure=-0.01), point()).startswith("With 250 labels, rotation")


def test_a_point_that_lacks_runs_of_unknown_worth_is_not_claimed() -> None:
    assert headline(point(sure=math.nan)).endswith("or lacks the runs that would say otherwise.")


def test_a_gain_in_score_that_is_none_in_labels_is_not_claimed() -> None:
    assert headline(point(250, 260, 250, 300, sure=0.01)).startswith("No arm is worth labels")


def test_one_pretraining_is_told() -> None:
    assert "speak of that one network" in verdict(point(pretrainings=1)).detail
    assert "network" not in verdict(point(pretrainings=2), point(pretrainings=0)).detail


def test_without_a_scratch_curve_or_trials_nothing_is_claimed() -> None:
    unmeasured = point(equivalent=math.nan, low=math.nan, high=math.nan)
    assert headline(unmeasured).startswith("Utility cannot be measured")
    assert headline(point(low=math.nan, high=math.nan)).endswith("run at least two trials.")
    nothing = state_verdict(pd.DataFrame([point()]).iloc[:0], ARMS, NONE_MISSING)
    assert nothing.headline == "Utility cannot be measured: it takes finished runs of scratch and of another arm."
    assert not nothing.claims


@pytest.mark.parametrize("condition", ["dataset", "task", "backbone"])
def test_places_are_named_where_there_are_several(condition: str) -> None:
    assert f"250 labels ({point()[condition]}), " in headline(point(), point(100, 95, 70, 125, **{condition: "other"}))


def test_confidence_is_told() -> None:
    assert "(90\u00a0% interval" in headline(point(), confidence=0.9)


def test_arms_are_called_by_their_own_names() -> None:
    assert headline(point(arm="rotation long", method="rotation")).startswith(
        "With 250 labels, “rotation long” is worth"
    )
    assert "training from scratch is worth" in headline(point(arm="scratch", method="scratch"))


def test_the_baseline_is_called_by_its_own_name() -> None:
    best = point(250, 2000, 1400, math.inf, "above")
    assert "as it beats scratch's best" in headline(best)
    assert "as it beats scratch slow's best" in headline(best, baseline=("scratch slow", "scratch"))
    assert "as it beats imagenet's best" in headline(best, baseline=("imagenet", ""))
    unmeasured = point(equivalent=math.nan, low=math.nan, high=math.nan)
    assert "runs of imagenet and" in headline(unmeasured, baseline=("imagenet", ""))


def test_what_a_suite_varies_is_named_where_it_differs() -> None:
    keys = ["dataset.factors", "backbone.width", "seed"]
    one, other = ({"dataset.factors": "T---", "backbone.width": width, "seed": "0"} for width in ("8", "16"))
    found = headline(point(dataset="T--- a", **one), point(100, 95, 70, 125, dataset="T--- b", **other), varied=keys)
    assert found.startswith("With 250 labels (width 8), rotation")


def test_missing_runs_are_named() -> None:
    arms = ["cmc", "cmc", "rotation", "mine", "cmc"]
    missing = pd.DataFrame({"arm": arms, "reason": "not run yet"})
    bounded = "What is claimed would hold if they had scored the blind guess."
    found = verdict(point(), missing=missing).detail
    assert found.endswith(f"cases. Missing runs are left out of every mean: CMC (3), rotation (1), mine (1). {bounded}")
    many = pd.DataFrame({"arm": [f"arm {number}" for number in range(7)], "reason": "not run yet"})
    assert verdict(point(), missing=many).detail.endswith(f"arm 4 (1), 2 more arms. {bounded}")
    unmeasured = point(equivalent=math.nan, low=math.nan, high=math.nan)
    assert verdict(unmeasured, missing=missing).detail.startswith("Missing runs are left out")
