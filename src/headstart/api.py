"""The same verbs as the command line, in Python: run a study or suite, load one, read its tables, write its report.

Whatever computes or draws is loaded inside the verbs that need it, so that a wrong key is refused at once.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.cache import DEFAULT_STORE
from headstart.display import Displayed
from headstart.errors import ConfigError, StoreError
from headstart.fitted import detect_table, fit_study
from headstart.planning import Config, checked_plan
from headstart.registry import lookup
from headstart.study.config.suite import Suite, as_suite, load_study, load_suite

if TYPE_CHECKING:
    import pandas as pd

    from headstart.charts import Figure
    from headstart.execution import Listener, StudyRun
    from headstart.outputs import Tables
    from headstart.report.brief import Brief
    from headstart.study.results.run_folder import RunFolder

__all__ = [
    "DEFAULT_STORE",
    "Study",
    "detect_table",
    "fit_study",
    "load_study",
    "load_suite",
    "prepare_study",
    "run_study",
    "run_suite",
]

MOST_JOBS = 10_000


def prepare_study(
    config: Config,
    *,
    out: Path | str = "runs",
    store: Path | str = DEFAULT_STORE,
    launcher: str = "local",
    address: str | None = None,
    workers: int | None = None,
    replace: bool = False,
    many: bool = False,
    refill: bool = False,
    track: Sequence[str] = (),
) -> "StudyRun":
    """Check a study or suite, plan it, and make its folder ``out/NAME``.

    config: a configuration, a recipe's name, or a YAML file. launcher: how jobs reach processors, ``local`` or ``ray``.
    address: of a Ray cluster that runs already. replace: whether a run of the same name and other settings may be
    replaced. many: whether more than 10,000 jobs are meant. refill: whether what the store lacks is done again though
    the run's folder has its numbers, as for weights that are wanted. track: names of ``TRACKERS`` that are told what is
    measured. Raises ``HeadstartError`` for what the user can mend.

    >>> prepare_study("quickstart").describe()  # doctest: +SKIP
    '131 jobs, 0 of them done already; 412,000 image-steps to go'
    """
    suite = as_suite(config).settled()
    from headstart.execution import StudyRun, keep_environment
    from headstart.schema import flat
    from headstart.study.results.run_folder import RunFolder
    from headstart.study.running.launchers import LAUNCHERS
    from headstart.tracking import follow

    run = RunFolder(Path(out).expanduser() / suite.name)
    checked = checked_plan(suite, store, {} if refill else run.known())
    plan, kept = checked.plan, checked.store
    if len(plan.jobs) > MOST_JOBS and not many:
        raise ConfigError(
            f"{suite.name} comes to {len(plan.jobs):,} jobs: vary less, or say that you mean it with --yes"
        )
    chosen = lookup(LAUNCHERS, "launcher", launcher)(kept, workers, address)
    _make_folder(run, suite, replace)
    with run.held():
        # What cannot be used is refused before anything of an earlier run is replaced.
        following = follow(run, suite.name, track, flat(plan.suite.written))
        run.begin(plan)
        keep_environment(run, kept, works=False)
    return StudyRun(plan, kept, chosen, run, checked.notes, following, refill)


def run_study(
    config: Config, *, listen: "Listener | None" = None, progress: bool | None = None, **options: Any
) -> "Study":
    """Run a study and write its report; ``options`` as ``prepare_study`` takes them. What fails is a missing number.

    listen: hears of every event. progress: whether to show how far it is, by a bar, or by lines where there is no place
    for one; default: in notebooks and wherever else Python is typed, and not in scripts.

    >>> study = run_study("quickstart", out="runs")  # doctest: +SKIP
    >>> study.utility  # doctest: +SKIP
    """
    from headstart.progress import execute_watched

    prepared = prepare_study(config, **options)
    for note in prepared.notes:
        warnings.warn(note, stacklevel=2)
    execute_watched(prepared, progress, listen)
    study = Study(prepared.run)
    study.report()
    return study


def run_suite(config: Config, **options: Any) -> "Study":
    """Run every study of a suite (``vary:`` in its file) as one; a plain study is a suite of one.

    >>> run_suite("suite.yaml").utility.groupby("backbone.options.width")["utility"].mean()  # doctest: +SKIP
    """
    return run_study(config, **options)


@dataclass(frozen=True, repr=False)
class Study(Displayed):
    """What was run into a folder, a study or a suite; nothing but that folder is read. At the end of a notebook's cell
    it shows its answer, and so does ``print``."""

    run: "RunFolder"

    @classmethod
    def load(cls, folder: Path | str) -> "Study":
        """The study that was run into ``folder``. Raises ``StoreError`` if none was.

        >>> Study.load("runs/quickstart").tables.verdict.headline  # doctest: +SKIP
        """
        from headstart.study.results.run_folder import RunFolder

        return cls(RunFolder.open(Path(folder).expanduser()))

    @property
    def folder(self) -> Path:
        return self.run.folder

    @cached_property
    def tables(self) -> "Tables":
        """Everything that was found so far: results, summary, utility, missing runs, verdict."""
        from headstart.outputs import Tables

        return Tables(self.run)

    @property
    def results(self) -> "pd.DataFrame":
        """One row per number of every planned run; a run that gave none has no value."""
        return self.tables.results

    @property
    def utility(self) -> "pd.DataFrame":
        """One row per compared arm, protocol and budget: what its start was worth."""
        return self.tables.utility

    @cached_property
    def figures(self) -> "dict[str, Figure]":
        """The page's charts by name, each of which shows itself in a notebook.

        >>> Study.load("runs/quickstart").figures["accuracy"]  # doctest: +SKIP
        """
        from headstart.outputs import figures_of

        return {figure.name: figure for figure in figures_of(self.run, self.tables)}

    def brief(self) -> "Brief":
        from headstart.outputs import brief_of

        return brief_of(self.run, self.tables)

    @property
    def complete(self) -> bool:
        """Whether every run was planned and gave its numbers."""
        return not self.run.info.open and self.tables.missing.empty

    def report(self) -> Path:
        """Write tables, charts and page from what is finished, whenever that is; returns the page's path."""
        from headstart.outputs import write_outputs

        return write_outputs(self.run, self.tables)


def _make_folder(run: "RunFolder", suite: Suite, replace: bool) -> None:
    if not replace:
        run.refuse_another(suite)
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{run.folder} cannot be made ({error.strerror}): name another folder with --out") from error
