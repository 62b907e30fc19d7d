import math

import pytest
import torch

from headstart.training.history import Failure, History


def scalar(value):
    return torch.tensor(value)


def test_a_row_holds_the_means_of_its_window():
    history = History(window=2)
    history.add({"loss": scalar(1.0), "accuracy": scalar(0.5)})
    history.add({"loss": scalar(3.0)})
    assert history.fetch(2) is None
    history.close_window(2, lr=0.1)
    assert history.rows == [{"step": 2, "lr": 0.1, "loss": 2.0, "accuracy": 0.5}]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_step_that_is_not_finite_is_named(value):
    history = History(window=10)
    history.add({"loss": scalar(1.0)})
    history.fetch(11)
    for loss in (1.0, value, math.nan):
        history.add({"loss": scalar(loss)})
    assert history.fetch(14) == Failure(12, f"loss is {value}")


def test_a_fetch_in_mid_window_changes_nothing():
    fetched, left = History(window=3), History(window=3)
    for step, loss in enumerate((0.1, 0.7, 0.4)):
        for history in (fetched, left):
            history.add({"loss": scalar(loss)})
        fetched.fetch(step + 1)
        resumed = History(window=3)
        resumed.load(fetched.state())
        fetched = resumed
    left.fetch(3)
    for history in (fetched, left):
        history.close_window(3, lr=0.1)
    assert fetched.rows == left.rows


def test_what_is_merely_watched_may_be_missing():
    history = History(window=3)
    for observed in (math.nan, 2.0, math.inf):
        history.add({"loss": scalar(1.0)}, {"probe": scalar(observed)})
    history.add({"loss": scalar(1.0)}, {"rank": scalar(math.nan)})
    assert history.fetch(4) is None
    history.close_window(4, lr=0.1)
    assert history.rows == [{"step": 4, "lr": 0.1, "loss": 1.0, "probe": 2.0}]
