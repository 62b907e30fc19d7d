"""Monotone curves and their inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import isotonic_regression

from headstart.utility import labels_needed, monotone_fit

LABELS = np.array([50.0, 100.0, 250.0, 1000.0])
CURVE = np.array([0.2, 0.4, 0.6, 0.8])


@st.composite
def noisy_curves(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    points = draw(st.integers(1, 9))
    accuracy = draw(arrays(float, points, elements=st.floats(-1, 1)))
    return accuracy, draw(arrays(float, points, elements=st.integers(1, 6).map(float)))


@given(noisy_curves())
def test_fit_is_isotonic_regression(case: tuple[np.ndarray, np.ndarray]) -> None:
    accuracy, weights = case
    expected = isotonic_regression(accuracy, sample_weight=weights)
    np.testing.assert_allclose(monotone_fit(accuracy, weights), expected, atol=1e-12)


def test_fit_treats_every_draw_alone() -> None:
    draws = np.random.default_rng(0).normal(size=(40, 6))
    weights = np.array([3.0, 3, 2, 3, 1, 3])
    together = monotone_fit(draws, weights)
    np.testing.assert_allclose(together, [isotonic_regression(row, sample_weight=weights) for row in draws])


@pytest.mark.parametrize(
    ("accuracy", "low", "high"),
    [
        (0.2, 50, 50),
        (0.3, np.sqrt(50 * 100), np.sqrt(50 * 100)),
        (0.7, 500, 500),
        (0.8, 1000, 1000),
        (0.81, 1000, np.inf),
        (0.19, 0, 50),
    ],
)
def test_labels_needed_is_linear_in_the_logarithm(accuracy: float, low: float, high: float) -> None:
    found = labels_needed(LABELS, CURVE, np.array([accuracy]))
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_a_plateau_is_reached_at_its_first_budget() -> None:
    found = labels_needed(LABELS, np.array([0.2, 0.6, 0.6, 0.6]), np.array([0.6, 0.601]))
    np.testing.assert_allclose(found.low, [100, 1000])
    np.testing.assert_allclose(found.high, [100, np.inf])


def test_one_budget_measures_one_accuracy() -> None:
    found = labels_needed(np.array([50.0]), np.array([0.4]), np.array([0.3, 0.4, 0.5]))
    np.testing.assert_allclose(found.low, [0, 50, 50])
    np.testing.assert_allclose(found.high, [50, 50, np.inf])


@given(noisy_curves(), st.floats(-1.5, 1.5), st.floats(0, 1))
def test_higher_accuracy_never_needs_fewer_labels(
    case: tuple[np.ndarray, np.ndarray], accuracy: float, more: float
) -> None:
    noisy, weights = case
    labels = 50.0 * 2.0 ** np.arange(len(noisy))
    found = labels_needed(labels, monotone_fit(noisy, weights), np.array([accuracy, accuracy + more]))
    rounding = 1 + 1e-12
    assert found.low[0] <= found.low[1] * rounding
    assert found.high[0] <= found.high[1] * rounding


@given(st.floats(50, 1000))
def test_inverse_of_interpolation(labels: float) -> None:
    found = labels_needed(LABELS, CURVE, np.interp([np.log(labels)], np.log(LABELS), CURVE))
    assert found.low == pytest.approx(labels)
