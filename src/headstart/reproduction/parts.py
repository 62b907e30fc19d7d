"""From finished runs to the parts of the page: evidence, answers, charts, and what is missing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from headstart.api import Study, load_suite
from headstart.charts.names import arm_titles
from headstart.report.reproduction import FigurePart, RuleAnswer, RunNote
from headstart.reproduction.drawing import draw
from headstart.reproduction.evidence import Evidence, RunTables
from headstart.reproduction.figures import PaperFigure
from headstart.reproduction.learned import learned_text
from headstart.reproduction.rules import Answer
from headstart.reproduction.work import work_of
from headstart.study.results.run_folder import CONFIG
from headstart.study.results.trained_out import doubled_results

__all__ = ["evidence_of", "part_of", "written_reports"]

NOTHING = "No run of it has a number yet."


def evidence_of(studies: Mapping[str, Study]) -> Evidence:
    """The tables of all runs, by recipe."""
    first = next(iter(studies.values())).run.info
    runs = {recipe: _tables(study) for recipe, study in studies.items()}
    return Evidence(runs, first.utility.confidence, first.seed)


def _tables(study: Study) -> RunTables:
    found, info = study.tables, study.run.info
    return RunTables(
        found.results,
        found.summary,
        found.utility,
        found.missing,
        info.metrics,
        info.varied,
        found.training.settled,
        found.training.sentence,
        max(_unlabelled(study)),
        doubled_results(study.run, found.outcomes, found.results),
    )


def _unlabelled(study: Study) -> Iterator[int]:
    """Images that pretraining sees, of each study of a run."""
    for variant in load_suite(study.folder / CONFIG).variants:
        yield variant.config.pretrain_source.info().counts["train"]


def written_reports(studies: Mapping[str, Study], folder: Path) -> dict[str, RunNote]:
    """Each run's own report, written, and what is to be known of the run."""
    return {
        recipe: RunNote(recipe, study.report().relative_to(folder).as_posix(), (_note(recipe, study),))
        for recipe, study in studies.items()
    }


def _note(recipe: str, study: Study) -> str:
    if not any(outcome.done for outcome in study.run.outcomes().values()):
        return f"{recipe}: not run yet."
    return f"{recipe}: {work_of([study])}. {study.tables.training.sentence}"


def part_of(
    figure: PaperFigure, evidence: Evidence, notes: Mapping[str, RunNote]
) -> tuple[tuple[Answer, ...], FigurePart]:
    """What a figure's own runs say to its rules, and its part of the page."""
    own = evidence.of(*figure.recipes)
    answers = tuple(rule.ask(own) for rule in figure.rules)
    told = tuple(RuleAnswer(one.rule.name, one.number, one.verdict, one.sentence) for one in answers)
    runs = tuple(notes[recipe] for recipe in figure.recipes)
    charts = tuple(draw(figure.charts, own)) if own.begun else ()
    lacking, learned = _lacking(own), learned_text(own)
    return answers, FigurePart(figure.name, figure.title, figure.claim, told, runs, charts, lacking, learned)


def _lacking(evidence: Evidence) -> str:
    """``Of 96 runs 30 have no number: CMC 24 (not run yet), rotation 6 (the loss is not finite).``"""
    missing = pd.concat([run.missing for run in evidence.runs.values()])
    if missing.empty:
        return ""
    planned = sum(len(run.judged) for run in evidence.runs.values())
    if len(missing) == planned:
        return NOTHING
    titles = arm_titles(missing["arm"])
    counts = missing.groupby(["arm", "reason"], sort=False).size().reset_index(name="count")
    told = ", ".join(f"{titles[arm]} {count} ({reason})" for arm, reason, count in counts.itertuples(index=False))
    return f"Of {planned} runs {len(missing)} {'has' if len(missing) == 1 else 'have'} no number: {told}."
