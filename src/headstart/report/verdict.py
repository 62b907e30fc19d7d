"""The answer of a study in one sentence."""

from typing import NamedTuple

import pandas as pd

from headstart.charts.text import interval, labels_text, method_title, percent, protocol_title, signed_labels

__all__ = ["Verdict", "state_verdict"]

PLACES = ["dataset", "pretrain_dataset", "task", "backbone"]


class Verdict(NamedTuple):
    """headline: one sentence. detail: what to know before believing it, empty where there is nothing."""

    headline: str
    detail: str


def state_verdict(utility: pd.DataFrame, *, confidence: float = 0.95) -> Verdict:
    """What the utility table comes to.

    The point in the headline is the one whose interval of utility has the highest lower end. The highest estimate
    would be the luckiest of many noisy ones; a high lower end needs a gain that is large against its own noise. Even so
    it is chosen after the fact from M points, of which M · (1 − confidence) / 2 would have intervals above 0 if nothing
    were worth anything: a gain is claimed only if at least one does and more than twice that many do, fewer
    are called unsettled, and the detail gives the count.
    """
    measured = utility[utility["utility"].notna()]
    if measured.empty:
        return Verdict("Utility cannot be measured: no training from scratch finished beside a pretrained one.", "")
    compared = measured[measured["utility_low"].notna()]
    if compared.empty:
        return Verdict("Utility has no interval yet, so nothing can be claimed: run at least two trials.", "")
    best = compared.iloc[int(compared["utility_low"].to_numpy().argmax())]
    positive = int((compared["utility_low"] > 0).sum())
    by_chance = len(compared) * (1 - confidence) / 2
    detail = _count(positive, len(compared), by_chance)
    if positive == 0:
        return Verdict(_no_gain(best, _where(best, compared), confidence), detail)
    gain = _gain(best, _where(best, compared), confidence)
    if positive > 2 * by_chance:
        return Verdict(f"With {gain}.", detail)
    return Verdict(f"Not settled: with {gain}, or is the luckiest of {len(compared)} points.", detail)


def _gain(best: pd.Series, where: str, confidence: float) -> str:
    extra = f"{labels_text(best['equivalent_labels'] - best['labels'])} more labels"
    if best["censored"] == "above":
        # Scratch's largest budget is known to the label, so the bound is not rounded.
        extra = f"at least {best['equivalent_labels'] - best['labels']:,.0f} more labels, as it beats scratch's best"
    return f"{best['labels']:,} labels{where}, {_arm(best)} is worth {extra} ({_range(best, confidence)})"


def _no_gain(best: pd.Series, where: str, confidence: float) -> str:
    known = {"none": "", "above": "at least ", "below": "at most "}[best["censored"]]
    extra = known + signed_labels(best["equivalent_labels"] - best["labels"])
    return (
        f"No method is worth labels beyond its interval: at {best['labels']:,} labels{where}, {_arm(best)} comes to "
        f"{extra} labels ({_range(best, confidence)})."
    )


def _range(best: pd.Series, confidence: float) -> str:
    lowest = -float(best["labels"])
    ends = (best["equivalent_low"] - best["labels"], best["equivalent_high"] - best["labels"])
    signs = labels_text if ends[0] > 0 else signed_labels
    return f"{percent(confidence)} interval {interval(*ends, signs, lowest)}"


def _arm(best: pd.Series) -> str:
    how = "" if best["protocol"] == "finetune" else f" ({protocol_title(best['protocol'])})"
    return f"{method_title(best['method'])} pretraining{how}"


def _where(best: pd.Series, compared: pd.DataFrame) -> str:
    """The dataset, task or backbone, if the study has several."""
    names = [str(best[place]) for place in PLACES if compared[place].nunique() > 1]
    return f" ({', '.join(dict.fromkeys(names))})" if names else ""


def _count(positive: int, compared: int, by_chance: float) -> str:
    intervals = "interval lies" if positive == 1 else "intervals lie"
    return (
        f"Of {compared} points compared, this one's interval has the highest lower end. "
        f"{positive} {intervals} above 0; chance alone would put about {by_chance:.1f} there."
    )
