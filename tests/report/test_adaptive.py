"""Trials are added where a decision hangs, nowhere else, and the page says how many there were."""

import itertools

import numpy as np
import pandas as pd

from headstart.report.adaptive import more_trials, trials_sentence
from headstart.study.config.study import AdaptiveConfig

ADAPTIVE = AdaptiveConfig(first=3, most=12, worth=0.5)


def planned(**trials: int) -> pd.DataFrame:
    """Points of as many trials of each task."""
    return pd.DataFrame(
        {"dataset": "shapes", "task": task, "variant": 0, "arm": arm, "labels": labels, "trial": trial}
        for task, count in trials.items()
        for arm, labels, trial in itertools.product(("scratch", "cmc"), (10, 20, 40), range(count))
    )


def found(task: str, low: float, high: float, sure: float = -0.01, protocol: str = "finetune") -> pd.DataFrame:
    """Utility of one arm, whose interval at the middle budget is the one that is given."""
    ends = {"utility_low": [-9.0, low, -9.0], "utility_high": [9.0, high, 9.0], "sure_gain": [-1.0, sure, -1.0]}
    return pd.DataFrame(
        {"dataset": "shapes", "task": task, "arm": "cmc", "protocol": protocol, "labels": [10, 20, 40], "gain": 0.0}
        | ends
    )


def test_where_it_hangs_there_are_twice_as_many_trials_and_elsewhere_as_many_as_before() -> None:
    points = planned(classification=3, pose=6)
    utility = pd.concat([found("classification", -0.3, 0.8), found("pose", -0.2, 0.4)])
    assert more_trials(utility, points, (), ADAPTIVE) == {(0, "classification"): 6, (0, "pose"): 6}
    told = trials_sentence(utility, points, (), ADAPTIVE)
    assert told.startswith("There are 3 to 6 trials so far, looked at after 3 and 6, which all intervals allow for; 12")


def test_what_is_claimed_or_worth_too_little_is_settled() -> None:
    points = planned(classification=3)
    for settled in (found("classification", 0.1, 4.0, sure=0.02), found("classification", -0.4, 0.49)):
        assert more_trials(settled, points, (), ADAPTIVE) == {}
        told = "There are 3 trials, looked at after 3, which all intervals allow for."
        assert trials_sentence(settled, points, (), ADAPTIVE) == told
    above = found("classification", 0.1, 4.0, sure=-0.02)
    assert more_trials(above, points, (), ADAPTIVE), "its own interval alone is above 0, among many"


def test_what_is_claimed_is_settled_beside_what_seems_to_gain_more() -> None:
    points = planned(classification=3)
    sure = found("classification", 0.1, 4.0, sure=0.02)
    noisy = found("classification", -0.9, 9.0).assign(arm="vae", gain=0.3)
    assert more_trials(pd.concat([sure, noisy]), points, (), ADAPTIVE) == {}
    above = found("classification", 0.1, 0.4, sure=-0.02)
    assert more_trials(pd.concat([above, noisy]), points, (), ADAPTIVE), "what seems to gain most may be worth it"


def test_frozen_arms_have_to_be_settled_too() -> None:
    points = planned(classification=3)
    utility = pd.concat([found("classification", -0.4, 0.4), found("classification", -0.4, 0.6, protocol="linear")])
    assert more_trials(utility, points, (), ADAPTIVE) == {(0, "classification"): 6}


def test_after_the_last_look_it_stays_open() -> None:
    points, utility = planned(classification=12), found("classification", -0.3, 0.8)
    assert more_trials(utility, points, (), ADAPTIVE) == {}
    assert "it stays open whether the best arm is worth 50% more labels" in trials_sentence(
        utility, points, (), ADAPTIVE
    )


def test_what_has_no_interval_hangs() -> None:
    points = planned(classification=3)
    assert more_trials(found("classification", np.nan, np.nan), points, (), ADAPTIVE) == {(0, "classification"): 6}


def test_studies_of_a_suite_hang_one_by_one() -> None:
    points = pd.concat([planned(classification=3).assign(variant=number, width=str(number)) for number in (0, 1)])
    utility = pd.concat(
        [
            found("classification", -0.3, 0.8).assign(width="0"),
            found("classification", -0.3, 0.2).assign(width="1"),
        ]
    )
    more = {(0, "classification"): 6, (1, "classification"): 3}
    assert more_trials(utility, points, ("width",), ADAPTIVE) == more
