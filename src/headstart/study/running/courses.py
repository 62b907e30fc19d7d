"""A course: what all arms of a study learn alike, one task by one protocol, for as many steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from headstart.study.config.arms import DOUBLED, REFERENCE
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.resolve import Arm
from headstart.study.running.steps import Doubling, Scores, climb_all, interpolate, probed
from headstart.training import SupervisedConfig

__all__ = ["Course", "Found"]

PROBED_TRIALS = 2
"""Trials in which steps are doubled to find out how many are enough: differences are paired, so few tell much."""


@dataclass(frozen=True)
class Found:
    """Steps by label budget for the arms that leave them open; ``None`` while it takes more runs to know them.

    doublings: what tells whether the course is trained out, or has to be run to find its steps.
    """

    steps: Mapping[int, int] | None
    doublings: tuple[Doubling, ...]


@dataclass(frozen=True)
class Course:
    """One task of one study, learned by one protocol, in ``trials``. arms: those that are measured by it."""

    config: StudyConfig
    dataset: DatasetJob
    task: str
    protocol: str
    arms: tuple[Arm, ...]
    trials: range

    @property
    def runs(self) -> Iterator[tuple[int, int, Arm]]:
        """Labels, trial and arm of all that is measured."""
        for labels, trial in product(self.config.measured_budgets, self.trials):
            yield from ((labels, trial, arm) for arm in self._measured(self.arms, labels))

    def _measured(self, arms: Sequence[Arm], labels: int) -> list[Arm]:
        """Those of ``arms`` that are measured with so many labels: all, or what utility is read off alone."""
        return [arm for arm in arms if labels in self.config.budgets or self._is_read_off(arm)]

    def _is_read_off(self, arm: Arm) -> bool:
        return arm.role == "baseline" and self.protocol == REFERENCE

    def _probed(self, arms: Sequence[Arm]) -> list[int]:
        """The budgets at which steps of ``arms`` are doubled: utility is read off all of the baseline's curve."""
        further = self.config.baseline_budgets if any(self._is_read_off(arm) for arm in arms) else ()
        return sorted({*probed(self.config.budgets), *further})

    def job(self, arm: Arm, labels: int, trial: int, steps: int | None = None) -> TrialJob:
        """One run. steps: in place of those that the arm's settings say."""
        return TrialJob(
            self.dataset,
            self.task,
            labels,
            trial,
            self.config.seed,
            start=arm.start(trial),
            protocol=self.protocol,
            train=arm.protocols[self.protocol].for_labels(labels, steps),
            augment=self.config.augment,
            device=self.config.settled_device,
            by_group=self.config.labels_by == "group",
        )

    def find_steps(self, scores: Scores) -> Found:
        """How many steps are enough, as far as ``scores`` tell, or what to run next to know it."""
        searching = [arm for arm in self.arms if arm.protocols[self.protocol].finds_steps]
        control = tuple(self._control([arm for arm in self.arms if arm not in searching]))
        if not searching:
            return Found({}, control)
        options = searching[0].protocols[self.protocol]
        assert isinstance(options, SupervisedConfig)
        trials = self.trials[:PROBED_TRIALS]
        ladders = climb_all(
            options,
            self._probed(searching),
            lambda labels, steps: self._doublings(self._measured(searching, labels), labels, trials, steps),
            scores,
        )
        doublings = tuple(one for ladder in ladders.values() for one in ladder.doublings)
        found = {labels: ladder.steps for labels, ladder in ladders.items() if ladder.steps is not None}
        known = len(found) == len(ladders)
        steps = interpolate(found, self.config.measured_budgets) if known else None
        return Found(steps, (*doublings, *control))

    def _control(self, told: Sequence[Arm]) -> Iterator[Doubling]:
        """The baseline, if it is ``told`` its steps, with twice as many, in every trial.

        At one budget and in few trials its own noise hides what would matter, so it is looked at over several.
        """
        for arm in told:
            options = arm.protocols[self.protocol]
            if DOUBLED in self.config.controls and arm.role == "baseline" and isinstance(options, SupervisedConfig):
                for labels in self._probed([arm]):
                    yield from self._doublings([arm], labels, self.trials, options.for_labels(labels).steps)

    def _doublings(self, arms: Sequence[Arm], labels: int, trials: range, steps: int) -> list[Doubling]:
        found = []
        for arm in arms:
            options = arm.protocols[self.protocol]
            assert isinstance(options, SupervisedConfig), "only what takes steps is trained out"
            for trial in trials:
                once, twice = (self.job(arm, labels, trial, taken) for taken in (steps, 2 * steps))
                found.append(Doubling(arm.name, once, twice, options.tolerance))
        return found
