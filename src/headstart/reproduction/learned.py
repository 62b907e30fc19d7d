"""Whether methods learned anything: what linear evaluation reads off their features beyond those of random weights."""

from collections import defaultdict
from collections.abc import Sequence

from headstart.charts.names import arm_title
from headstart.reproduction.evidence import Evidence
from headstart.reproduction.measures import mean_difference
from headstart.reproduction.places import Place
from headstart.reproduction.rules import Measured, UnmeasuredError
from headstart.study.results.trained_out import listed

__all__ = ["learned_text", "nothing_learned", "unlearned"]

LINEAR, RANDOM = "linear", "random"
UNLEARNED = "no more than random weights tell"
TELLS = "that linear evaluation tells from random weights"


def learned_text(evidence: Evidence) -> str:
    """Of each arm with the most labels, mean over datasets; empty where no linear evaluation was asked for.

    ``Linear evaluation with the most labels, above that of random weights: VAE +9.1 points (8.2 to 10.0); …``
    """
    try:
        places = evidence.places
    except UnmeasuredError:
        return ""
    told = "; ".join(filter(None, (_told(arm, places, evidence) for arm in places[0].compared)))
    return f"Linear evaluation with the most labels, above that of random weights: {told}." if told else ""


def unlearned(evidence: Evidence, arms: Sequence[str]) -> str:
    """That one of ``arms`` learned nothing, as far as linear evaluation tells, so that a claim about it says nothing of
    what pretraining does; empty where all did, or nobody asked.

    ``CMC learned nothing that linear evaluation tells from random weights``
    """
    idle = [arm_title(arm) for arm in arms if _idle(_above(arm, evidence.places, evidence))]
    return f"{listed(idle)} learned nothing {TELLS}" if idle else ""


def nothing_learned(evidence: Evidence) -> str:
    """That no method at all learned anything on one of the tasks and networks, so that what is gained there over
    scratch is not what pretraining does; empty where one did, or nobody asked.

    ``no method learned anything that linear evaluation tells from random weights (pose, ResNet50)``
    """
    groups: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for place in evidence.places:
        groups[tuple(place.names[key] for key in ("task", "network") if key in place.names)].append(place)
    for names, places in groups.items():
        if places[0].compared and all(_idle(_above(arm, places, evidence)) for arm in places[0].compared):
            return f"no method learned anything {TELLS} ({', '.join(names)})"
    return ""


def _told(arm: str, places: Sequence[Place], evidence: Evidence) -> str:
    """Nothing of an arm that lacks runs, which the page says elsewhere."""
    found = _above(arm, places, evidence)
    if found is None:
        return ""
    return f"{arm_title(arm)} {found.text}" + ("" if found.low > 0 else f", {UNLEARNED}")


def _idle(above: Measured | None) -> bool:
    return above is not None and not above.low > 0


def _above(arm: str, places: Sequence[Place], evidence: Evidence) -> Measured | None:
    """Random weights, by linear evaluation with the most labels; ``None`` where that was not measured."""
    try:
        return mean_difference(
            [place.scores(arm, LINEAR)[-1] - place.scores(RANDOM, LINEAR)[-1] for place in places], evidence, places
        )
    except UnmeasuredError:
        return None
