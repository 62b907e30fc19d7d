"""Utility with intervals and bounds."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.utility import StudyScores, UtilityEstimate, estimate_gains, estimate_utility

LABELS = np.array([50.0, 100.0, 250.0, 500.0, 1000.0])
MEANS = np.array([0.3, 0.4, 0.55, 0.65, 0.7])


def exact(baseline: np.ndarray, arm: np.ndarray, labels: np.ndarray = LABELS, trials: int = 3) -> StudyScores:
    """Trials that agree to the last digit."""
    one, other = (np.tile(means[:, None], (1, trials)) for means in (baseline, arm))
    return StudyScores(labels, one, other[None], np.full((1, trials), -1))


def noisy(seed: int, gain: float = 0.0, trials: int = 4, labels: np.ndarray = LABELS) -> StudyScores:
    rng = np.random.default_rng(seed)
    one, other = MEANS[:, None] + 0.03 * rng.normal(size=(2, len(MEANS), trials))
    return StudyScores(labels, one, other[None] + gain, np.full((1, trials), -1))


def estimate(scores: StudyScores) -> UtilityEstimate:
    gains = estimate_gains(scores, np.random.default_rng(11), draws=200)
    return estimate_utility(scores, gains).curve(0)


def test_equal_curves_are_worth_nothing() -> None:
    found = estimate(exact(MEANS, MEANS))
    np.testing.assert_allclose(found.utility, 0, atol=1e-9)
    np.testing.assert_allclose([found.utility_low, found.utility_high], 0, atol=1e-9)
    assert set(found.censored) == {"none"}


def test_known_answer() -> None:
    """250 labels reach what the baseline reaches with 500: U = 1; halfway between 500 and 1000 is √2 of 500."""
    found = estimate(exact(MEANS, np.array([np.nan, np.nan, 0.65, 0.675, np.nan])))
    np.testing.assert_allclose(found.equivalent_labels[2:4], [500, 500 * np.sqrt(2)])
    np.testing.assert_allclose(found.utility[2:4], [1, np.sqrt(2) - 1])
    assert np.isnan(found.utility[[0, 1, 4]]).all()


def test_outside_the_scratch_curve_only_bounds_are_known() -> None:
    found = estimate(exact(MEANS, np.array([0.2, 0.45, 0.6, 0.71, 0.9])))
    assert list(found.censored) == ["below", "none", "none", "above", "above"]
    assert (found.equivalent_labels[0], found.equivalent_low[0], found.equivalent_high[0]) == (50, 0, 50)
    assert (found.utility[0], found.utility_low[0]) == (0, -1)
    assert (found.equivalent_labels[3], found.equivalent_low[3], found.equivalent_high[3]) == (1000, 1000, np.inf)
    assert (found.utility[3], found.utility_low[3], found.utility_high[3]) == (1, 1, np.inf)


def test_intervals_across_the_edges_are_open() -> None:
    found = estimate(noisy(0))
    assert found.equivalent_low[0] == 0
    assert found.equivalent_high[-1] == np.inf


@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(-0.2, 0.2))
@settings(max_examples=40, deadline=None)
def test_intervals_hold_the_estimate(seed: int, trials: int, gain: float) -> None:
    found = estimate(noisy(seed, gain, trials))
    for name in ("value", "equivalent_labels", "utility"):
        stem = name.removesuffix("_labels")
        point = getattr(found, name)
        assert (getattr(found, f"{stem}_low") <= point).all()
        assert (getattr(found, f"{stem}_high") >= point).all()
    assert (found.utility_low >= -1).all()


@given(st.integers(0, 10_000), st.floats(0, 0.3))
@settings(max_examples=30, deadline=None)
def test_higher_accuracy_never_lowers_equivalent_labels(seed: int, more: float) -> None:
    one, two = estimate(noisy(seed)), estimate(noisy(seed, more))
    for name in ("equivalent_labels", "equivalent_low", "equivalent_high"):
        assert (getattr(two, name) >= getattr(one, name) * (1 - 1e-9)).all()


@given(st.integers(0, 10_000), st.floats(0.1, 1000))
@settings(max_examples=20, deadline=None)
def test_utility_does_not_depend_on_the_unit_of_labels(seed: int, scale: float) -> None:
    one, two = estimate(noisy(seed, 0.05)), estimate(noisy(seed, 0.05, labels=LABELS * scale))
    np.testing.assert_allclose(two.utility, one.utility, rtol=1e-6, atol=1e-9)
    for name in ("equivalent_labels", "equivalent_low", "equivalent_high"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name) * scale, rtol=1e-6)


MOVED = st.lists(st.floats(-0.2, 0.2), min_size=len(MEANS), max_size=len(MEANS))


@given(st.integers(0, 10_000), st.floats(-0.1, 0.1), MOVED)
@settings(max_examples=60, deadline=None)
def test_more_labels_are_sure_only_where_a_gain_is(seed: int, gain: float, moved: list[float]) -> None:
    """And fewer only where a loss is, whether or not the baseline's means rise with labels."""
    noise = noisy(seed, gain)
    scores = replace(noise, baseline=noise.baseline + np.array(moved)[:, None])
    gains = estimate_gains(scores, np.random.default_rng(11), draws=200)
    found = estimate_utility(scores, gains)
    assert (gains.low[found.equivalent_low > LABELS * (1 + 1e-9)] > 0).all()
    assert (gains.sure[found.sure_labels > LABELS * (1 + 1e-9)] > 0).all()
    assert (gains.high[found.equivalent_high < LABELS * (1 - 1e-9)] < 0).all()
    assert (found.sure_labels <= found.equivalent_low).all()


def test_where_the_baseline_dips_a_loss_with_as_many_labels_is_no_gain_in_labels() -> None:
    labels, rng = np.array([20.0, 40.0, 80.0]), np.random.default_rng(0)
    means = np.array([[0.500, 0.44, 0.62], [0.485, 0.50, 0.64]])
    baseline, arm = means[..., None] + 0.003 * rng.standard_normal((2, 3, 5))
    scores = StudyScores(labels, baseline, arm[None], np.full((1, 5), -1))
    gains = estimate_gains(scores, np.random.default_rng(1), draws=200)
    found = estimate_utility(scores, gains).curve(0)
    assert gains.high[0, 0] < 0
    assert found.equivalent_labels[0] > 40, "read off a fit that the dip lowered"
    assert (found.equivalent_low[0], found.sure_labels[0]) == (0, 0)
    assert found.equivalent_high[0] > found.equivalent_labels[0]


def test_errors_are_told_as_they_came() -> None:
    found = estimate(noisy(3, 0.05))
    told = found.negated()
    np.testing.assert_allclose(told.value, -found.value)
    np.testing.assert_allclose([told.value_low, told.value_high], [-found.value_high, -found.value_low])
    np.testing.assert_allclose(told.equivalent_low, found.equivalent_low)


def test_a_missing_run_leaves_its_budget_and_no_baseline_leaves_no_utility() -> None:
    scores = noisy(6)
    scores.compared[0, 1], scores.baseline[2, 0], scores.baseline[3] = np.nan, np.nan, np.nan
    found = estimate(scores)
    assert np.isnan([found.value[1], found.utility[1], found.utility_low[1]]).all()
    assert np.isfinite(found.utility[[0, 2, 3, 4]]).all()
    nothing = estimate(replace(scores, baseline=np.full_like(scores.baseline, np.nan)))
    assert np.isfinite(nothing.value[0])
    assert np.isnan([nothing.utility, nothing.utility_low, nothing.utility_high]).all()


def test_one_trial_has_an_estimate_and_no_interval() -> None:
    found = estimate(exact(MEANS, MEANS + 0.02, trials=1))
    assert (found.utility > 0)[:-1].all()
    assert np.isnan([found.value_low, found.utility_low, found.utility_high]).all()
