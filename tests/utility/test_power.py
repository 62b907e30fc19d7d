"""How many trials are said to be enough is what simulated studies need."""

import numpy as np
import pytest
from scipy import stats

from headstart.utility import MOST_TRIALS, detect_gain, trials_needed

LABELS = np.array([10.0, 20.0, 40.0, 80.0])
STUDIES = 20_000


def seen(generator, gain, deviation, trials):
    """Share of studies whose interval of paired differences lies above 0."""
    differences = generator.normal(gain, deviation, (STUDIES, trials))
    error = differences.std(axis=1, ddof=1) / np.sqrt(trials)
    return (differences.mean(axis=1) / error > stats.t.ppf(0.975, trials - 1)).mean()


@pytest.mark.parametrize("effect", [0.3, 0.6, 1.0, 2.0])
def test_the_power_is_what_it_is_said_to_be(effect):
    (trials,) = trials_needed(np.array([effect * 0.02]), np.array([0.02]))
    noise = 3 * np.sqrt(0.16 / STUDIES)
    generator = np.random.default_rng(3)
    assert seen(generator, effect, 1.0, int(trials)) > 0.8 - noise
    assert seen(generator, effect, 1.0, int(trials) - 1) < 0.8 + noise, "one less is not enough"


def test_what_no_number_shows_has_none():
    gains, deviations = np.array([0.0, -0.1, 1e-5, 0.1, 0.1]), np.array([0.1, 0.1, 0.1, 0.0, 1e-4])
    assert trials_needed(gains, deviations).tolist() == [np.inf, np.inf, np.inf, 2, 2]
    (most,) = trials_needed(np.array([0.09]), np.array([1.0]))
    assert MOST_TRIALS > most > 900


def test_more_confidence_and_more_power_take_more_trials():
    gain, deviation = np.array([0.02]), np.array([0.03])
    usual = trials_needed(gain, deviation)
    assert trials_needed(gain, deviation, confidence=0.99) > usual
    assert trials_needed(gain, deviation, power=0.95) > usual


def test_a_gain_in_labels_is_one_in_score_by_the_curves_slope():
    curve = 0.3 + 0.1 * np.log(LABELS)
    scores = curve[:, None] + np.array([-0.02, 0.0, 0.02])
    found = detect_gain(LABELS, scores, 0.5, np.array([10.0, 30.0, 200.0]))
    assert found.gain == pytest.approx(0.1 * np.log(1.5))
    assert found.deviation == pytest.approx(0.02, rel=0.15)
    assert found.score[:2] == pytest.approx(0.3 + 0.1 * np.log([10, 30]))
    assert found.trials.tolist() == trials_needed(found.gain, np.sqrt(2) * found.deviation).tolist()
    assert (detect_gain(LABELS, scores, 1.0, LABELS).trials <= detect_gain(LABELS, scores, 0.5, LABELS).trials).all()


def test_a_curve_that_falls_or_rests_shows_nothing_there():
    scores = np.array([0.5, 0.6, 0.6, 0.6])[:, None] + np.array([-0.01, 0.01])
    trials = detect_gain(LABELS, scores, 0.5, LABELS).trials
    assert np.isfinite(trials[:2]).all()
    assert np.isinf(trials[3])
    falling = np.array([0.6, 0.5])[:, None] + np.array([-0.01, 0.01])
    assert np.isinf(detect_gain(LABELS[:2], falling, 0.5, LABELS[:2]).trials).all()


def test_missing_runs_are_left_out_and_a_single_one_borrows_its_noise():
    scores = np.array([[0.40, 0.44, 0.42], [0.52, np.nan, np.nan]])
    found = detect_gain(LABELS[:2], scores, 0.5, LABELS[:2])
    assert np.isfinite(found.trials).all()
    assert found.score == pytest.approx([0.42, 0.52])
    assert (found.deviation > 0.005).all()


def test_what_a_study_of_true_curves_needs_is_found_from_its_scratch_runs():
    """From many runs of a baseline of known slope and noise come the trials that truth asks for; and simulated studies
    of an arm that has half as many labels again, of noise of its own, see it in four of five cases."""
    generator = np.random.default_rng(5)
    slope, noise = 0.12, 0.03
    scores = 0.2 + slope * np.log(LABELS)[:, None] + generator.normal(0, noise, (4, 400))
    found = detect_gain(LABELS, scores, 0.5, LABELS)
    gain = slope * np.log(1.5)
    (truth,) = trials_needed(np.array([gain]), np.array([np.sqrt(2) * noise]))
    assert np.abs(found.trials - truth).max() <= 1
    assert seen(generator, gain, np.sqrt(2) * noise, int(truth)) == pytest.approx(0.82, abs=0.04)
