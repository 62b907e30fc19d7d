"""Whether methods learned anything: what linear evaluation reads off their features beyond those of random weights."""

from collections.abc import Sequence

from headstart.charts.names import arm_title
from headstart.reproduction.evidence import Evidence
from headstart.reproduction.measures import mean_difference
from headstart.reproduction.places import Place
from headstart.reproduction.rules import UnmeasuredError

__all__ = ["learned_text"]

LINEAR, RANDOM = "linear", "random"
UNLEARNED = "no more than random weights tell"


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


def _told(arm: str, places: Sequence[Place], evidence: Evidence) -> str:
    """Nothing of an arm that lacks runs, which the page says elsewhere."""
    try:
        above = [place.scores(arm, LINEAR)[-1] - place.scores(RANDOM, LINEAR)[-1] for place in places]
        found = mean_difference(above, evidence)
    except UnmeasuredError:
        return ""
    return f"{arm_title(arm)} {found.text}" + ("" if found.low > 0 else f", {UNLEARNED}")
