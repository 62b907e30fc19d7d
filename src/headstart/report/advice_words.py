"""Forecasts in words, the same on the page and in the terminal."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headstart.charts.names import arm_titles, protocol_title
from headstart.charts.text import labels_text, signed_labels
from headstart.study.results.outlooks import Outlook
from headstart.utility.forecast import Reach

__all__ = ["NOTHING", "Words", "doubts", "in_a_line", "reach_texts", "saved_texts", "title_of"]

NOTHING = "–"
"""Where there is no number."""


class Words(NamedTuple):
    """What is likeliest, and its interval; empty where there is none."""

    middle: str
    ends: str = ""


def in_a_line(words: Words) -> str:
    """``58 (50–73)``."""
    return f"{words.middle} ({words.ends})" if words.ends else words.middle


def reach_texts(reach: Reach | None) -> Words:
    """Labels that a target takes."""
    if reach is None:
        return Words(NOTHING)
    if math.isinf(reach.labels):
        return Words("out of reach", f"≥ {labels_text(reach.low)}" if math.isfinite(reach.low) else "")
    low, high = labels_text(reach.low), labels_text(reach.high) if math.isfinite(reach.high) else ""
    return Words(labels_text(reach.labels), f"{low}–{high}" if high else f"≥ {low}")


def saved_texts(saved: Reach | None) -> Words:
    """Labels that are saved; what lies beyond all that is told is called so."""
    if saved is None:
        return Words(NOTHING)
    middle, low, high = (signed_labels(end) if math.isfinite(end) else "beyond" for end in saved)
    return Words(middle, f"{low} to {high}")


def title_of(one: Outlook, arms: list[str]) -> str:
    """``SimCLR, fine-tuned``."""
    return f"{arm_titles(arms)[one.arm]}, {protocol_title(one.protocol)}"


def doubts(known: Sequence[Outlook], arms: list[str]) -> Iterator[str]:
    """Why curves are not continued, the same reason once."""
    reasons: dict[str, list[str]] = {}
    for one in known:
        if one.doubt:
            reasons.setdefault(one.doubt, []).append(title_of(one, arms))
    for reason, titles in reasons.items():
        names = "any start" if len(titles) == len(known) else "; ".join(titles)
        yield f"No forecast of {names}: {reason}."
