"""Intervals of any number, correlations, and effects of shifts."""

import numpy as np
import pytest
from scipy import stats

from headstart.utility import associate, jackknife, shift_effects


def test_of_a_mean_it_is_students_interval():
    values = np.random.default_rng(1).normal(size=5)
    found = jackknife(lambda drawn: float(drawn.mean()), values)
    low, high = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert found == pytest.approx((values.mean(), low, high))


def test_a_single_trial_has_a_value_and_no_interval():
    value, low, high = jackknife(lambda drawn: float(drawn.mean()), np.ones((3, 1)))
    assert value == 1
    assert np.isnan([low, high]).all()


def test_intervals_of_a_ratio_of_means_hold_it():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(400):
        draws = rng.normal([[2.0], [1.0]], 0.1, size=(2, 4))
        _, low, high = jackknife(lambda drawn: float(np.divide(*drawn.mean(axis=-1))), draws)
        held.append(low < 2 < high)
    assert 0.92 < np.mean(held) < 0.98


def test_correlations_are_scipys_and_few_units_have_no_interval():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 1, 8))
    found = associate(first, second, rng)
    assert found.spearman.value == pytest.approx(stats.spearmanr(first[0], second[0])[0])
    assert found.pearson.value == pytest.approx(stats.pearsonr(first[0], second[0])[0])
    assert found.spearman.low < found.spearman.value < found.spearman.high
    assert np.isnan(associate(first[:, :4], second[:, :4], rng).spearman.low)


def test_effects_add_up_and_what_pairs_do_not_tell_is_unknown():
    shifts = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]], dtype=bool)
    changes = np.array([-1.0, -3.0, -4.0, 2.0])
    assert shift_effects(shifts, changes)[:3] == pytest.approx([-1, -3, 2])
    assert np.isnan(shift_effects(shifts, changes)[3])
    together = shifts[2:3]
    assert np.isnan(shift_effects(together, changes[2:3])).all()
