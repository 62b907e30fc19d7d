"""Rules: a number with its interval and where it must lie, and what follows: agree, disagree, undecided, or not run."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from headstart.errors import HeadstartError

if TYPE_CHECKING:
    from headstart.reproduction.evidence import Evidence

__all__ = ["POINTS", "Answer", "Bound", "LackingError", "Measured", "Rule", "UnmeasuredError"]

Verdict = Literal["agree", "disagree", "undecided", "not run"]
Bound = Literal["none", "lower", "upper"]
POINTS = " points"
"""The unit of a difference between shares, which a number and its interval have once."""
HANDICAP = "a baseline of twice the steps"
NOT_TRAINED_OUT = "arms are not trained out, so that a gain may be speed and not labels"


class UnmeasuredError(HeadstartError):
    """A number cannot be had from these runs, for the reason that it says."""


class LackingError(UnmeasuredError):
    """A number cannot be had because runs that it is made of have none."""


class Measured(NamedTuple):
    """A number and its interval, NaN where there is none, and how one of its kind reads.

    bound: ``lower`` where it is known to be at least that much, ``upper`` at most.
    """

    value: float
    low: float
    high: float
    show: Callable[[float], str]
    bound: Bound = "none"

    @property
    def text(self) -> str:
        """The number with its interval, as it reads: ``+2.1 points (−0.3 to +4.5)``."""
        if math.isnan(self.value):
            return "no number"
        low, high = (self.show(end).removesuffix(POINTS) for end in (self.low, self.high))
        ends = "no interval" if math.isnan(self.low) else f"{low} to {high}"
        sign = {"none": "", "lower": "≥ ", "upper": "≤ "}[self.bound]
        return f"{sign}{self.show(self.value)} ({ends})"


class Answer(NamedTuple):
    """What a run says to a rule. reason: why it is undecided or not run, if it is. handicapped: the number against a
    baseline of twice the steps, of a gain that is decided though arms are not trained out."""

    rule: "Rule"
    measured: Measured | None
    verdict: Verdict
    reason: str
    handicapped: Measured | None = None

    @property
    def number(self) -> str:
        """The number with its interval, as it reads."""
        if self.verdict == "not run":
            return "–"
        return "no number" if self.measured is None else self.measured.text

    @property
    def sentence(self) -> str:
        """What was measured, and what follows."""
        if self.verdict == "not run":
            why = f", for {self.reason}" if self.reason else ""
            return f"{self.rule.number}. The claim needs {self.rule.needs}: not run{why}."
        told = f"{self.rule.number}: {self.number}. The claim needs {self.rule.needs}: {self.verdict}"
        if self.handicapped:
            return f"{told}, as against {HANDICAP}: {self.handicapped.text}."
        return f"{told}, for {self.reason}." if self.reason else f"{told}."


@dataclass(frozen=True)
class Rule:
    """name: of its rows in tables. number: what is measured, in words. low, high: between which it lies if the paper is
    right. needs: the same in words. measure: the number, of what runs found; raises ``UnmeasuredError``. of_gain:
    whether it means something only where arms are trained out, or where it comes to the same against a baseline of
    twice the steps. doubt: why nothing follows from a number whatever it is, as a clause, empty where it does.

    >>> rule = Rule("gain", "the gain", "more than 0", lambda evidence: Measured(0.1, -0.1, 0.3, str), low=0.0)
    >>> rule.verdict(rule.measure(None))
    ('undecided', 'the interval reaches over 0.0')
    """

    name: str
    number: str
    needs: str
    measure: "Callable[[Evidence], Measured]"
    low: float = -math.inf
    high: float = math.inf
    of_gain: bool = False
    doubt: "Callable[[Evidence], str] | None" = None

    def ask(self, evidence: "Evidence") -> Answer:
        """What these runs say."""
        if not evidence.begun:
            return Answer(self, None, "not run", "")
        try:
            measured = self.measure(evidence)
        except LackingError as gap:
            return Answer(self, None, "not run" if evidence.unfinished else "undecided", str(gap))
        except UnmeasuredError as gap:
            return Answer(self, None, "undecided", str(gap))
        verdict, reason = self.verdict(measured)
        if verdict == "undecided":
            return Answer(self, measured, verdict, reason)
        if self.doubt and (doubt := self.doubt(evidence)):
            return Answer(self, measured, "undecided", doubt)
        if self.of_gain and not evidence.trained_out:
            return self._handicapped(evidence, Answer(self, measured, verdict, reason))
        return Answer(self, measured, verdict, reason)

    def _handicapped(self, evidence: "Evidence", answer: Answer) -> Answer:
        """What is decided stays so if it is the same against a baseline that had twice the time."""
        try:
            again = self.measure(evidence.handicapped)
        except UnmeasuredError:
            return answer._replace(verdict="undecided", reason=NOT_TRAINED_OUT)
        if self.verdict(again)[0] == answer.verdict:
            return answer._replace(handicapped=again)
        reason = f"{NOT_TRAINED_OUT}: against {HANDICAP} it is {again.text}"
        return answer._replace(verdict="undecided", reason=reason)

    def verdict(self, measured: Measured) -> tuple[Verdict, str]:
        """By the whole interval: all of it where the claim puts the number, or none of it."""
        if math.isnan(measured.low) or math.isnan(measured.high):
            return "undecided", "the number has no interval"
        low = -math.inf if measured.bound == "upper" else measured.low
        high = math.inf if measured.bound == "lower" else measured.high
        if self._holds(low, high):
            return "agree", ""
        if high <= self.low or low >= self.high:
            return "disagree", ""
        if self._holds(measured.low, measured.high):
            return "undecided", "the number is a bound on the wrong side: scratch's budgets cannot measure all of it"
        edge = self.low if math.isfinite(self.low) and low <= self.low else self.high
        return "undecided", f"the interval reaches over {measured.show(edge)}"

    def _holds(self, low: float, high: float) -> bool:
        """Whether all of an interval, which may be open, lies where the claim puts the number."""
        return (self.low < low or self.low == -math.inf) and (high < self.high or self.high == math.inf)
