"""The page of a reproduction: each figure, what the paper says it shows, what these runs show, and what follows.

Charts are pictures in it, so that it runs no script at all; each run's own report, which it names, has them to point
at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from headstart.charts import Figure, save_figure
from headstart.charts.looks import SHAPES
from headstart.charts.theme import Scheme
from headstart.files import write_atomic
from headstart.report.html import find_template, style_of
from headstart.report.pictures import Picture, pictures_of

__all__ = ["FigurePart", "ReproductionPage", "RuleAnswer", "RunNote", "write_reproduction"]

STYLE = ("page", "print", "reproduction")
VERDICTS = ("agree", "disagree", "undecided", "not run")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
CHARTS = "charts"


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
    """One figure or finding. claim: what the paper says it shows. lacking: what has no number yet, if anything.
    learned: what arms know beyond random weights, where that was asked."""

    name: str
    title: str
    claim: str
    answers: tuple[RuleAnswer, ...]
    runs: tuple[RunNote, ...]
    figures: tuple[Figure, ...]
    lacking: str = ""
    learned: str = ""


@dataclass(frozen=True)
class ReproductionPage:
    """scale: at which it was run. command: what to type for all of it again. confidence: of every interval. work: what
    all runs took. machines: where they were run."""

    title: str
    scale: str
    command: str
    confidence: float
    parts: tuple[FigurePart, ...]
    work: str = ""
    machines: str = ""

    @property
    def headline(self) -> str:
        """How many rules came to what: ``12 agree, 3 disagree, 9 undecided``, and how many are not run, if any."""
        told = [verdict for verdict in VERDICTS if verdict != "not run" or self._count(verdict)]
        return ", ".join(f"{self._count(verdict)} {verdict}" for verdict in told)

    def _count(self, verdict: str) -> int:
        return sum(answer.verdict == verdict for part in self.parts for answer in part.answers)


class _Chart(NamedTuple):
    """A figure on the page. id: of its title. files: scheme, ending and path, beside the page, of each of its files."""

    id: str
    figure: Figure
    pictures: list[Picture]
    files: list[tuple[Scheme, str, str]]


def write_reproduction(path: Path, page: ReproductionPage) -> None:
    """Write the page to ``path``, whole or not at all, and its charts beside it, ``charts/FIGURE/CHART.svg``, ``.png``
    and ``.json``, and ``CHART-dark.svg`` and ``.png`` for dark pages."""
    for part in page.parts:
        for figure in part.figures:
            save_figure(figure, path.parent / CHARTS / part.name, SCHEMES)
    text = find_template("reproduction.html.j2").render(
        style=style_of(STYLE),
        page=page,
        confidence=f"{100 * page.confidence:g}\u00a0%",
        charts={part.name: list(_charts(part)) for part in page.parts},
        shapes=SHAPES,
    )
    write_atomic(path, text.encode())


def _charts(part: FigurePart) -> Iterator[_Chart]:
    for figure in part.figures:
        id = f"{part.name}-{figure.name}"
        stems = {scheme: figure.name if scheme == "light" else f"{figure.name}-{scheme}" for scheme in SCHEMES}
        files = [
            (scheme, ending.upper(), f"{CHARTS}/{part.name}/{stem}.{ending}")
            for scheme, stem in stems.items()
            for ending in ("svg", "png")
        ]
        yield _Chart(id, figure, pictures_of(figure, id), files)
