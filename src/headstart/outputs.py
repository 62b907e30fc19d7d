"""The files of a run: tables, charts and the page, from a plan whose points are measured."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from torch import Tensor

from headstart.charts import draw_figures, save_figure
from headstart.data.batches.stored import read_about
from headstart.data.viewing.preview import caption, encode_png
from headstart.report import ReportData, Sample, Verdict, galleries, state_verdict, write_report
from headstart.study.config.study import dump_yaml
from headstart.study.jobs.dataset import read_samples
from headstart.study.results.predictions import collect_predictions
from headstart.study.results.records import collect_failures, collect_history, collect_pretraining, collect_results
from headstart.study.results.tables import primary_metrics, summary_table, utility_table, write_table
from headstart.study.running.plan import Plan
from headstart.study.running.store import Store

__all__ = ["Tables", "write_outputs"]


class Tables:
    """results, utility, summary: as ``headstart.study.results.tables`` explains. failures: runs without a number, and
    why. pretraining: what became of each pretraining. history: what was measured on its way."""

    def __init__(self, plan: Plan, store: Store) -> None:
        config = plan.config
        metrics = primary_metrics(config.tasks)
        self.results = collect_results(plan, store)
        self.failures = collect_failures(plan, store)
        self.pretraining = collect_pretraining(plan, store)
        self.history = collect_history(plan, store)
        self.summary = summary_table(self.results, metrics, confidence=config.utility.confidence)
        self.utility = utility_table(self.results, metrics, **config.utility.model_dump(), seed=config.seed)
        self.verdict: Verdict = state_verdict(self.utility, confidence=config.utility.confidence)


def write_outputs(folder: Path, plan: Plan, store: Store, tables: Tables, environment: dict[str, str]) -> Path:
    """Write results, utility, charts and ``report.html`` into ``folder``; returns the page's path."""
    write_table(tables.results, folder / "results")
    write_table(tables.utility, folder / "utility")
    write_table(tables.pretraining, folder / "pretraining")
    confidence = plan.config.utility.confidence
    figures = draw_figures(tables.summary, tables.utility, tables.history, confidence=confidence)
    for figure in figures:
        save_figure(figure, folder / "charts")
    page = folder / "report.html"
    images = store.folder(plan.dataset)
    classes, samples = read_about(images)["classes"], read_samples(images)
    report = ReportData(
        title=plan.config.title or plan.config.name,
        verdict=tables.verdict,
        summary=tables.summary,
        utility=tables.utility,
        figures=figures,
        config=dump_yaml(plan.config),
        environment=environment,
        timings=_timings(plan, store),
        command=f"headstart study run {shlex.quote(str(folder / 'study.yaml'))}",
        confidence=confidence,
        samples=_samples(classes, samples),
        failures=tables.failures,
        pretraining=tables.pretraining,
        predictions=galleries(collect_predictions(plan, store), tables.results, classes, samples),
    )
    write_report(page, report)
    return page


def _timings(plan: Plan, store: Store) -> pd.DataFrame:
    """Jobs and seconds of work per kind, whenever and for whichever study they were done."""
    rows = [{"kind": job.kind, "count": 1, "seconds": store.seconds(job)} for job in plan.jobs]
    return pd.DataFrame(rows).groupby("kind", sort=False).sum().reset_index()


def _samples(classes: Sequence[str], samples: Mapping[str, Tensor]) -> tuple[Sample, ...]:
    """Training images, the classes taking turns."""
    train = {name.removeprefix("train."): values for name, values in samples.items() if name.startswith("train.")}
    each = [{name: values[row] for name, values in train.items()} for row in range(len(train["images"]))]
    return tuple(Sample(caption(one, classes), encode_png(one["images"])) for one in each)
