"""Gains over a baseline: paired, pooled, and claimed for all curves at once."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.utility import GainEstimate, StudyScores, estimate_gains, image_variance
from headstart.utility.calibration import measure_correlation
from headstart.utility.units import curve_means

LABELS = np.array([50.0, 100.0, 250.0, 500.0])
MEANS = np.array([0.3, 0.4, 0.55, 0.65])[:, None]
ENDS = ("gain", "low", "high", "sure")
BENCHMARK = run_path(str(Path(__file__).parents[2] / "benchmarks" / "utility_coverage.py"))


def study(seed: int = 0, curves: int = 3, trials: int = 4, gain: float = 0.0, noise: float = 0.03) -> StudyScores:
    rng = np.random.default_rng(seed)
    luck = noise * rng.normal(size=(4, trials))
    compared = MEANS + gain + luck + noise * rng.normal(size=(curves, 4, trials))
    baseline = MEANS + luck + noise * rng.normal(size=(4, trials))
    return StudyScores(LABELS, baseline, compared, np.full((curves, trials), -1))


def estimate(scores: StudyScores, draws: int = 400, **options: object) -> GainEstimate:
    return estimate_gains(scores, np.random.default_rng(1), draws=draws, **options)


def assert_same(one: GainEstimate, two: GainEstimate, **tolerance: float) -> None:
    for name in ENDS:
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), **tolerance)


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(2, 6), st.floats(-0.3, 0.3))
@settings(max_examples=25, deadline=None)
def test_ends_stand_in_order_around_the_mean_difference(seed: int, curves: int, trials: int, gain: float) -> None:
    scores = study(seed, curves, trials, gain)
    found = estimate(scores, draws=100)
    np.testing.assert_allclose(found.gain, (scores.compared - scores.baseline).mean(axis=-1))
    assert (found.sure <= found.low).all()
    assert (found.low < found.gain).all()
    np.testing.assert_allclose(found.high - found.gain, found.gain - found.low)


def test_luck_that_trials_give_to_all_curves_cancels() -> None:
    scores = study()
    luck = np.random.default_rng(9).normal(size=(4, 4))
    lucky = replace(scores, baseline=scores.baseline + luck, compared=scores.compared + luck)
    assert_same(estimate(scores), estimate(lucky), atol=1e-9)


def test_relabelling_curves_relabels_gains() -> None:
    scores, order = study(), [2, 0, 1]
    one = estimate(scores, draws=4000)
    two = estimate(replace(scores, compared=scores.compared[order]), draws=4000)
    np.testing.assert_allclose(two.gain, one.gain[order])
    # Critical values are simulated.
    np.testing.assert_allclose(two.high - two.gain, (one.high - one.gain)[order], rtol=0.1)
    np.testing.assert_allclose(two.gain - two.sure, (one.gain - one.sure)[order], rtol=0.1)


@given(st.integers(0, 10_000), st.floats(0.01, 100))
@settings(max_examples=10, deadline=None)
def test_the_unit_of_scores_does_not_matter(seed: int, scale: float) -> None:
    one, scores = estimate(study(seed), draws=100), study(seed)
    two = estimate(replace(scores, baseline=scores.baseline * scale, compared=scores.compared * scale), draws=100)
    for name in ENDS:
        np.testing.assert_allclose(getattr(two, name), scale * getattr(one, name), rtol=1e-6, atol=1e-9 * scale)


def test_pooling_is_worth_trials() -> None:
    """Three trials alone give Student's t 4.30."""
    assert (estimate(study(trials=3), draws=2000).critical < 3.3).all()
    alone = StudyScores(LABELS[:1], study().baseline[:1, :3], study().compared[:1, :1, :3], np.full((1, 3), -1))
    assert estimate(alone, draws=4000).critical[0, 0] > 3.0


def test_more_curves_make_a_claim_harder() -> None:
    few, many = (study(curves=curves) for curves in (1, 12))
    wider = [np.median((found.gain - found.sure) / (found.gain - found.low)) for found in map(estimate, (few, many))]
    assert 1 < wider[0] < wider[1]


def test_a_band_over_more_than_these_curves_is_lower() -> None:
    scores = study()
    assert (estimate(scores, band=0.995, draws=2000).sure < estimate(scores, draws=2000).sure).all()


def test_trials_that_agree_leave_no_doubt() -> None:
    exact = np.tile(MEANS, (1, 3))
    found = estimate(StudyScores(LABELS, exact, exact[None] + 0.1, np.full((1, 3), -1)))
    for name in ENDS:
        np.testing.assert_allclose(getattr(found, name), 0.1)


def test_one_trial_has_a_gain_and_no_ends() -> None:
    found = estimate(study(trials=1))
    assert np.isfinite(found.gain).all()
    assert np.isnan([found.low, found.high, found.sure]).all()


def test_missing_runs_leave_their_points_and_nothing_else() -> None:
    scores = study()
    scores.compared[0, 1], scores.compared[1, 2, 1:], scores.compared[2, 3, 0] = np.nan, np.nan, np.nan
    scores.baseline[0, 1] = np.nan
    found = estimate(scores, guess=np.full(4, 0.1))
    assert np.isnan([found.gain[0, 1], found.low[0, 1], found.sure[0, 1]]).all()
    assert np.isfinite(found.gain[1, 2])
    assert np.isnan(found.low[1, 2])
    expected = (scores.compared - scores.baseline)[2, 3, 1:].mean()
    assert found.gain[2, 3] == pytest.approx(expected)
    known = np.ones((3, 4), dtype=bool)
    known[0, 1] = known[1, 2] = False
    assert np.isfinite([found.low[known], found.sure[known]]).all()


def test_budgets_of_the_baseline_alone_change_no_gain() -> None:
    scores, further = study(gain=0.1), [25.0, 1000.0]
    order = np.argsort(np.concatenate([LABELS, further]))
    nobody = np.full((3, 2, 4), np.nan)
    longer = StudyScores(
        np.concatenate([LABELS, further])[order],
        np.concatenate([scores.baseline, [[0.2] * 4, [0.7] * 4]])[order],
        np.concatenate([scores.compared, nobody], axis=1)[:, order],
        scores.pretraining,
    )
    one, other = estimate(scores, draws=4000), estimate(longer, draws=4000)
    shared = np.isin(longer.labels, LABELS)
    np.testing.assert_allclose(other.gain[:, shared], one.gain)
    np.testing.assert_allclose(other.high[:, shared], one.high, rtol=0.05)
    np.testing.assert_allclose(other.sure[:, shared], one.sure, atol=0.01)
    assert np.isnan(other.gain[:, ~shared]).all()
    assert not other.bounded.any(), "nothing is missing: nobody planned it"
    means = [curve_means(own.compared - own.baseline, own.pretraining) for own in (scores, longer)]
    apart, near = (measure_correlation(own, np.ones(own.mean.shape), networks=False) for own in means)
    assert apart == pytest.approx(near)


def test_a_claim_holds_if_missing_runs_had_scored_the_guess_or_is_not_made() -> None:
    scores = study(gain=0.2, noise=0.005)
    whole = estimate(scores)
    assert (whole.sure > 0).all()
    scores.compared[0, 1, :2] = np.nan
    bounded, unknown = estimate(scores, guess=np.full(4, 0.1)), estimate(scores)
    assert bounded.sure[0, 1] < 0 < bounded.low[0, 1]
    assert np.isnan(unknown.sure[0, 1])
    others = np.ones((3, 4), dtype=bool)
    others[0, 1] = False
    assert (bounded.sure[others] > 0).all()
    good = estimate(scores, guess=MEANS[:, 0] + 0.2)
    assert good.sure[0, 1] > 0


def test_what_the_baseline_lacks_is_bounded_too() -> None:
    scores = study(gain=0.05, noise=0.005)
    assert (estimate(scores).sure > 0).all()
    scores.baseline[1, 0] = np.nan
    untold, guessed, level = (estimate(scores, guess=guess) for guess in (None, np.full(4, 0.1), MEANS[:, 0]))
    assert np.isnan(untold.sure[:, 1]).all()
    assert (untold.sure[:, [0, 2, 3]] > 0).all()
    assert (untold.bounded == [False, True, False, False]).all()
    assert (guessed.low[:, 1] > 0).all()
    assert (guessed.sure[:, 1] < 0).all(), "a baseline that guesses once is worse, and less surely so"
    assert (level.sure > 0).all()


def test_what_the_baseline_lacks_makes_up_for_nothing_that_an_arm_lacks() -> None:
    scores, guess = study(gain=0.2, noise=0.005, trials=6), MEANS[:, 0] - 0.2
    scores.compared[0, 1, 0], scores.baseline[1, 1] = np.nan, np.nan
    arms, baseline = (np.where(np.isnan(own), guess[:, None], own) for own in (scores.compared, scores.baseline))
    both = estimate(replace(scores, compared=arms, baseline=baseline))
    assert estimate(scores, guess=guess).sure[0, 1] < both.sure[0, 1] - 0.02


def test_test_images_are_sampled_where_runs_are_missing_as_well() -> None:
    rng = np.random.default_rng(0)
    easy = 2 * rng.normal(size=(2, 1, 1, 100)) + np.array([0.0, 0.8])[:, None, None, None]
    outcomes = (rng.normal(size=(2, 4, 4, 100)) < easy).astype(float)
    outcomes[1, 1, 0] = np.nan
    scores = StudyScores(LABELS, outcomes[0].mean(axis=-1), outcomes[1:].mean(axis=-1), np.full((1, 4), -1))
    guess = np.nanmean(scores.compared[0], axis=-1) - 0.2
    kept = replace(scores, per_image=(outcomes[0], outcomes[1:]))
    without, found = (estimate(own, guess=guess, draws=2000) for own in (scores, kept))
    assert found.sure[0, 1] < without.sure[0, 1] - 0.02


def test_few_networks_say_less_than_many() -> None:
    """The same scores, told that they came from two networks, ten, or one."""
    scores = study(curves=1, trials=10)
    two, ten, one = (
        estimate(replace(scores, pretraining=seeds[None]), draws=2000)
        for seeds in (np.arange(10) % 2, np.arange(10), np.zeros(10, dtype=int))
    )
    assert two.critical.mean() > 1.3 * ten.critical.mean()
    assert_same(ten, one)


def test_curves_of_one_network_share_its_luck() -> None:
    seeds = np.array([[0, 1, 0, 1], [0, 1, 0, 1], [2, 3, 2, 3]])
    scores = replace(study(), pretraining=seeds)
    assert list(scores.families) == [0, 0, 1]
    assert list(scores.pretrainings) == [2, 2, 2]
    assert scores.clustered
    assert not replace(scores, pretraining=np.arange(12).reshape(3, 4)).clustered


def test_test_images_are_sampled_too() -> None:
    rng = np.random.default_rng(0)
    hard = rng.normal(size=200)
    outcomes = (hard[None, None, None] + 0.5 * rng.normal(size=(2, 4, 3, 200)) < 0).astype(float)
    scores = StudyScores(LABELS, outcomes[0].mean(axis=-1), outcomes[1:].mean(axis=-1), np.full((1, 3), -1))
    kept = replace(scores, per_image=(outcomes[0], outcomes[1:]))
    one, two = estimate(scores, draws=2000), estimate(kept, draws=2000)
    assert (two.high - two.low).mean() >= 0.95 * (one.high - one.low).mean()
    special = outcomes[1:].copy()
    special[..., :60] = 1 - special[..., :60]
    other = replace(scores, compared=special.mean(axis=-1), per_image=(outcomes[0], special))
    found, without = estimate(other, draws=2000), estimate(replace(other, per_image=None), draws=2000)
    assert (found.high - found.low).mean() > 1.2 * (without.high - without.low).mean()


def test_image_variance_is_what_images_alone_add() -> None:
    """Of trials that agree on every image the plain variance of a mean; of trials that are all noise about none."""
    rng = np.random.default_rng(1)
    one, two = rng.integers(0, 2, (2, 500)).astype(float)
    found = image_variance(np.tile(one, (3, 1)), np.tile(two, (3, 1)))
    assert found == pytest.approx((two - one).var(ddof=1) / 500)
    noise = rng.integers(0, 2, (2, 50, 6, 500)).astype(float)
    assert image_variance(*noise).mean() < 0.2 * noise.var() / 500
    lost = np.tile(two, (3, 1))
    lost[1] = np.nan
    assert image_variance(np.tile(one, (3, 1)), lost) == pytest.approx(found)


@pytest.mark.parametrize(
    ("arms", "trials", "options"), [(1, 3, {}), (4, 3, {}), (2, 10, {"seeds": 2, "luck_of_seed": 0.5})]
)
def test_without_gains_claims_are_rare_and_intervals_hold(arms: int, trials: int, options: dict[str, float]) -> None:
    """120 studies: a share of 5 % has a standard error of 2, one of 95 % over their points of about 1."""
    world = BENCHMARK["World"]("none", arms, 1, trials, **options)
    found = []
    for seed in range(120):
        rng = np.random.default_rng([seed, arms, trials])
        found.append(BENCHMARK["answer"](world, BENCHMARK["simulate"](world, rng), rng))
    assert np.mean([one.claimed for one in found]) < 0.1
    assert 0.9 < np.mean([one.gains for one in found]) < 0.99
