"""The registry: sixteen figures of the original study's supplement, three findings of its main text, rules of thumb.

What each shows is said in our words. Where the paper shows two things side by side and states no number, the claim says
what is asked of them here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headstart.errors import ConfigError
from headstart.mistakes import nearest
from headstart.reproduction.claims import (
    ALIKE,
    BY_TASK,
    CLOSE,
    CMC_AHEAD,
    DENSE_ORDER,
    EFFORT,
    ENCODER,
    FALL,
    LATE,
    PROBES,
    SHIFT,
    SPLIT,
    THUMBS,
)
from headstart.reproduction.rules import Rule

__all__ = ["ALL", "FIGURES", "PaperFigure", "find_figure"]

ALL = "all"


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
            ("changes", "shifts", "transfer"), SHIFT,
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
