"""The answer of a study in one sentence, and what a practitioner asks next."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from headstart.charts.names import find_baseline
from headstart.report.missing import missing_sentence
from headstart.report.sentences import Words
from headstart.report.standings import is_claimed, standings
from headstart.utility import Interpolation

__all__ = ["Verdict", "state_verdict"]


class Verdict(NamedTuple):
    """headline: one sentence.

    detail: what to know before believing it, empty where there is nothing. claims: whether anything in it claims a gain
    in labels. lines: what else was found, a sentence each: about other arms and budgets, or, where there are several
    tasks, datasets or studies, about each of them.
    """

    headline: str
    detail: str
    claims: bool = False
    lines: tuple[str, ...] = ()


def state_verdict(
    utility: pd.DataFrame,
    arms: pd.DataFrame,
    missing: pd.DataFrame,
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
    interpolation: Interpolation = "log",
) -> Verdict:
    """What the utility table comes to; the table of arms tells what it is measured against.

    Of each task and dataset it tells of the best fine-tuned arm and the best frozen one at the middle budget, then
    where else a gain is claimed, and what is not worth labels. A gain is claimed where the lower end of the band over
    all points, ``sure_gain``, lies above 0, and that of utility as well; a point whose own interval alone lies above 0
    is called unsettled.

    >>> tables = Study.load("runs/quickstart").tables  # doctest: +SKIP
    >>> state_verdict(tables.utility, tables.arms, tables.missing).headline  # doctest: +SKIP
    """
    baseline, lacking = find_baseline(arms), missing_sentence(missing)
    measured = utility[utility["utility"].notna()]
    if measured.empty:
        return Verdict(
            f"Utility cannot be measured: it takes finished runs of {baseline.name} and of another arm.", lacking
        )
    compared = measured[measured["utility_low"].notna()].reset_index(drop=True)
    if compared.empty:
        return Verdict("Utility has no interval yet, so nothing can be claimed: run at least two trials.", lacking)
    words = Words(compared, baseline, tuple(varied), confidence, interpolation)
    found = list(standings(compared, varied))
    told = tuple(words.sentence(standing) for standing in found)
    common = [words.band(), _networks(compared), lacking, _bounded(missing)]
    detail = " ".join(filter(None, common))
    if len(found) == 1:
        return Verdict(told[0], detail, bool(is_claimed(compared).any()), tuple(words.beside(found[0])))
    sure = sum(one.claimed for one in found)
    return Verdict(_count(sure, len(found)), detail, sure > 0, told)


def _count(sure: int, places: int) -> str:
    """In how many of several places the best arm at the middle budget is worth labels."""
    count = f"{sure} of {places}" if sure else f"none of {places}"
    return f"At the middle budget, the best arm is worth labels beyond doubt in {count} comparisons."


def _networks(compared: pd.DataFrame) -> str:
    """Of what the intervals speak where pretraining was repeated less often than learning from labels."""
    if not (compared["pretrainings"] == 1).any():
        return ""
    return "Where an arm was pretrained once, its intervals speak of that one network, not of its method."


def _bounded(missing: pd.DataFrame) -> str:
    return "" if missing.empty else "What is claimed would hold if they had scored the blind guess."
