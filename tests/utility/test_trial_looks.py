"""Looks at growing trials: when they are taken, and that they keep what they promise together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.utility import Looks


@given(st.integers(1, 10), st.integers(0, 40), st.floats(0.5, 0.99))
def test_all_looks_together_spend_the_error_that_is_allowed(first: int, more: int, overall: float) -> None:
    looks = Looks(first, first + more)
    assert looks.trials[0] == first
    assert looks.trials[-1] == first + more
    assert list(looks.trials) == sorted(set(looks.trials))
    spent = sum(1 - looks.confidence(trials, overall) for trials in looks.trials)
    assert spent == pytest.approx(1 - overall)


def test_a_single_look_costs_nothing() -> None:
    assert Looks(5, 5).confidence(5) == pytest.approx(0.95)


def test_between_looks_the_next_ones_level_counts() -> None:
    looks = Looks(3, 20)
    assert looks.trials == (3, 6, 12, 20)
    assert looks.confidence(4) == looks.confidence(6) == pytest.approx(1 - 0.05 * 3 / 20)
    assert looks.confidence(1) == looks.confidence(3)
    assert looks.confidence(100) == looks.confidence(20)


def test_after_the_last_look_there_is_none() -> None:
    assert [Looks(3, 10).after(trials) for trials in (0, 3, 4, 6, 10, 11)] == [3, 6, 6, 10, None, None]
