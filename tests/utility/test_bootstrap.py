"""Draws of means over few trials."""

import numpy as np
import pytest
from scipy import stats

from headstart.utility import joint_draws, mean_interval

RNG = np.random.default_rng(3)
VALUES = RNG.normal(0.5, 0.1, size=(4, 3))


def test_mean_interval_is_students() -> None:
    found = mean_interval(VALUES, 0.9)
    for column in range(3):
        values = VALUES[:, column]
        expected = stats.t.interval(0.9, 3, loc=values.mean(), scale=stats.sem(values))
        assert (found.low[column], found.high[column]) == pytest.approx(expected)


def test_failed_runs_are_left_out() -> None:
    values = VALUES.copy()
    values[0, 0], values[1:, 1], values[:, 2] = np.nan, np.nan, np.nan
    found = mean_interval(values, 0.95)
    assert found.mean[0] == pytest.approx(VALUES[1:, 0].mean())
    assert found.low[0] == pytest.approx(mean_interval(VALUES[1:, :1], 0.95).low[0])
    assert found.mean[1] == VALUES[0, 1]
    assert np.isnan([found.low[1], found.high[1], found.mean[2], found.low[2]]).all()


@pytest.mark.parametrize("combination", [[1, 0, 0], [1, -1, 0], [0.3, 2, -1]])
def test_draws_of_any_combination_follow_student(combination: list[float]) -> None:
    draws = joint_draws(VALUES, 20_000, np.random.default_rng(5)) @ combination
    values = VALUES @ combination
    expected = stats.t(3, loc=values.mean(), scale=stats.sem(values))
    assert stats.kstest(draws, expected.cdf).pvalue > 1e-3


def test_shared_luck_cancels_between_arms() -> None:
    arms = np.stack([VALUES[:, 0], VALUES[:, 0] + 0.2], axis=1)
    draws = joint_draws(arms, 100, np.random.default_rng(0))
    np.testing.assert_allclose(draws[:, 1] - draws[:, 0], 0.2)


def test_too_few_trials_have_no_draws() -> None:
    values = VALUES.copy()
    values[1:, 1] = np.nan
    draws = joint_draws(values, 50, np.random.default_rng(0))
    assert np.isnan(draws[:, 1]).all()
    assert np.isfinite(draws[:, [0, 2]]).all()
    assert np.isnan(joint_draws(VALUES[:1], 50, np.random.default_rng(0))).all()
