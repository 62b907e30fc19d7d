"""Learning curves of known truth: what is forecast, how often it holds, and when nothing is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.utility.forecast import FARTHEST, distrust, fit_curve

LABELS = np.array([20.0, 40.0, 80.0, 160.0, 320.0])


def measured(truth, rng, trials=4, noise=0.02):
    spread = noise * (LABELS / LABELS[0])[:, None] ** -0.3
    return truth(LABELS)[:, None] + spread * rng.standard_normal((len(LABELS), trials))


def power(floor, scale, fall):
    return lambda labels: floor + scale * (labels / LABELS[0]) ** -fall


@settings(deadline=None, max_examples=20)
@given(floor=st.floats(0, 0.2), scale=st.floats(0.1, 0.6), fall=st.floats(0.1, 1.0), seed=st.integers(0, 99))
def test_without_noise_a_power_law_is_found_and_continued(floor, scale, fall, seed):
    truth, rng = power(floor, scale, fall), np.random.default_rng(seed)
    found = fit_curve(LABELS, measured(truth, rng, noise=1e-5), rng)
    middle, low, high = found.errors(LABELS)
    assert middle == pytest.approx(truth(LABELS), abs=0.02)
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_intervals_hold_the_truth_at_twice_and_four_times_the_labels():
    """Of 80 curves, whose true share is 95 %: fewer than 85 % would be 4 standard errors off."""
    rng, held = np.random.default_rng(3), []
    for _ in range(40):
        truth = power(rng.uniform(0, 0.15), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.7))
        found = fit_curve(LABELS, measured(truth, rng), rng)
        at = np.array([2.0, 4.0]) * LABELS[-1]
        _, low, high = found.errors(at)
        held += ((low <= truth(at)) & (truth(at) <= high)).tolist()
    assert np.mean(held) >= 0.85


def test_labels_for_a_target_lie_where_the_curve_says_and_nowhere_if_it_is_never_met():
    truth, rng = power(0.1, 0.4, 0.5), np.random.default_rng(1)
    found = fit_curve(LABELS, measured(truth, rng, noise=0.002), rng)
    reach = found.reach(float(truth(np.array([100.0]))[0]))
    assert reach.low <= reach.labels <= reach.high
    assert reach.labels == pytest.approx(100, rel=0.1)
    assert found.reach(0.01).labels == np.inf
    assert found.grid[-1] == pytest.approx(FARTHEST * LABELS[-1])


def test_labels_beyond_those_of_a_better_curve_are_what_a_worse_one_needs_to_meet_it():
    rng = np.random.default_rng(3)
    worse, better = power(0.0, 0.5, 0.5), power(0.0, 0.25, 0.5)  # half the error: four times the labels
    fits = [fit_curve(LABELS, measured(truth, rng, noise=0.002), rng) for truth in (worse, better)]
    saved = fits[0].beyond(fits[1], 100)
    assert saved.low <= saved.labels <= saved.high
    assert saved.labels == pytest.approx(300, rel=0.15)


def test_what_cannot_be_trusted_says_why():
    rng = np.random.default_rng(2)
    good = measured(power(0.1, 0.4, 0.5), rng, noise=0.005)
    assert distrust(LABELS, good, 0.9) == ""
    assert "it takes 4 budgets to see a curve, and 3 were measured" in distrust(LABELS[:3], good[:3])
    assert "0 of its budgets are clear of the blind guess" in distrust(LABELS, good + 0.5, 0.6)
    assert "it takes 2 trials to see noise" in distrust(LABELS, good[:, :1])
    few = good.copy()
    few[1:, 1:] = np.nan
    assert distrust(LABELS, few, 0.9) == "", "the noise of one budget is lent to others"
    worse = good.copy()
    worse[3] += 0.2
    assert "gets worse with more labels" in distrust(LABELS, worse, 0.9)
