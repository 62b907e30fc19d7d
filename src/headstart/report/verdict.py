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
    """headline: one sentence. detail: what to know before believing it, empty where there is nothing."""

    headline: str
    detail: str


def state_verdict(
    utility: pd.DataFrame,
    arms: pd.DataFrame,
    missing: pd.DataFrame,
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
) -> Verdict:
    """What the utility table comes to; the table of arms tells what it is measured against.

    The point in the headline is the one whose interval of utility has the highest lower end. The highest estimate
    would be the luckiest of many noisy ones; a high lower end needs a gain that is large against its own noise. Even so
    it is chosen after the fact from M points, of which M · (1 − confidence) / 2 would have intervals above 0 if nothing
    were worth anything: a gain is claimed only if at least one does and more than twice that many do, fewer
    are called unsettled, and the detail gives the count.

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
    best = compared.iloc[int(compared["utility_low"].to_numpy().argmax())]
    positive = int((compared["utility_low"] > 0).sum())
    by_chance = len(compared) * (1 - confidence) / 2
    detail = " ".join(filter(None, [_count(positive, len(compared), by_chance), lacking]))
    where = _where(best, compared, varied)
    if positive == 0:
        return Verdict(_no_gain(best, where, confidence), detail)
    gain = _gain(best, where, baseline.name, confidence)
    if positive > 2 * by_chance:
        return Verdict(f"With {gain}.", detail)
    return Verdict(f"Not settled: with {gain}, or is the luckiest of {len(compared)} points.", detail)


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


def _count(positive: int, compared: int, by_chance: float) -> str:
    intervals = "interval lies" if positive == 1 else "intervals lie"
    return (
        f"Of {compared} points compared, this one's interval has the highest lower end. "
        f"{positive} {intervals} above 0; chance alone would put about {by_chance:.1f} there."
    )
