"""The verb ``tune`` in Python: choose settings for every arm alike, and run the study as it is and as tuned."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.api import DEFAULT_STORE, Study, prepare_study
from headstart.errors import ConfigError, StoreError
from headstart.files import write_atomic
from headstart.planning import Config
from headstart.processes import available_cores
from headstart.seeding import derive_seed
from headstart.study.config.recipes import dump_yaml
from headstart.study.config.suite import Suite, as_suite, suite_of
from headstart.study.tuning.folder import TRIALS, begin_search
from headstart.study.tuning.knobs import Knobs
from headstart.study.tuning.search import Search, evaluation, plan_search

if TYPE_CHECKING:
    from rich.console import Console

    from headstart.execution import StudyRun
    from headstart.study.running.launchers.ray.cluster import Cluster
    from headstart.study.tuning.choices import Choice
    from headstart.study.tuning.evaluation import Evaluation
    from headstart.study.tuning.rounds import Heard, Lane
    from headstart.study.tuning.trials import Trial
    from headstart.tuned import Tuned

__all__ = ["TuningRun", "prepare_tuning", "tune_study"]

TUNED = "tuned"


def prepare_tuning(
    config: Config,
    *,
    trials: int = 20,
    seconds: float | None = None,
    knobs: Sequence[str] = (),
    pretraining: bool = False,
    budgets: Sequence[int] = (),
    task: str | None = None,
    protocol: str = "finetune",
    out: Path | str = "tuning",
    store: Path | str = DEFAULT_STORE,
    launcher: str = "local",
    address: str | None = None,
    workers: int | None = None,
    replace: bool = False,
) -> "TuningRun":
    """Check a study and what is to be searched, and make the folder ``out/NAME``.

    trials: of each arm, the first being the arm as it is. seconds: of wall time that the search may take; the study is
    run before and after it. knobs: paths below an arm, ``PATH`` or ``PATH=SPACE``. pretraining: whether to turn
    pretraining's knobs, too, each value of which costs a pretraining. budgets: labels that settings are judged with.
    address: of a Ray cluster, for ``launcher="ray"``; the search itself runs on Ray always, by default on one of this
    machine's own.
    Raises ``HeadstartError`` for what the user can mend.

    >>> prepare_tuning("quickstart", trials=20).describe()  # doctest: +SKIP
    """
    suite = as_suite(config)
    if suite.varied:
        raise ConfigError(
            f"{suite.name} varies {', '.join(suite.varied)}: tune takes one study, so set each of these to one value"
        )
    from headstart.study.tuning.ray_search import check_ray

    check_ray()
    options: dict[str, Any] = {"trials": trials, "seconds": seconds, "knobs": knobs, "pretraining": pretraining}
    settled = suite.settled().first
    search, found = plan_search(settled, **options, budgets=budgets, task=task, protocol=protocol)
    folder = _made(Path(out).expanduser() / suite.name)
    search = begin_search(folder, search, found, replace=replace)
    running: dict[str, Any] = {"store": store, "launcher": launcher, "address": address, "workers": workers}
    before = prepare_study(suite, out=folder / "studies", replace=replace, **running)
    return TuningRun(suite, search, found, folder, before, running)


def tune_study(config: Config, *, progress: bool | None = None, **options: Any) -> "Tuned":
    """Choose settings for every arm of a study, and measure the study as it is and as tuned; ``options`` as
    ``prepare_tuning`` takes them, ``progress`` as ``run_study`` does.

    >>> tuned = tune_study("quickstart", trials=20)  # doctest: +SKIP
    >>> tuned.change[["arm", "labels", "utility before", "utility tuned"]]  # doctest: +SKIP
    """
    from headstart.live import watching_console
    from headstart.progress import execute_watched

    run = prepare_tuning(config, **options)
    execute_watched(run.before, progress)
    run.search_watched(watching_console(progress))
    after = run.prepare_after()
    execute_watched(after, progress)
    tuned = run.finish(after)
    tuned.report()
    return tuned


class TuningRun:
    """A search that was checked and can be run: ``before.execute``, ``search``, ``prepare_after``, and ``finish`` once
    that was executed.

    plan: what is searched. knobs: of each arm that has any. before: the study as it is.
    """

    def __init__(
        self,
        suite: Suite,
        plan: Search,
        knobs: Mapping[str, Knobs],
        folder: Path,
        before: "StudyRun",
        running: Mapping[str, Any],
    ) -> None:
        self.suite, self.plan, self.knobs, self.folder, self.before = suite, plan, knobs, folder, before
        self.running = running
        self.trials: list[Trial] = []

    @property
    def image_steps(self) -> int:
        """Of fine-tuning that the trials of an arm may take, the same for every arm."""
        return self.plan.trials * max(self._judge(arm).cost({}) for arm in self.knobs)

    def describe(self) -> str:
        """How much is searched, and on what, in a sentence."""
        plan, counts = self.plan, self.suite.first.dataset.info().counts
        budgets = " and ".join(f"{labels:,}" for labels in plan.budgets)
        task = f" of {plan.task}" if len(self.suite.first.tasks) > 1 else ""
        cap = "as many as the steps say that it finds first" if self.before.plan.open else f"{self.image_steps:,}"
        return (
            f"{len(self.knobs)} arm{'s' * (len(self.knobs) != 1)} × {plan.trials} trials, each of up to {plan.draws} "
            f"draws of {budgets} labels; an arm takes at most {cap} image-steps of fine-tuning; settings are chosen by "
            f"{counts['val']:,} validation labels{task} besides, and by no test image"
        )

    def expected_seconds(self) -> float:
        """How long the search takes here, at most and pretraining aside; NaN before its steps are known."""
        from headstart.study.tuning.estimate import search_seconds

        return search_seconds(self.plan, self.before.plan, self.knobs, self._workers)

    def search(self, heard: "Heard | None" = None) -> list["Choice"]:
        """Try settings, and write down what came of them. heard: is called with each trial that got further."""
        from headstart.study.results.table_files import write_table
        from headstart.study.running.launchers.ray.errand import errand_for
        from headstart.study.tuning.ray_search import check_machines, ray_session, run_rounds
        from headstart.study.tuning.rounds import Rounds
        from headstart.study.tuning.trainable import work_of
        from headstart.study.tuning.trials import in_units, trials_table

        def hear(trial: "Trial") -> None:
            if trial.status != "running":
                write_table(in_units(trials_table(rounds.trials), self.plan.sign), self.folder / TRIALS)
            if heard:
                heard(trial)

        address, workers = self.running["address"], self.running["workers"]
        with ray_session(address, workers) as cluster, errand_for(self.before.store) as errand:
            check_machines(cluster, errand)
            rounds = Rounds([self._lane(arm) for arm in self.knobs], self.plan.trials, self.plan.seconds, hear)
            work = work_of(self.plan, self._steps(), errand)
            run_rounds(rounds, work, self.plan.draws, self._occupied(cluster), cluster.width)
        self.trials = rounds.trials
        write_atomic(self.folder / f"{TUNED}.yaml", dump_yaml(self._tuned_keys()).encode())
        return self.choices

    def search_watched(self, console: "Console | None") -> None:
        """Search, and show on ``console`` how far it is; ``None``: show nothing."""
        from headstart.watch_trials import watch_trials

        if console is None:
            self.search()
            return
        trials = len(self.knobs) * self.plan.trials
        with watch_trials(console, trials, self.plan.draws, self.expected_seconds(), sign=self.plan.sign) as heard:
            self.search(heard)

    @property
    def choices(self) -> list["Choice"]:
        """Of every arm that was searched."""
        from headstart.study.tuning.choices import choose

        return [choose([trial for trial in self.trials if trial.arm == arm], own) for arm, own in self.knobs.items()]

    def prepare_after(self) -> "StudyRun":
        """The study as tuned, which can be run."""
        suite = suite_of(self._tuned_keys(), f"{TUNED}.yaml")
        return prepare_study(suite, out=self.folder / "studies", replace=True, **self.running)

    def finish(self, after: "StudyRun") -> "Tuned":
        """The study as it is beside the study as tuned, ``after``, once both were run."""
        from headstart.tuned import Tuned

        study, tuned = (Study(ran.run) for ran in (self.before, after))
        for one in (study, tuned):
            one.report()
        found = tuple(self.choices), tuple(self.trials), self.knobs
        return Tuned(self.folder, self.describe(), *found, study, tuned, self.plan.task)

    def _tuned_keys(self) -> dict[str, Any]:
        from headstart.study.tuning.choices import with_choices

        return with_choices(self.suite.written, self.choices) | {"name": f"{self.suite.name}-{TUNED}"}

    @property
    def _workers(self) -> int:
        """Trials at once."""
        return int(self.running["workers"] or available_cores())

    def _occupied(self, cluster: "Cluster") -> dict[str, float]:
        """Cores and GPUs of a trial; a machine has to hold it."""
        needs = [self._judge(arm).needs() for arm in self.knobs]
        most = max(machine.cpus for machine in cluster.machines.values())
        return {"cpu": min(most, max(one.cpus for one in needs)), "gpu": max(one.gpus for one in needs)}

    def _judge(self, arm: str) -> "Evaluation":
        return evaluation(self.plan, self.before.plan.suite.first, arm, self._steps())

    def _steps(self) -> dict[int, int]:
        """Steps by budget as the study found them, for the arms that leave them open."""
        plan, protocol = self.before.plan, self.plan.protocol
        (arms,) = plan.arms
        finding = {arm.name for arm in arms if protocol in arm.protocols and arm.protocols[protocol].finds_steps}
        return {
            point.job.labels: point.job.steps
            for point in plan.points
            if (point.protocol, point.job.task) == (protocol, self.plan.task) and point.arm in finding
        }

    def _lane(self, arm: str) -> "Lane":
        from headstart.study.tuning.rounds import Lane, first_settings
        from headstart.study.tuning.sampler import OptunaSampler

        knobs = self.knobs[arm]
        sampler = OptunaSampler(knobs, derive_seed(self.plan.study["seed"], "tuning", arm))
        first = first_settings(knobs, self.plan.given.get(arm, ()))
        return Lane(arm, sampler, first, self._judge(arm).cost, self.image_steps)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}): name another folder with --out") from error
    return folder
