"""The answer of a study in one sentence."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from headstart.charts.names import find_baseline, in_words, protocol_title, varied_text
from headstart.charts.panels import differing, named_conditions
from headstart.charts.text import interval, labels_text, percent, signed_labels
from headstart.report.missing import missing_sentence

__all__ = ["Verdict", "state_verdict"]


NO_BREAK_HYPHEN = "\u2011"


class Verdict(NamedTuple):
    """headline: one sentence.

    detail: what to know before believing it, empty where there is nothing. claims: whether the headline claims a gain
    in labels.
    """

    headline: str
    detail: str
    claims: bool = False


def state_verdict(
    utility: pd.DataFrame,
    arms: pd.DataFrame,
    missing: pd.DataFrame,
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
) -> Verdict:
    """What the utility table comes to; the table of arms tells what it is measured against.

    A gain is claimed where the lower end of the band over all points, ``sure_gain``, lies above 0, and that of utility
    as well; else none is, and a point whose own interval lies above 0 is called unsettled. The point in the headline is
    the one whose interval of utility has the highest lower end, of those that are claimed, if there are any. The
    highest estimate would be the luckiest of many noisy ones.

    >>> tables = Study.load("runs/quickstart").tables  # doctest: +SKIP
    >>> state_verdict(tables.utility, tables.arms, tables.missing).headline  # doctest: +SKIP
    """
    baseline, lacking = find_baseline(arms), missing_sentence(missing)
    measured = utility[utility["utility"].notna()]
    if measured.empty:
        return Verdict(
            f"Utility cannot be measured: it takes finished runs of {baseline.name} and of another arm.", lacking
        )
    compared = measured[measured["utility_low"].notna()]
    if compared.empty:
        return Verdict("Utility has no interval yet, so nothing can be claimed: run at least two trials.", lacking)
    claimed = compared[(compared["sure_gain"] > 0) & (compared["utility_low"] > 0)]
    best = _highest(compared if claimed.empty else claimed)
    where = _where(best, compared, varied)
    detail = " ".join(filter(None, [_band(compared, confidence), _networks(compared), lacking, _bounded(missing)]))
    if best["utility_low"] <= 0:
        return Verdict(_no_gain(best, where, confidence), detail)
    gain = _gain(best, where, baseline.name, confidence)
    if not claimed.empty:
        return Verdict(f"With {gain}.", detail, claims=True)
    return Verdict(f"Not settled: with {gain}, {_doubt(best, len(compared))}.", detail)


def _highest(points: pd.DataFrame) -> pd.Series:
    return points.iloc[int(points["utility_low"].to_numpy().argmax())]


def _doubt(best: pd.Series, points: int) -> str:
    """Why a point whose own interval lies above 0 is not claimed."""
    if pd.isna(best["sure_gain"]):
        return "or lacks the runs that would say otherwise"
    return f"or is the luckiest of {points} points" if points > 1 else "or the runs that it lacks would say otherwise"


def _gain(best: pd.Series, where: str, baseline: str, confidence: float) -> str:
    extra = f"{labels_text(best['equivalent_labels'] - best['labels'])} more labels"
    if best["censored"] == "above":
        # The baseline's largest budget is known to the label, so the bound is not rounded.
        extra = f"at least {best['equivalent_labels'] - best['labels']:,.0f} more labels, as it beats {baseline}'s best"
    return f"{best['labels']:,} labels{where}, {_arm(best)} is worth {extra} ({_range(best, confidence)})"


def _no_gain(best: pd.Series, where: str, confidence: float) -> str:
    known = {"none": "", "above": "at least ", "below": "at most "}[best["censored"]]
    extra = known + signed_labels(best["equivalent_labels"] - best["labels"])
    return (
        f"No arm is worth labels beyond its interval: at {best['labels']:,} labels{where}, {_arm(best)} comes to "
        f"{extra} labels ({_range(best, confidence)})."
    )


def _range(best: pd.Series, confidence: float) -> str:
    lowest = -float(best["labels"])
    ends = (best["equivalent_low"] - best["labels"], best["equivalent_high"] - best["labels"])
    signs = labels_text if ends[0] > 0 else signed_labels
    return f"{percent(confidence)} interval {interval(*ends, signs, lowest)}"


def _arm(best: pd.Series) -> str:
    how = "" if best["protocol"] == "finetune" else f" ({protocol_title(best['protocol'])})"
    return f"{in_words(best['arm'], best['method'])}{how}"


def _where(best: pd.Series, compared: pd.DataFrame, varied: Sequence[str]) -> str:
    """The study of a suite, and the dataset, task or backbone, if there are several."""
    values = {key: best[key] for key in differing(compared, varied)}
    conditions = dict.fromkeys(str(best[condition]) for condition in named_conditions(compared, varied))
    names = [*([varied_text(values)] if values else []), *conditions]
    # Factors such as T--- stay on one line.
    return f" ({', '.join(names)})".replace("-", NO_BREAK_HYPHEN) if names else ""


def _band(compared: pd.DataFrame, confidence: float) -> str:
    points = "1 point" if len(compared) == 1 else f"{len(compared):,} points"
    return (
        f"Simultaneous {percent(confidence)} band over {points}: a study without any gain would claim one in at most "
        f"{percent(1 - confidence)} of cases."
    )


def _networks(compared: pd.DataFrame) -> str:
    """Of what the intervals speak where pretraining was repeated less often than learning from labels."""
    if not (compared["pretrainings"] == 1).any():
        return ""
    return "Where an arm was pretrained once, its intervals speak of that one network, not of its method."


def _bounded(missing: pd.DataFrame) -> str:
    return "" if missing.empty else "What is claimed would hold if they had scored the blind guess."
