"""Rank agreement of known truth."""

import numpy as np
import pytest

from headstart.utility import rank_agreement
from headstart.utility.agreement import _correlations

ARMS = np.array([0.50, 0.55, 0.60, 0.65])[:, None, None]
LABELS = np.array([0.0, 0.1, 0.2])[None, :, None]


def noisy(scores, rng, noise=0.01):
    return scores + noise * rng.standard_normal((len(scores), 3, 4))


@pytest.mark.parametrize(("sign", "expected"), [(1, 1.0), (-1, -1.0)])
def test_the_same_and_the_opposite_order_are_told_whatever_labels_do(sign, expected):
    rng = np.random.default_rng(1)
    found = rank_agreement(noisy(ARMS + LABELS, rng), noisy(sign * ARMS + LABELS, rng), rng)
    assert found.correlation == pytest.approx(expected)
    assert (found.arms, found.budgets) == (4, 3)


def test_unrelated_orders_have_an_interval_around_nothing():
    rng = np.random.default_rng(2)
    found = rank_agreement(noisy(0 * ARMS + LABELS, rng), noisy(0 * ARMS + LABELS, rng), rng)
    assert found.low < 0 < found.high


def test_budgets_with_missing_runs_and_single_arms_are_left_out():
    rng = np.random.default_rng(3)
    scores = noisy(ARMS + LABELS, rng)
    lacking = scores.copy()
    lacking[0, 1, 2] = np.nan
    assert rank_agreement(lacking, scores, rng).budgets == 2
    assert np.isnan(rank_agreement(scores[:1], scores[:1], rng).correlation)
    assert np.isnan(rank_agreement(0 * scores, scores, rng).correlation), "equal scores have no order"


def test_every_draw_of_trials_is_ranked_by_itself():
    rng = np.random.default_rng(4)
    tuned, probed = (np.round(rng.random((4, 3, 5, 6)), 1) for _ in range(2))
    tuned[:, :, 2] = 0.5  # a draw without any order
    alone = [float(_correlations(tuned[:, :, draw], probed[:, :, draw])) for draw in range(5)]
    np.testing.assert_allclose(_correlations(tuned, probed), alone)
    assert np.isnan(alone[2])
    assert np.isfinite(np.delete(alone, 2)).all()


def test_a_single_trial_ranks_and_has_no_interval():
    rng = np.random.default_rng(5)
    scores = (ARMS + LABELS) + 0 * noisy(ARMS + LABELS, rng)[..., :1]
    found = rank_agreement(scores, scores, rng)
    assert found.correlation == pytest.approx(1)
    assert np.isnan([found.low, found.high]).all()
