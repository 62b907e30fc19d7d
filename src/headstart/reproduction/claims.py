"""What the paper's claims, and rules of thumb of the field, come to: for each a number, and where it must lie.

Thresholds are ours: two points of accuracy are about what three trials can tell.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from headstart.lazy import Later
from headstart.reproduction.rules import Rule

if TYPE_CHECKING:
    from headstart.reproduction.evidence import Evidence

__all__ = [
    "ALIKE",
    "BY_TASK",
    "CLOSE",
    "CMC_AHEAD",
    "DENSE_ORDER",
    "EFFORT",
    "ENCODER",
    "FALL",
    "LATE",
    "PROBES",
    "SHIFT",
    "SPLIT",
    "THUMBS",
]

POINTS = 0.02
POOR = 0.8
"""A rank correlation below which one ranking is a poor guide to the other."""
QUARTER = math.log(1.25)
HERE = "headstart.reproduction"


def _unless_idle(*arms: str) -> "Callable[[Evidence], str]":
    """The doubt about a claim whose methods learned nothing."""
    return partial(Later(f"{HERE}.learned:unlearned"), arms=arms)


NOTHING_LEARNED = Later(f"{HERE}.learned:nothing_learned")

FALL = Rule(
    "utility falls",
    "Labels that pretraining stands for, with the fewest labels against the most but one",
    "a factor above 1",
    Later(f"{HERE}.label_measures:utility_fall"),
    low=0.0,
    of_gain=True,
    doubt=NOTHING_LEARNED,
)
LATE = Rule(
    "utility ends",
    "1 + utility with the most labels but one, mean over methods and datasets",
    "less than 1.25",
    Later(f"{HERE}.label_measures:utility_late"),
    high=QUARTER,
    of_gain=True,
    doubt=NOTHING_LEARNED,
)
CLOSE = Rule(
    "curves meet",
    "Gain over scratch with the fewest labels less that with the most, mean over methods and datasets",
    "more than 0",
    Later(f"{HERE}.measures:gains_close"),
    low=0.0,
    of_gain=True,
    doubt=NOTHING_LEARNED,
)
CMC_AHEAD = Rule(
    "CMC ahead",
    "Score of CMC above the mean of the other methods, over budgets and datasets",
    "more than 0",
    partial(Later(f"{HERE}.measures:contrast"), ones=("cmc",), others=("vae", "rotation", "amdim")),
    low=0.0,
    doubt=_unless_idle("cmc"),
)
DENSE_ORDER = Rule(
    "rotation and AMDIM ahead",
    "Score of rotation and AMDIM above that of CMC, over budgets and datasets",
    "more than 0",
    partial(Later(f"{HERE}.measures:contrast"), ones=("rotation", "amdim"), others=("cmc",)),
    low=0.0,
    doubt=_unless_idle("rotation", "amdim", "cmc"),
)
ALIKE = Rule(
    "networks alike",
    "Gain over scratch with ResNet50 less that with ResNet9, over methods, budgets and datasets",
    "less than 0.02, or two points, either way",
    Later(f"{HERE}.measures:network_gain"),
    low=-POINTS,
    high=POINTS,
    of_gain=True,
    doubt=NOTHING_LEARNED,
)
SHIFT = Rule(
    "viewpoint hurts most",
    "Score lost by a shift of viewpoint beyond that lost by the worst other shift",
    "more than 0",
    Later(f"{HERE}.transfer:viewpoint_cost"),
    low=0.0,
    doubt=_unless_idle("amdim"),
)
EFFORT = Rule(
    "effort stops paying",
    "Score lost by half the epochs or an eighth of the images, whichever costs more",
    "less than a point",
    partial(Later(f"{HERE}.measures:effort_cost"), full="full", less=("half the epochs", "an eighth of the images")),
    high=0.01,
    doubt=_unless_idle("cmc"),
)
SPLIT = Rule(
    "split is no handicap",
    "Score of the split network from scratch above that of the whole one",
    "less than 0.02, or two points, either way",
    partial(Later(f"{HERE}.measures:split_difference"), split="scratch split"),
    low=-POINTS,
    high=POINTS,
)
ENCODER = Rule(
    "encoder helps probes more",
    "Lead of AMDIM's encoder over ResNet50 by linear evaluation less its lead by fine-tuning",
    "more than 0",
    Later(f"{HERE}.measures:encoder_difference"),
    low=0.0,
    doubt=_unless_idle("amdim"),
)
PROBES = Rule(
    "probes foretell little",
    "Spearman's correlation of linear evaluation with fine-tuning over methods and datasets, at equal labels",
    f"less than {POOR}",
    Later(f"{HERE}.measures:probe_agreement"),
    high=POOR,
)
BY_TASK = Rule(
    "best method by task",
    "Lead of CMC over rotation and AMDIM in classification less that on dense tasks, as a share of what labels bring",
    "more than 0",
    Later(f"{HERE}.measures:method_by_task"),
    low=0.0,
    doubt=NOTHING_LEARNED,
)

THUMBS = (
    Rule(
        "a few thousand and 100 labels",
        "“Several thousand unlabelled pictures and 100 labels are enough.” Gain of CMC over scratch with about 100 "
        "labels after an eighth of the images",
        "more than 0",
        Later(f"{HERE}.thumbs:few_are_enough"),
        low=0.0,
        of_gain=True,
        doubt=_unless_idle("cmc"),
    ),
    Rule(
        "five unlabelled for a label",
        "“There must be five times more unlabelled than labelled.” Gain over scratch where there are, less that where "
        "there are not",
        "more than 0",
        Later(f"{HERE}.thumbs:five_times"),
        low=0.0,
        of_gain=True,
    ),
    Rule(
        "nothing after 50,000",
        "“It stops paying at 50,000 labels.” Gain over scratch with as many or more",
        "less than a point",
        Later(f"{HERE}.thumbs:late_gain"),
        high=0.01,
        of_gain=True,
    ),
    Rule(
        "diversity costs",
        "“More diverse pretraining images cost label efficiency.” Change by a factor that only pretraining's images "
        "have",
        "less than 0",
        Later(f"{HERE}.thumbs:diversity_cost"),
        high=0.0,
    ),
    Rule(
        "in-domain is better",
        "“In-domain beats more.” Change by pretraining on as many images of another kind; more of them were not tried",
        "less than 0",
        Later(f"{HERE}.thumbs:in_domain"),
        high=0.0,
    ),
)
