"""What a point of the utility table says, in words."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from headstart.charts.names import Baseline, arm_titles, in_words, protocol_title, varied_text
from headstart.charts.panels import differing, named_conditions
from headstart.charts.text import Ends, interval, labels_text, percent, signed_labels, utility_ends
from headstart.report.standings import Standing, is_claimed
from headstart.utility import Interpolation

__all__ = ["Words"]

NO_BREAK_HYPHEN = "\u2011"


class Words(NamedTuple):
    """How points are put into words. compared: all of them."""

    compared: pd.DataFrame
    baseline: Baseline
    varied: tuple[str, ...]
    confidence: float
    interpolation: Interpolation = "log"

    def sentence(self, standing: Standing) -> str:
        """What the best arm at the middle budget is worth."""
        best = standing.best
        if best is None:
            return f"With {standing.labels:,} labels nothing has an interval yet."
        place = f"{standing.labels:,} labels{self._where(best)}"
        if best["utility_low"] <= 0:
            return self._no_gain(standing, best, place)
        gain = f"with {place}, {_arm(best)} is worth {self._more(best)}"
        if standing.claimed:
            return f"{gain[0].upper()}{gain[1:]}."
        return f"Not settled: {gain}, {self._doubt(best)}."

    def beside(self, standing: Standing) -> list[str]:
        """What else a practitioner wants to know of a study of one task."""
        return [*self._other(standing), *self._elsewhere(standing), *self._worthless(standing)]

    def band(self) -> str:
        """What the promise is."""
        points = "1 point" if len(self.compared) == 1 else f"{len(self.compared):,} points"
        return (
            f"Simultaneous {percent(self.confidence)} band over {points}: a study without any gain would claim one in "
            f"at most {percent(1 - self.confidence)} of cases."
        )

    @property
    def _ends(self) -> Ends:
        return utility_ends(self.interpolation, self.confidence)

    def _more(self, best: pd.Series) -> str:
        extra = f"{labels_text(best['equivalent_labels'] - best['labels'])} more labels"
        if best["censored"] == "above":
            # The baseline's largest budget is known to the label, so the bound is not rounded.
            most = f"{best['equivalent_labels'] - best['labels']:,.0f}"
            extra = f"at least {most} more labels, as it beats {self.baseline.name}'s best"
        return f"{extra} ({self._range(best)})"

    def _no_gain(self, standing: Standing, best: pd.Series, place: str) -> str:
        who = _arm(best)
        amount = f"{_amount(best)} labels ({self._range(best)})"
        rivals = standing.points[standing.points["labels"] == standing.labels]
        if len(rivals) == 1:
            return f"With {place}, {who} is worth no labels beyond {self._ends.own}: it comes to {amount}."
        # The best of its kind is not above 0, and so none of this kind is: one of the other kind may be.
        arm = "fine-tuned arm" if (rivals["utility_low"] > 0).any() else "arm"
        return f"With {place}, no {arm} is worth labels beyond {self._ends.own}: the best, {who}, comes to {amount}."

    def _other(self, standing: Standing) -> Iterator[str]:
        """The best fine-tuned arm beside the best frozen one, or the other way round."""
        if (best := standing.other) is not None:
            how = "Fine-tuned" if best is standing.tuned else "Frozen"
            yield f"{how}, the best is {_arm(best)}: {_amount(best)} labels ({self._range(best)})."

    def _elsewhere(self, standing: Standing) -> Iterator[str]:
        """Fine-tuned arms that are worth labels at other points than the one that was told."""
        points = standing.tuned_points
        others = points[is_claimed(points)]
        if standing.tuned is not None:
            others = others.drop(index=standing.tuned.name, errors="ignore")
        titles = arm_titles(self.compared["arm"])
        named = [
            f"{titles[str(arm)]} (at {', '.join(f'{labels:,}' for labels in own['labels'])})"
            for arm, own in others.groupby("arm", sort=False)
        ]
        if named:
            yield f"Worth labels elsewhere too: {', '.join(named)}."

    def _worthless(self, standing: Standing) -> Iterator[str]:
        """Fine-tuned arms that are claimed nowhere; of these, those that are below the baseline."""
        points, titles = standing.tuned_points, arm_titles(self.compared["arm"])
        told = "" if standing.tuned is None else str(standing.tuned["arm"])
        named = []
        for arm, own in points.groupby("arm", sort=False):
            if not is_claimed(own).any() and arm != told:
                there = own[own["labels"] == standing.labels]
                # The ends of the original study's rule hold no promise.
                below = self.interpolation == "log" and (there["utility_high"] < 0).any()
                named.append(f"{titles[str(arm)]}{f' (worse than {self.baseline.name})' if below else ''}")
        if named:
            yield f"Not shown to be worth labels at any budget: {', '.join(named)}."

    def _doubt(self, best: pd.Series) -> str:
        """Why a point whose own interval lies above 0 is not claimed."""
        if pd.isna(best["sure_gain"]):
            return "or lacks the runs that would say otherwise"
        points = len(self.compared)
        return f"or is the luckiest of {points} points" if points > 1 else "or the runs it lacks would say otherwise"

    def _range(self, best: pd.Series) -> str:
        """Its ends, and what is sure by the band over all points."""
        lowest = -float(best["labels"])
        ends = (best["equivalent_low"] - best["labels"], best["equivalent_high"] - best["labels"])
        signs = labels_text if ends[0] > 0 else signed_labels
        sure = best["sure_labels"] - best["labels"]
        band = f", band {_least(sure)}" if best["sure_gain"] > 0 and sure > 0 else ""
        return f"{self._ends.one} {interval(*ends, signs, lowest)}{band}"

    def _where(self, best: pd.Series) -> str:
        """The study of a suite, and the dataset, task or backbone, if there are several."""
        values = {key: best[key] for key in differing(self.compared, self.varied)}
        conditions = dict.fromkeys(str(best[name]) for name in named_conditions(self.compared, self.varied))
        names = [*([varied_text(values)] if values else []), *conditions]
        # Factors such as T--- stay on one line.
        return f" ({', '.join(names)})".replace("-", NO_BREAK_HYPHEN) if names else ""


def _least(labels: float) -> str:
    """A lower end above 0, which may be less than a label."""
    text = labels_text(labels)
    return f"≥ {text}" if text != "0" else "> 0"


def _amount(best: pd.Series) -> str:
    known = {"none": "", "above": "at least ", "below": "at most "}[best["censored"]]
    return known + signed_labels(best["equivalent_labels"] - best["labels"])


def _arm(best: pd.Series) -> str:
    how = "" if best["protocol"] == "finetune" else f" ({protocol_title(best['protocol'])})"
    return f"{in_words(best['arm'], best['method'])}{how}"
