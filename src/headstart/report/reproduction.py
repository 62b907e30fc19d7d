"""The page of a reproduction: each figure, what the paper says it shows, what these runs show, and what follows.

Charts are pictures in it, so that it runs no script at all; each run's own report, which it names, has them to point
at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.charts import Figure, save_figure
from headstart.files import write_atomic
from headstart.report.cells import Cell, TextTable
from headstart.report.html import find_template, style_of

__all__ = ["FigurePart", "ReproductionPage", "RuleAnswer", "RunNote", "write_reproduction"]

STYLE = ("page", "reproduction", "print")


@dataclass(frozen=True)
class RuleAnswer:
    """What a rule came to: its name, the number as it reads, the verdict, and all of it in a sentence."""

    rule: str
    number: str
    verdict: str
    sentence: str


@dataclass(frozen=True)
class RunNote:
    """A run that a figure is read off: its recipe, where its own report lies, and what is to be known of it."""

    recipe: str
    report: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FigurePart:
    """One figure or finding. claim: what the paper says it shows. lacking: what has no number yet, if anything."""

    name: str
    title: str
    claim: str
    answers: tuple[RuleAnswer, ...]
    runs: tuple[RunNote, ...]
    figures: tuple[Figure, ...]
    lacking: str = ""


@dataclass(frozen=True)
class ReproductionPage:
    """scale: at which it was run. command: what to type for all of it again. confidence: of every interval."""

    title: str
    scale: str
    command: str
    confidence: float
    parts: tuple[FigurePart, ...]


def write_reproduction(path: Path, page: ReproductionPage) -> None:
    """Write the page to ``path``, whole or not at all, and its charts beside it, ``charts/FIGURE/CHART.svg``, ``.png``
    and ``.json``."""
    folder = path.parent / "charts"
    for part in page.parts:
        for figure in part.figures:
            save_figure(figure, folder / part.name)
    counts = [(verdict, _count(page, verdict)) for verdict in ("agree", "disagree", "undecided")]
    text = find_template("reproduction.html.j2").render(
        style=style_of(STYLE),
        page=page,
        confidence=f"{100 * page.confidence:g}\u00a0%",
        headline=", ".join(f"{count} {verdict}" for verdict, count in counts),
        answers=_overview(page.parts),
        charts={part.name: _pictures(part, folder / part.name) for part in page.parts},
    )
    write_atomic(path, text.encode())


def _count(page: ReproductionPage, verdict: str) -> int:
    return sum(answer.verdict == verdict for part in page.parts for answer in part.answers)


def _overview(parts: Sequence[FigurePart]) -> TextTable:
    """A row per rule."""
    rows = [
        [Cell(part.title), Cell(answer.rule), Cell(answer.verdict), Cell(answer.number)]
        for part in parts
        for answer in part.answers
    ]
    return TextTable(["figure", "rule", "verdict", "number"], 3, rows)


def _pictures(part: FigurePart, folder: Path) -> list[tuple[Figure, bytes]]:
    """Each chart, and the picture of it that stands alone."""
    return [(figure, (folder / f"{figure.name}.svg").read_bytes()) for figure in part.figures]
