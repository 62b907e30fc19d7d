"""``headstart reproduce``: run the suites of a figure at a scale, or take what is there, and say what holds."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.api import Study, load_suite, prepare_study
from headstart.cache import DEFAULT_STORE
from headstart.errors import ConfigError
from headstart.reproduction.figures import ALL, FIGURES, PaperFigure, find_figure
from headstart.study.config.scales import USUAL

if TYPE_CHECKING:
    import pandas as pd

    from headstart.execution import StudyRun
    from headstart.reproduction.rules import Answer
    from headstart.study.config.suite import Suite

__all__ = ["Reproduction", "reproduce"]

LARGE = 500_000_000
"""Image-steps that take a machine weeks: nobody begins them by mistake."""
Runner = Callable[[str, "StudyRun"], None]


@dataclass(frozen=True)
class Reproduction:
    """page: where it lies. answers: of every rule, by figure. complete: whether every run gave its numbers."""

    page: Path
    answers: Mapping[str, tuple["Answer", ...]]
    complete: bool

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row per rule: ``figure, rule, value, low, high, verdict, sentence``."""
        import pandas as pd

        return pd.DataFrame([_row(name, answer) for name, answers in self.answers.items() for answer in answers])


def reproduce(
    figure: str,
    *,
    scale: str = USUAL,
    out: Path | str = "runs",
    store: Path | str = DEFAULT_STORE,
    launcher: str = "local",
    address: str | None = None,
    workers: int | None = None,
    what_is_there: bool = False,
    yes: bool = False,
    run: Runner | None = None,
) -> Reproduction:
    """Run what a figure of the paper, or ``all``, is read off, and write its page ``out/paper/SCALE/FIGURE.html``.

    figure: a key of ``FIGURES``. scale: ``tiny``, ``small`` or ``paper``. what_is_there: run nothing; draw what the
    store and the runs in that folder have, and say what is missing. yes: weeks of work are meant. run: does a prepared
    study, with a view of it; default: quietly. Raises ``ConfigError`` for an unknown figure or scale, for weeks of work
    that nobody meant, and where nothing is there.

    >>> reproduce("fig06", scale="tiny").table[["rule", "verdict"]]  # doctest: +SKIP
    """
    figures = find_figure(figure)
    recipes = dict.fromkeys(recipe for one in figures for recipe in one.recipes)
    suites = {recipe: load_suite(f"paper/{recipe}", scale=scale) for recipe in recipes}
    folder = Path(out).expanduser() / "paper" / scale
    options: dict[str, Any] = {"store": store, "launcher": launcher, "address": address, "workers": workers}

    def prepare(suite: "Suite") -> "StudyRun":
        # What another version of the recipe left here is replaced; what came of jobs that are of both stays.
        prepared = prepare_study(suite, out=folder, many=True, replace=True, **options)
        from headstart.reproduction.there import runs_in

        # Figures share runs, and those that were measured elsewhere came without a store.
        prepared.adopt(runs_in(folder))
        return prepared

    if what_is_there:
        with _nothing_left_of_refused(folder):
            there = _what_is_there(figure, scale, store, folder, suites)
        return write_page(figure, figures, scale, folder, there)
    if not yes:
        with _nothing_left_of_refused(folder):
            _refuse_weeks(figure, scale, [prepare(suite) for suite in suites.values()])
    studies = {}
    for recipe, suite in suites.items():
        prepared = prepare(suite)
        (run or _quietly)(f"{recipe} ({scale})", prepared)
        studies[recipe] = Study(prepared.run)
    return write_page(figure, figures, scale, folder, studies)


@contextmanager
def _nothing_left_of_refused(folder: Path) -> Iterator[None]:
    """What is refused inside leaves no run's folder that was not there before."""
    there = set(folder.iterdir()) if folder.exists() else set()
    try:
        yield
    except ConfigError:
        for new in set(folder.iterdir() if folder.exists() else ()) - there:
            shutil.rmtree(new)
        raise


def _what_is_there(
    figure: str, scale: str, store: Path | str, folder: Path, suites: Mapping[str, "Suite"]
) -> dict[str, Study]:
    """What is finished of each run. Raises ``ConfigError`` where that is nothing at all."""
    from headstart.reproduction.there import runs_there
    from headstart.study.running.store import open_store

    prepared = runs_there(suites, folder, open_store(store))
    if not any(_begun(one) for one in prepared.values()):
        what = "the figures" if figure == ALL else figure
        raise ConfigError(
            f"nothing of {what} at scale {scale} is finished in {store}: run `headstart reproduce {figure} --scale "
            f"{scale}` first, or name the store that has it with --store"
        )
    return {recipe: Study(one.run) for recipe, one in prepared.items()}


def _begun(prepared: "StudyRun") -> bool:
    """Whether any run of it gave a number, or failed."""
    known = prepared.run.outcomes()
    return any(point.job.key in known for point in prepared.plan.points)


def _quietly(title: str, prepared: "StudyRun") -> None:
    del title
    prepared.execute()


def _refuse_weeks(figure: str, scale: str, prepared: Sequence["StudyRun"]) -> None:
    missing = {job.key: job.cost for one in prepared for job in one.missing}
    if sum(missing.values()) > LARGE:
        raise ConfigError(
            f"{figure} at scale {scale} lacks {len(missing):,} jobs, {sum(missing.values()):,} image-steps, which is "
            f"work for a cluster: run `headstart study run paper/FIGURE --scale {scale} --launcher ray` there with the "
            "same --store, or draw what is there with --what-is-there; --yes says that this machine is to do it"
        )


def write_page(
    name: str, figures: Sequence[PaperFigure], scale: str, folder: Path, studies: Mapping[str, Study]
) -> Reproduction:
    """Ask every rule, and write page, charts and table from what is finished."""
    from headstart.report.reproduction import ReproductionPage, write_reproduction
    from headstart.report.reproduction_text import write_reproduction_text
    from headstart.reproduction.parts import evidence_of, part_of, written_reports
    from headstart.reproduction.work import machines_of, work_of
    from headstart.study.results.table_files import write_table

    evidence = evidence_of(studies)
    notes = written_reports(studies, folder)
    answers, parts = {}, []
    for figure in figures:
        answers[figure.name], part = part_of(figure, evidence, notes)
        parts.append(part)
    title = "The paper’s figures, reproduced" if name == ALL else FIGURES[name].title
    command = f"headstart reproduce {name} --scale {scale}"
    confidence = evidence.confidence
    path = folder / ("index.html" if name == ALL else f"{name}.html")
    work, machines = work_of(studies.values()), machines_of(studies.values())
    page = ReproductionPage(title, scale, command, confidence, tuple(parts), work, machines)
    write_reproduction(path, page)
    write_reproduction_text(path.with_suffix(".md"), page)
    found = Reproduction(path, answers, all(study.complete for study in studies.values()))
    write_table(found.table, path.with_suffix(""))
    return found


def _row(figure: str, answer: "Answer") -> dict[str, Any]:
    found = answer.measured
    numbers = dict.fromkeys(("value", "low", "high")) if found is None else found._asdict()
    return {
        "figure": figure,
        "rule": answer.rule.name,
        **{name: numbers[name] for name in ("value", "low", "high")},
        "verdict": answer.verdict,
        "sentence": answer.sentence,
    }
