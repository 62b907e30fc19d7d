"""Utility with intervals and bounds."""

import time
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.utility import TrialScores, UtilityEstimate, estimate_utility

LABELS = np.array([50.0, 100.0, 250.0, 500.0, 1000.0])
MEANS = np.array([0.3, 0.4, 0.55, 0.65, 0.7])
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "utility_coverage.py"


def exact(means: np.ndarray, labels: np.ndarray = LABELS, trials: int = 3) -> TrialScores:
    """Trials that agree to the last digit."""
    return TrialScores(labels, np.tile(means, (trials, 1)))


def noisy(means: np.ndarray, seed: int, trials: int = 4) -> TrialScores:
    rng = np.random.default_rng(seed)
    return TrialScores(LABELS, means + 0.03 * rng.normal(size=(trials, len(means))))


def estimate(scratch: TrialScores, arm: TrialScores, **options: object) -> UtilityEstimate:
    return estimate_utility(scratch, arm, np.random.default_rng(11), draws=300, **options)


def test_equal_curves_are_worth_nothing() -> None:
    found = estimate(exact(MEANS), exact(MEANS))
    np.testing.assert_allclose(found.utility, 0, atol=1e-9)
    np.testing.assert_allclose([found.utility_low, found.utility_high], 0, atol=1e-9)
    assert set(found.censored) == {"none"}


def test_known_answer() -> None:
    """250 labels reach what scratch reaches with 500: U = 1; halfway between 500 and 1000 is √2 of 500."""
    arm = TrialScores(np.array([250.0, 500.0]), np.tile([0.65, 0.675], (3, 1)))
    found = estimate(exact(MEANS), arm)
    np.testing.assert_allclose(found.equivalent_labels, [500, 500 * np.sqrt(2)])
    np.testing.assert_allclose(found.utility, [1, np.sqrt(2) - 1])


def test_outside_the_scratch_curve_only_bounds_are_known() -> None:
    found = estimate(exact(MEANS), exact(np.array([0.2, 0.45, 0.6, 0.71, 0.9])))
    assert list(found.censored) == ["below", "none", "none", "above", "above"]
    assert (found.equivalent_labels[0], found.equivalent_low[0], found.equivalent_high[0]) == (50, 0, 50)
    assert (found.utility[0], found.utility_low[0]) == (0, -1)
    assert (found.equivalent_labels[3], found.equivalent_low[3], found.equivalent_high[3]) == (1000, 1000, np.inf)
    assert (found.utility[3], found.utility_low[3], found.utility_high[3]) == (1, 1, np.inf)


def test_intervals_across_the_edges_are_open() -> None:
    found = estimate(noisy(MEANS, 0), noisy(MEANS, 1))
    assert found.equivalent_low[0] == 0
    assert found.equivalent_high[-1] == np.inf


@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(-0.2, 0.2))
@settings(max_examples=40, deadline=None)
def test_intervals_hold_the_estimate(seed: int, trials: int, gain: float) -> None:
    found = estimate(noisy(MEANS, seed, trials), noisy(MEANS + gain, seed + 1, trials))
    for name in ("value", "equivalent_labels", "utility"):
        stem = name.removesuffix("_labels")
        point = getattr(found, name)
        assert (getattr(found, f"{stem}_low") <= point).all()
        assert (getattr(found, f"{stem}_high") >= point).all()
    assert (found.utility_low >= -1).all()


@given(st.integers(0, 10_000), st.floats(0, 0.3))
@settings(max_examples=40, deadline=None)
def test_higher_accuracy_never_lowers_equivalent_labels(seed: int, more: float) -> None:
    scratch, arm = noisy(MEANS, seed), noisy(MEANS, seed + 1)
    better = TrialScores(LABELS, arm.values + more)
    one, two = estimate(scratch, arm), estimate(scratch, better)
    for name in ("equivalent_labels", "equivalent_low", "equivalent_high"):
        assert (getattr(two, name) >= getattr(one, name) * (1 - 1e-12)).all()


@given(st.integers(0, 10_000), st.floats(0.1, 1000))
@settings(max_examples=30, deadline=None)
def test_utility_does_not_depend_on_the_unit_of_labels(seed: int, scale: float) -> None:
    scratch, arm = noisy(MEANS, seed), noisy(MEANS + 0.05, seed + 1)
    one = estimate(scratch, arm)
    two = estimate(TrialScores(LABELS * scale, scratch.values), TrialScores(LABELS * scale, arm.values))
    np.testing.assert_allclose(two.utility, one.utility, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(two.equivalent_labels, one.equivalent_labels * scale, rtol=1e-6)


def test_lower_is_better_mirrors_higher_is_better() -> None:
    scratch, arm = noisy(MEANS, 4), noisy(MEANS + 0.05, 5)
    accuracy = estimate(scratch, arm)
    error = estimate(
        TrialScores(LABELS, 1 - scratch.values), TrialScores(LABELS, 1 - arm.values), higher_is_better=False
    )
    for name in ("equivalent_labels", "equivalent_low", "equivalent_high", "utility"):
        np.testing.assert_allclose(getattr(error, name), getattr(accuracy, name), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(error.value, 1 - accuracy.value)
    assert list(error.censored) == list(accuracy.censored)


def test_a_missing_run_leaves_its_budget_and_no_scratch_leaves_no_utility() -> None:
    scratch, arm = noisy(MEANS, 6), noisy(MEANS, 7)
    arm.values[:, 1], scratch.values[0, 2], scratch.values[:, 3] = np.nan, np.nan, np.nan
    found = estimate(scratch, arm)
    assert np.isnan([found.value[1], found.utility[1], found.utility_low[1]]).all()
    assert np.isfinite(found.utility[[0, 2, 3, 4]]).all()
    nothing = estimate(TrialScores(LABELS, np.full((4, 5), np.nan)), arm)
    assert np.isfinite(nothing.value[0])
    assert np.isnan([nothing.utility, nothing.utility_low, nothing.utility_high]).all()


def test_one_trial_has_an_estimate_and_no_interval() -> None:
    found = estimate(exact(MEANS, trials=1), exact(MEANS + 0.02, trials=1))
    assert (found.utility > 0)[:-1].all()
    assert np.isnan([found.value_low, found.utility_low, found.utility_high]).all()


def test_thousands_of_draws_over_tens_of_points_take_less_than_a_second() -> None:
    labels = np.geomspace(50, 1e5, 30)
    rng = np.random.default_rng(0)
    curves = [TrialScores(labels, np.log(labels) + 0.1 * rng.normal(size=(5, 30))) for _ in range(2)]
    started = time.process_time()
    estimate_utility(*curves, rng, draws=2000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("trials", [3, 5])
def test_intervals_hold_the_truth_as_often_as_they_say(trials: int) -> None:
    """250 studies of known truth; a share of 0.95 over five measurable budgets has a standard error near 0.01."""
    benchmark = run_path(str(BENCHMARK))
    shares, _ = benchmark["coverage"](benchmark["TRUTHS"]["clear gain"], trials, studies=250, draws=500)
    assert 0.92 < shares[:5].mean() < 0.98
    assert shares.min() > 0.88
