"""What a search came to: choices, the study as it is and as tuned, and the files that people read."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.api import Study
from headstart.display import Displayed
from headstart.names import as_text

if TYPE_CHECKING:
    import pandas as pd

    from headstart.charts import Figure
    from headstart.report.brief import Brief
    from headstart.study.results.metrics import PrimaryMetric
    from headstart.study.tuning.choices import Choice
    from headstart.study.tuning.knobs import Knobs
    from headstart.study.tuning.trials import Trial

__all__ = ["Tuned"]

RECIPE = "tuned.yaml"


@dataclass(frozen=True, repr=False)
class Tuned(Displayed):
    """choices: of every arm that was searched. before, after: the study as it is and as tuned. described: what was
    searched, in a sentence. task: by whose validation scores choices were made."""

    folder: Path
    described: str
    choices: "tuple[Choice, ...]"
    trials: "tuple[Trial, ...]"
    knobs: "Mapping[str, Knobs]"
    before: Study
    after: Study
    task: str

    @property
    def recipe(self) -> Path:
        """The study as tuned, which ``headstart study run`` takes."""
        return self.folder / RECIPE

    @cached_property
    def change(self) -> "pd.DataFrame":
        """One row per task, compared arm and budget: utility by fine-tuning as the study is, as tuned, and the
        change."""
        from headstart.study.tuning.comparison import compare_utility

        return compare_utility(self.before.utility, self.after.utility)

    @property
    def chosen(self) -> "pd.DataFrame":
        """One row per arm: ``arm, metric, chosen, score_default, score_chosen``; scores on validation images, in the
        metric's units."""
        import pandas as pd

        name, sign = self._metric.name, self._metric.sign
        rows = [
            {"arm": one.arm, "metric": name, "chosen": one.text}
            | {"score_default": sign * one.default, "score_chosen": sign * one.chosen}
            for one in self.choices
        ]
        return pd.DataFrame(rows)

    def brief(self) -> "Brief":
        from headstart.report.brief import Brief
        from headstart.report.tuning import change_grid, choices_grid

        before, tuned = (study.tables.verdict.headline for study in (self.before, self.after))
        tables = {"What was chosen": choices_grid(self.chosen), "Utility before and after": change_grid(self.change)}
        return Brief(
            f"Tuned: {tuned}", (f"As it was: {before}",), tables, (f"The recipe: {as_text(str(self.recipe))}",)
        )

    def report(self) -> Path:
        """Write tables, charts and ``report.html``; returns the page's path."""
        from headstart.charts.save import save_figure
        from headstart.report.tuning import TuningReport, write_tuning_report
        from headstart.study.results.table_files import write_table
        from headstart.study.tuning.trials import in_units, trials_table

        write_table(self.change, self.folder / "change")
        write_table(self.chosen, self.folder / "chosen")
        figures = self._figures()
        for figure in figures:
            save_figure(figure, self.folder / "charts")
        report = TuningReport(
            name=f"{self.before.run.info.name}-tuning",
            title=f"{self.before.run.info.title}, tuned",
            before=self.before.tables.verdict.headline,
            tuned=self.after.tables.verdict.headline,
            described=self.described,
            choices=self.chosen,
            change=self.change,
            trials=in_units(trials_table(self.trials), self._metric.sign),
            figures=figures,
            config=self.recipe.read_text(encoding="utf-8"),
            command=f"headstart study run {shlex.quote(str(self.recipe))}",
        )
        page = self.folder / "report.html"
        write_tuning_report(page, report)
        return page

    def _figures(self) -> "tuple[Figure, ...]":
        from headstart.charts.looks import arm_looks
        from headstart.charts.tuning import effects_figure, progress_figure
        from headstart.study.tuning.effects import effects_table
        from headstart.study.tuning.trials import in_units, progress_table

        looks = arm_looks(self.before.tables.arms)
        tables = progress_table(self.trials), effects_table(self.trials, self.knobs, self.before.run.info.seed)
        progress, effects = (in_units(table, self._metric.sign) for table in tables)
        return progress_figure(progress, looks, self._metric.name), effects_figure(effects, looks, self._metric.name)

    @property
    def _metric(self) -> "PrimaryMetric":
        """What the searched task is judged by."""
        return self.before.run.info.metrics[self.task]
