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
        "sure_labels": 0.9 * low,
        "censored": censored,
    } | names
    return row | {
        "utility": equivalent / labels - 1,
        "utility_low": low / labels - 1,
        "utility_high": high / labels - 1,
        "gain": (equivalent - labels) / 10_000,
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
    expected = (
        "With 250 labels, rotation pretraining is worth 410 more labels (95\u00a0% interval 280–620, band ≥ 230)."
    )
    assert headline(point(), point(250, 240, 200, 300, arm="cmc")) == expected


def test_the_middle_budget_is_told_however_well_others_look() -> None:
    points = [point(labels, 4 * labels, 3 * labels, 5 * labels) for labels in (100, 400)]
    found = verdict(*points, point(200, 210, 150, 260), point(200, 190, 150, 260, arm="cmc"))
    assert found.headline == (
        "With 200 labels, no arm is worth labels beyond its interval: the best, rotation pretraining, comes to "
        "+10 labels (95\u00a0% interval −50 to +60)."
    )
    assert "Worth labels elsewhere too: rotation (at 100, 400)." in " ".join(found.lines)
    assert found.claims


NOISY = point(250, 900, 100, math.inf, arm="vae")


def test_of_claimed_arms_the_best_is_told_however_much_a_noisy_one_seems_to_gain() -> None:
    found = verdict(point(), NOISY, point(250, 500, 400, 600, arm="cmc"))
    assert found.headline.startswith("With 250 labels, rotation pretraining is worth 410 more labels")
    assert found.lines == (
        "Worth labels elsewhere too: CMC (at 250).", "Not shown to be worth labels at any budget: VAE.",
    )  # fmt: skip


def test_an_arm_that_is_above_0_by_itself_is_unsettled_however_much_a_noisy_one_seems_to_gain() -> None:
    found = verdict(point(sure=-0.01), NOISY)
    assert found.headline.startswith("Not settled: with 250 labels, rotation pretraining is worth 410 more labels")
    assert not found.claims


def test_a_frozen_arm_that_is_above_0_by_itself_is_no_arm_that_is_not() -> None:
    frozen = point(250, 400, 260, 500, protocol="ridge", sure=-0.01)
    found = verdict(point(250, 300, 200, 400, arm="cmc"), frozen)
    assert found.headline == (
        "With 250 labels, no fine-tuned arm is worth labels beyond its interval: the best, CMC pretraining, comes to "
        "+50 labels (95\u00a0% interval −50 to +150)."
    )
    assert found.lines[0] == (
        "Frozen, the best is rotation pretraining (ridge regression): +150 labels (95\u00a0% interval 10–250)."
    )


def test_of_two_middle_budgets_it_is_the_smaller() -> None:
    points = [point(labels, 4 * labels, 3 * labels, 5 * labels) for labels in (100, 200, 400, 800)]
    assert headline(*points).startswith("With 200 labels")


def test_frozen_features_have_a_sentence_of_their_own() -> None:
    probes = [point(250, 200, 0, 240, protocol="linear"), point(250, 260, 240, 300, arm="cmc", protocol="knn")]
    found = verdict(point(), *probes)
    assert found.headline.startswith("With 250 labels, rotation pretraining is worth 410")
    assert "Frozen, the best is CMC pretraining (nearest neighbours): +10 labels" in " ".join(found.lines)
    alone = verdict(point(250, 260, 240, 300), point(250, 660, 530, 870, protocol="linear"))
    assert alone.headline.startswith("With 250 labels, rotation pretraining (linear probe) is worth 410 more labels")
    assert "Fine-tuned, the best is rotation pretraining: +10 labels" in " ".join(alone.lines)
    assert headline(*probes).startswith("With 250 labels, no arm is worth labels beyond its interval: the best, CMC")


def test_what_is_not_worth_labels_is_named_and_what_is_worse_as_such() -> None:
    found = verdict(point(), point(250, 150, 100, 200, arm="cmc"), point(250, 260, 200, 300, arm="vae"))
    assert "Not shown to be worth labels at any budget: CMC (worse than scratch), VAE." in " ".join(found.lines)


def test_a_bound_is_told_as_one() -> None:
    found = headline(point(250, 2000, 1400, math.inf, "above"))
    assert "is worth at least 1,750 more labels" in found
    assert "(95\u00a0% interval ≥ 1,200, band ≥ 1,000)" in found


def test_a_single_arm_without_a_gain_is_no_best_one() -> None:
    assert headline(NOTHING, point(200, 180, 120, 275, arm="cmc")) == (
        "With 100 labels, CMC pretraining is worth no labels beyond its interval: it comes to −5 labels "
        "(95\u00a0% interval −30 to +25)."
    )


def test_nothing_below_scratchs_curve_is_worth_anything() -> None:
    found = headline(point(100, 50, 0, 50, "below"))
    assert "it comes to at most −50 labels (95\u00a0% interval ≤ −50)" in found


def test_a_point_outside_its_own_interval_but_inside_the_band_is_unsettled() -> None:
    others = [point(labels, labels, 0.9 * labels, 1.1 * labels, arm="cmc") for labels in range(220, 261)]
    found = verdict(point(240, 660, 530, 870, sure=-0.01), *others)
    assert found.headline == (
        "Not settled: with 240 labels, rotation pretraining is worth 420 more labels (95\u00a0% interval 290–630), "
        "or is the luckiest of 42 points."
    )
    assert found.lines == ("Not shown to be worth labels at any budget: CMC.",)
    assert found.detail == (
        "Simultaneous 95\u00a0% band over 42 points: a study without any gain would claim one in at most 5\u00a0% of "
        "cases."
    )
    assert not found.claims


def test_a_point_that_lacks_runs_of_unknown_worth_is_not_claimed() -> None:
    assert headline(point(sure=math.nan)).endswith("or lacks the runs that would say otherwise.")


def test_a_gain_in_score_that_is_none_in_labels_is_not_claimed() -> None:
    assert "is worth no labels beyond its interval" in headline(point(250, 260, 250, 300, sure=0.01))


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


@pytest.mark.parametrize("condition", ["dataset", "task"])
def test_each_task_and_dataset_has_a_sentence(condition: str) -> None:
    found = verdict(point(), point(100, 95, 70, 125, **{condition: "other"}))
    count = "At the middle budget, the best arm is worth labels beyond doubt in 1 of 2 comparisons."
    assert (found.headline, found.claims) == (count, True)
    assert found.lines[0].startswith(f"With 250 labels ({point()[condition]}), rotation pretraining is worth 410")
    assert found.lines[1].startswith("With 100 labels (other), rotation pretraining is worth no labels")
    nothing = verdict(NOTHING, NOTHING | {condition: "other"})
    assert "in none of 2 comparisons" in nothing.headline
    assert not nothing.claims


def test_networks_are_named_where_there_are_several() -> None:
    assert "250 labels (resnet9), " in headline(point(), point(250, 95, 70, 125, backbone="other"))


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
    points = point(dataset="T--- a", **one), point(100, 95, 70, 125, dataset="T--- b", **other)
    assert verdict(*points, varied=keys).lines[0].startswith("With 250 labels (width 8), rotation")


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
