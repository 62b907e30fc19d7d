"""The files of a run that people read: tables, charts and the page, from what its folder keeps."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.charts import Figure, draw_figures, save_figure
from headstart.charts.names import find_baseline
from headstart.charts.text import utility_ends
from headstart.data.viewing.preview import caption, encode_png
from headstart.files import write_atomic
from headstart.names import as_text
from headstart.report import (
    AdviceBox,
    Found,
    ReportData,
    Sample,
    Verdict,
    contrasts,
    galleries,
    state_advice,
    state_verdict,
    write_report,
)
from headstart.report.adaptive import trials_sentence
from headstart.report.brief import Brief
from headstart.report.cells import accuracy_grid, utility_grid
from headstart.report.duplicates import duplicates_sentence
from headstart.report.idle import idle_sentence
from headstart.report.missing import missing_line
from headstart.report.training import guarded, state_training
from headstart.report.trust import trust_sentence
from headstart.study.results.contrasts import collect_contrasts, read_images
from headstart.study.results.costs import collect_costs, collect_timings
from headstart.study.results.maps import collect_maps
from headstart.study.results.predictions import collect_predictions
from headstart.study.results.records import (
    collect_history,
    collect_hits,
    collect_missing,
    collect_pretraining,
    collect_results,
)
from headstart.study.results.run_folder import ANSWER, CONFIG, ENVIRONMENT, Outcome, RunFolder
from headstart.study.results.samples import Samples, read_samples
from headstart.study.results.table_files import write_table
from headstart.study.results.tables import summary_table, utility_table
from headstart.study.results.trained_out import collect_trained_out

__all__ = ["PAGE", "Tables", "brief_of", "figures_of", "write_outputs"]

PAGE = "report.html"

SHOWN, FEWEST = 20, 4
"""Sample images in all, and at least of each dataset."""


class Tables:
    """Everything that a run was found to say so far.

    results, summary, utility: as ``headstart.study.results`` explains. missing: planned runs without a number, and why.
    pretraining: what became of each pretraining. history: what was measured on its way. trained_out: what twice the
    steps would change. arms: what each arm is. verdict, training: what it all comes to, in words.
    """

    def __init__(self, run: RunFolder) -> None:
        info, outcomes = run.info, run.outcomes()
        self.varied = info.varied
        self.outcomes = outcomes
        self.arms = run.arms
        self.results = collect_results(run, outcomes)
        self.missing = collect_missing(run, outcomes)
        self.pretraining = collect_pretraining(run, outcomes)
        self.history = collect_history(run, outcomes)
        self.trained_out = collect_trained_out(run, outcomes)
        confidence, looks = info.utility.confidence, info.adaptive.looks if info.adaptive else None
        self.summary = summary_table(self.results, info.metrics, varied=info.varied, confidence=confidence, looks=looks)
        self.utility = utility_table(
            self.results,
            info.metrics,
            varied=info.varied,
            **info.utility.model_dump(),
            seed=info.seed,
            hits=collect_hits(run, outcomes),
            looks=looks,
        )
        verdict = state_verdict(
            self.utility,
            self.arms,
            self.missing,
            varied=info.varied,
            confidence=confidence,
            interpolation=info.utility.interpolation,
        )
        idle = idle_sentence(self.summary, info.metrics, info.varied)
        trials = trials_sentence(self.utility, run.points, info.varied, info.adaptive) if info.adaptive else ""
        doubles = duplicates_sentence(_duplicates(run, outcomes))
        trust = trust_sentence(self.results, info.metrics, info.varied, info.seed, confidence)
        verdict = verdict._replace(detail=" ".join(filter(None, [verdict.detail, idle, trust, trials, doubles])))
        self.training = state_training(self.trained_out, self.arms)
        self.verdict: Verdict = guarded(verdict, self.training)


def _duplicates(run: RunFolder, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """What is known of duplicates in each dataset."""
    found = {name: outcome.found for key, name in run.info.datasets.items() if (outcome := outcomes.get(key))}
    return {name: about["duplicates"] for name, about in found.items() if about and "duplicates" in about}


def write_outputs(run: RunFolder, tables: Tables) -> Path:
    """Write results, utility, answer, charts and ``report.html`` into the run's folder; returns the page's path."""
    folder, info = run.folder, run.info
    for name in ("results", "utility", "pretraining", "missing", "trained_out"):
        write_table(getattr(tables, name), folder / name)
    write_atomic(folder / ANSWER, json.dumps(tables.verdict._asdict(), indent=1, ensure_ascii=False).encode())
    figures = figures_of(run, tables)
    for figure in figures:
        save_figure(figure, folder / "charts")
    page = folder / PAGE
    report = ReportData(
        name=info.name,
        title=info.title,
        verdict=tables.verdict,
        summary=tables.summary,
        utility=tables.utility,
        figures=figures,
        config=(folder / CONFIG).read_text(encoding="utf-8"),
        environment=json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8")),
        timings=collect_timings(run, tables.outcomes),
        command=f"headstart study run {shlex.quote(str(folder / CONFIG))}",
        confidence=info.utility.confidence,
        interpolation=info.utility.interpolation,
        varied=info.varied,
        arms=tables.arms,
        missing=tables.missing,
        trained_out=tables.trained_out,
        samples=tuple(_pictures(list(read_samples(run, tables.outcomes).values()))),
        pretraining=tables.pretraining,
        contrasts=contrasts(collect_contrasts(run), read_images(run, tables.outcomes)),
        advice=_advice(run, tables),
        predictions=galleries(collect_predictions(run, tables.outcomes), tables.results),
    )
    write_report(page, report)
    return page


def figures_of(run: RunFolder, tables: Tables) -> tuple[Figure, ...]:
    """Those of the page."""
    utility = run.info.utility
    classes = {label: one.classes for label, one in read_samples(run, tables.outcomes).items()}
    drawn = tables.summary, tables.utility, tables.history, collect_maps(run, classes)
    return draw_figures(
        *drawn, varied=run.info.varied, confidence=utility.confidence, interpolation=utility.interpolation
    )


def brief_of(run: RunFolder, tables: Tables) -> Brief:
    """The verdict, utility and scores by budget, what is missing, and where the page lies."""
    verdict, varied, page = tables.verdict, run.info.varied, run.folder / PAGE
    ends = utility_ends(run.info.utility.interpolation).many
    grids = {
        f"Utility: labels saved per label, with {ends}": utility_grid(tables.utility, tables.summary, varied),
        "Scores on test images, by labels": accuracy_grid(tables.summary, varied),
    }
    where = f"The whole report: {as_text(str(page))}" if page.exists() else ""
    below = (verdict.detail, tables.training.sentence, missing_line(tables.missing), where)
    shown = {title: grid for title, grid in grids.items() if grid.rows}
    return Brief(verdict.headline, verdict.lines, shown, tuple(filter(None, below)))


def _advice(run: RunFolder, tables: Tables) -> AdviceBox | None:
    """Of a suite none: its studies differ in what a label is worth."""
    info = run.info
    if info.varied:
        return None
    found = Found(
        results=tables.results,
        summary=tables.summary,
        utility=tables.utility,
        metrics=info.metrics,
        costs=collect_costs(run, tables.outcomes, tables.results),
        baseline=find_baseline(tables.arms),
        seed=info.seed,
        confidence=info.utility.confidence,
        interpolation=info.utility.interpolation,
    )
    return state_advice(found, tables.training)


def _pictures(datasets: Sequence[Samples]) -> Iterator[Sample]:
    """Training images of each dataset, some of it where there are many."""
    for samples in datasets:
        count = max(FEWEST, SHOWN // len(datasets))
        for row in range(min(count, len(samples.train["images"]))):
            image = {name: values[row] for name, values in samples.train.items()}
            words = caption(image, samples.classes)
            yield Sample(f"{samples.label}: {words}" if len(datasets) > 1 else words, encode_png(image["images"]))
