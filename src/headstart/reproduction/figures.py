"""The registry: sixteen figures of the original study's supplement, three findings of its main text, rules of thumb.

What each shows is said in our words. Where the paper shows two things side by side and states no number, the claim says
what is asked of them here. Thresholds are ours: two points of accuracy are about what three trials can tell.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from headstart.errors import ConfigError
from headstart.lazy import Later
from headstart.reproduction.rules import Rule
from headstart.schema import nearest

__all__ = ["ALL", "FIGURES", "PaperFigure", "find_figure"]

ALL = "all"
POINTS = 0.02
POOR = 0.8
"""A rank correlation below which one ranking is a poor guide to the other."""
QUARTER = math.log(1.25)
HERE = "headstart.reproduction"


@dataclass(frozen=True)
class PaperFigure:
    """name: what ``headstart reproduce`` takes. title. claim: what the paper says it shows, in our words.

    recipes: whose runs it is read off, below ``paper/``. charts: names of ``drawing``'s, in order. rules: what decides.
    """

    name: str
    title: str
    claim: str
    recipes: tuple[str, ...]
    charts: tuple[str, ...]
    rules: tuple[Rule, ...]


FALL = Rule(
    "utility falls",
    "Labels that pretraining stands for, with the fewest labels against the most but one",
    "a factor above 1",
    Later(f"{HERE}.label_measures:utility_fall"),
    low=0.0,
    of_gain=True,
)
LATE = Rule(
    "utility ends",
    "1 + utility with the most labels but one, mean over methods and datasets",
    "less than 1.25",
    Later(f"{HERE}.label_measures:utility_late"),
    high=QUARTER,
    of_gain=True,
)
CLOSE = Rule(
    "curves meet",
    "Gain over scratch with the fewest labels less that with the most, mean over methods and datasets",
    "more than 0",
    Later(f"{HERE}.measures:gains_close"),
    low=0.0,
    of_gain=True,
)
CMC_AHEAD = Rule(
    "CMC ahead",
    "Score of CMC above the mean of the other methods, over budgets and datasets",
    "more than 0",
    partial(Later(f"{HERE}.measures:contrast"), ones=("cmc",), others=("vae", "rotation", "amdim")),
    low=0.0,
)
DENSE_ORDER = Rule(
    "rotation and AMDIM ahead",
    "Score of rotation and AMDIM above that of CMC, over budgets and datasets",
    "more than 0",
    partial(Later(f"{HERE}.measures:contrast"), ones=("rotation", "amdim"), others=("cmc",)),
    low=0.0,
)
ALIKE = Rule(
    "networks alike",
    "Gain over scratch with ResNet50 less that with ResNet9, over methods, budgets and datasets",
    "less than 0.02, or two points, either way",
    Later(f"{HERE}.measures:network_gain"),
    low=-POINTS,
    high=POINTS,
    of_gain=True,
)
SHIFT = Rule(
    "viewpoint hurts most",
    "Score lost by a shift of viewpoint beyond that lost by the worst other shift",
    "more than 0",
    Later(f"{HERE}.transfer:viewpoint_cost"),
    low=0.0,
)
EFFORT = Rule(
    "effort stops paying",
    "Score lost by half the epochs or an eighth of the images, whichever costs more",
    "less than a point",
    partial(Later(f"{HERE}.measures:effort_cost"), full="full", less=("half the epochs", "an eighth of the images")),
    high=0.01,
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

CURVES = ("accuracy", "utility")
SIDE_BY_SIDE = (
    "Both networks side by side; no number is stated. Asked here: does pretraining gain as much with the one as with "
    "the other?"
)
LESS_AND_LESS = "Pretraining is worth most with few labels, and less and less as labels grow."
DENSE = "Rotation and AMDIM are relatively stronger than for classification, and CMC weaker."
DEEPER = "With the deeper network, too, pretraining is worth most with few labels."
FINDINGS = ("fig05", "fig08", "fig11", "fig14")
"""Where all methods meet: classification, pose, segmentation and depth, ResNet9."""


def _figure(
    number: int, title: str, claim: str, charts: tuple[str, ...], *rules: Rule, recipes: tuple[str, ...] = ()
) -> PaperFigure:
    name = f"fig{number:02}"
    return PaperFigure(name, f"Figure {number}: {title}", claim, recipes or (name,), charts, rules)


def _finding(
    name: str, title: str, claim: str, charts: tuple[str, ...], *rules: Rule, recipes: tuple[str, ...] = FINDINGS
) -> PaperFigure:
    return PaperFigure(name, title, claim, recipes, charts, rules)


FIGURES: Mapping[str, PaperFigure] = {
    figure.name: figure
    for figure in (
        _figure(
            1, "transfer between variants", "Shifts of viewpoint between pretraining and fine-tuning hurt most.",
            ("transfer", "shifts"), SHIFT,
        ),
        _figure(
            2, "pretraining effort", "More epochs, or more unlabelled images, soon stop paying.",
            ("effort",), EFFORT,
        ),
        _figure(
            3, "split network from scratch",
            "What the pair of half networks that CMC needs comes to without pretraining; no number is stated. Asked "
            "here: is it as good as the whole network?",
            ("accuracy",), SPLIT,
        ),
        _figure(
            4, "AMDIM's encoder",
            "An encoder made for the pretext task, beside a ResNet50 of its size; no number is stated. Asked here: "
            "does it do more for linear evaluation than for fine-tuning?",
            ("networks",), ENCODER,
        ),
        _figure(
            5, "classification accuracy, ResNet9",
            "All arms close in on each other as labels grow; CMC is strong.",
            ("accuracy",), CLOSE, CMC_AHEAD,
        ),
        _figure(
            6, "classification utility, ResNet9",
            "Utility is highest with few labels and goes to nothing as labels grow, often before accuracy levels off.",
            ("utility",), FALL, LATE,
        ),
        _figure(7, "classification, ResNet50", DEEPER, CURVES, FALL, CMC_AHEAD),
        _figure(8, "pose, ResNet9", LESS_AND_LESS, CURVES, FALL),
        _figure(9, "pose, ResNet50", DEEPER, CURVES, FALL),
        _figure(10, "pose, ResNet9 beside ResNet50", SIDE_BY_SIDE, ("networks",), ALIKE),
        _figure(11, "segmentation, ResNet9", f"{LESS_AND_LESS} {DENSE}", CURVES, FALL, DENSE_ORDER),
        _figure(12, "segmentation, ResNet50", f"{DEEPER} {DENSE}", CURVES, FALL, DENSE_ORDER),
        _figure(13, "segmentation, ResNet9 beside ResNet50", SIDE_BY_SIDE, ("networks",), ALIKE),
        _figure(14, "depth, ResNet9", f"{LESS_AND_LESS} {DENSE}", CURVES, FALL, DENSE_ORDER),
        _figure(15, "depth, ResNet50", f"{DEEPER} {DENSE}", CURVES, FALL, DENSE_ORDER),
        _figure(16, "depth, ResNet9 beside ResNet50", SIDE_BY_SIDE, ("networks",), ALIKE),
        _finding(
            "labels", "Finding: utility against labels",
            "Over all tasks, utility is highest with few labels and tends to nothing as labels grow.",
            ("utility",), FALL, LATE,
        ),
        _finding(
            "methods", "Finding: the best method by task and budget",
            "Which method is best depends on task, data and labels: CMC for classification, rotation and AMDIM for "
            "dense tasks.",
            ("best",), BY_TASK,
        ),
        _finding(
            "probes", "Finding: linear evaluation against fine-tuning",
            "How methods do by linear evaluation does not tell how they do when fine-tuned.",
            ("probes",), PROBES,
        ),
        _finding(
            "thumbs", "Rules of thumb of the field",
            "Not the paper's: sentences that are often heard, asked of the same runs.",
            (), *THUMBS, recipes=("fig01", "fig02", "fig05"),
        ),
    )
}  # fmt: skip
"""By name, in the order of the page."""


def find_figure(name: str) -> tuple[PaperFigure, ...]:
    """The figure of that name, or every one for ``all``. Raises ``ConfigError`` for another, with the nearest name.

    Names of one number are nearest: ``7`` and ``Figure 7`` are near ``fig07``.

    >>> find_figure("fig06")[0].recipes
    ('fig06',)
    """
    if name == ALL:
        return tuple(FIGURES.values())
    if name not in FIGURES:
        numbered = [f"fig{int(number):02}" for number in re.findall(r"\d{1,3}", name)]
        close = next((one for one in numbered if one in FIGURES), None) or nearest(name, [*FIGURES, ALL])
        hint = f"did you mean '{close}'" if close else "there is no such"
        raise ConfigError(
            f"unknown figure '{name}': {hint}; there are fig01 to fig16, labels, methods, probes, thumbs and all"
        )
    return (FIGURES[name],)
