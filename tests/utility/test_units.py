"""Means over trials, and over the pretrained networks that trials share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from headstart.utility import mean_interval
from headstart.utility.units import trial_units, unit_means

VALUES = np.random.default_rng(3).normal(0.5, 0.1, size=(3, 4))
NONE = np.full(4, -1)


def test_mean_interval_is_students() -> None:
    found = mean_interval(VALUES, 0.9, NONE)
    for row, values in enumerate(VALUES):
        expected = stats.t.interval(0.9, 3, loc=values.mean(), scale=stats.sem(values))
        assert (found.low[row], found.high[row]) == pytest.approx(expected)


def test_failed_runs_are_left_out() -> None:
    values = VALUES.copy()
    values[0, 0], values[1, 1:], values[2] = np.nan, np.nan, np.nan
    found = mean_interval(values, 0.95, NONE)
    assert found.mean[0] == pytest.approx(VALUES[0, 1:].mean())
    assert found.low[0] == pytest.approx(mean_interval(VALUES[:1, 1:], 0.95, NONE[1:]).low[0])
    assert found.mean[1] == VALUES[1, 0]
    assert np.isnan([found.low[1], found.high[1], found.mean[2], found.low[2]]).all()


def test_trials_of_one_network_are_one_unit_and_the_mean_is_over_networks() -> None:
    seeds = np.array([5, 8, 5, 8])
    networks = np.stack([VALUES[:, [0, 2]].mean(axis=1), VALUES[:, [1, 3]].mean(axis=1)], axis=1)
    found, expected = mean_interval(VALUES, 0.95, seeds), mean_interval(networks, 0.95, NONE[:2])
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("seeds", [NONE, np.full(4, 7), np.arange(4)])
def test_without_networks_or_with_one_the_trials_are_the_units(seeds: np.ndarray) -> None:
    assert list(trial_units(seeds)) == [0, 1, 2, 3]
    np.testing.assert_allclose(unit_means(VALUES, trial_units(seeds)).variance, VALUES.var(axis=1, ddof=1) / 4)


@given(arrays(float, (2, 6), elements=st.floats(-1, 1)), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_what_units_add_to_an_error_cancels(values: np.ndarray, seeds: list[int]) -> None:
    found = unit_means(values, trial_units(np.array(seeds)))
    np.testing.assert_allclose(found.parts.sum(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(found.mean, values.mean(axis=-1), atol=1e-12)
    np.testing.assert_allclose(found.shares.sum(axis=-1), 1)
