"""Pretrain or label more, by the largest budget of a study: what is sure, and whether more trials would tell."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from headstart.charts.names import Baseline, in_words, protocol_title
from headstart.charts.text import difference_text, labels_text, metric_style
from headstart.report.standings import gains_most, is_claimed
from headstart.report.training import TrainedOut
from headstart.study.results.metrics import PrimaryMetric
from headstart.utility import Interpolation
from headstart.utility.power import trials_needed

__all__ = ["Decision", "Evidence", "decide"]

NEXT_TO_NOTHING = 0.1
"""Of the labels used: a start that saves less is not worth its trouble."""

MOST_TRIALS = 100
"""More will hardly be run."""


class Decision(NamedTuple):
    """A word or two, and the sentences that they rest on."""

    lead: str
    reason: str


class Evidence(NamedTuple):
    """Of one task. utility: rows that have intervals. results: on test images, of the metric. labels: the largest
    budget."""

    utility: pd.DataFrame
    results: pd.DataFrame
    metric: PrimaryMetric
    baseline: Baseline
    labels: int
    confidence: float
    interpolation: Interpolation = "log"


def decide(evidence: Evidence, training: TrainedOut) -> Decision:
    """What one who has ``labels`` labels should do with the next hour: pretrain, label more, or first measure better.

    Sure is what lies in the band over all points of the study, so that of several that are sure the one that gains most
    may be named.
    """
    there = evidence.utility[evidence.utility["labels"] == evidence.labels]
    if there.empty:
        return Decision("Nothing to decide yet.", "At the largest budget nothing has an interval.")
    if training.settled is False:
        return Decision("Train longer first.", "Arms are not trained out, so that a gain may be speed, not labels.")
    still = there[there["sure_gain"] > 0]
    if len(still):
        return _pretrain(evidence, gains_most(still))
    best, sure = gains_most(there), evidence.utility[is_claimed(evidence.utility)]
    if len(sure):
        return _while_few(evidence, sure, best)
    # The ends of the original study's rule hold no promise.
    if evidence.interpolation == "log" and (there["utility_high"] < NEXT_TO_NOTHING).all():
        most = labels_text(float((there["utility_high"] * there["labels"]).clip(lower=0).max()))
        told = f"With {evidence.labels:,} labels no start saves more than {most}, by its interval."
        return Decision("Label more.", told)
    return Decision("Not decided.", f"{_undecided(evidence, best)} {more_trials(evidence, best)}")


def _pretrain(evidence: Evidence, best: pd.Series) -> Decision:
    style = metric_style(evidence.metric.name)
    gained = f"{difference_text(evidence.metric.name, abs(best['gain']))}{' points' if style.unit else ''}"
    told = (
        f"With {evidence.labels:,} labels, the most that were tried, {_arm(best)} still scores better than "
        f"{evidence.baseline.name} beyond doubt: {style.title.removeprefix('test ')} {gained.replace('+', 'by ')}."
    )
    return Decision("Pretrain.", told)


def _while_few(evidence: Evidence, sure: pd.DataFrame, best: pd.Series) -> Decision:
    """Gains that are sure with fewer labels alone."""
    winner = gains_most(sure[sure["labels"] == sure["labels"].max()])
    told = f"{_capital(_arm(winner))} is worth labels up to {int(winner['labels']):,} of them."
    return Decision(
        "Pretrain while labels are few.", f"{told} {_undecided(evidence, best)} {more_trials(evidence, best)}"
    )


def _undecided(evidence: Evidence, best: pd.Series) -> str:
    return f"With {evidence.labels:,}, what {_arm(best)} gains is not told from chance."


def more_trials(evidence: Evidence, best: pd.Series) -> str:
    """Whether more trials would tell, were the gain what it seems to be."""
    differences = _differences(evidence, best)
    trials = len(differences)
    gain, spread = float(np.mean(differences)), float(np.std(differences, ddof=1)) if trials > 1 else math.nan
    if not gain > 0:
        return "More trials would hardly show one: what was measured is none."
    (needed,) = trials_needed(np.array([gain]), np.array([spread]), confidence=evidence.confidence)
    if math.isnan(spread) or needed > MOST_TRIALS:
        return f"A gain as small as the one measured would not show in {MOST_TRIALS} trials."
    amount = f"{max(int(needed), trials + 1):,} trials"
    return f"Were it as large as it looks, about {amount} in place of {trials} would show it (power 80 %)."


def _differences(evidence: Evidence, best: pd.Series) -> np.ndarray:
    """From the baseline, trial by trial, positive being better."""
    there = evidence.results[evidence.results["labels"] == evidence.labels]
    mine = there[(there["arm"] == best["arm"]) & (there["protocol"] == best["protocol"])]
    base = there[(there["role"] == "baseline") & (there["protocol"] == "finetune")]
    sign = 1 if evidence.metric.higher_is_better else -1
    pairs = mine.set_index("trial")["value"] - base.set_index("trial")["value"]
    return np.asarray(sign * pairs.dropna(), dtype=np.float64)


def _arm(row: pd.Series) -> str:
    how = "" if row["protocol"] == "finetune" else f" ({protocol_title(row['protocol'])})"
    return f"{in_words(row['arm'], row['method'])}{how}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
