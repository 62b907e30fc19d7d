"""The study of images that nobody wrote a study for: the quickstart's settings, for as much as there is time for."""

from typing import Any

from headstart.data.exchange.account import Guess
from headstart.errors import ConfigError, DataError
from headstart.study.fitting.efforts import Effort, Size
from headstart.study.fitting.look import Found, study_name
from headstart.tasks import TASKS

__all__ = ["Template", "doubling_budgets"]

Values = dict[str, Any]
BATCH, PRETRAIN_BATCH = 32, 64
# Steps: with 600, the quickstart's, scikit-learn's digits were not trained out (twice as many moved scratch by 1.8
# ± 1.1 points); with 1,200 they were (0.3 ± 1.1).
FINETUNE: Values = {"batch_size": BATCH, "lr": 0.003, "stable": 0.7, "optimizer": "adamw", "weight_decay": 0.05}
EPOCHS = 40
"""Passes over the labels, where that is more than the steps of small budgets: large ones are to be trained out, too."""
SIMCLR_STEPS = 3
"""Times those of rotation, as in the quickstart."""
FEWEST = 10
"""Labels of the smallest budget, unless a task needs more."""
NEAR = 1.5
"""Times a budget: one so close to it takes its place."""
PATCH, CENTROIDS, PATCHES = 6, 200, 20_000
DENSE = ("segmentation", "depth")


class Template:
    """Studies of found images, alike but for their size and effort. tasks: what the user asks for, or nothing.

    Raises ``ConfigError`` or ``DataError``, saying how to give it, where the images lack what any task needs.
    """

    def __init__(self, found: Found, tasks: tuple[str, ...] | None) -> None:
        refuse_unanswerable(found, tasks)
        self.found, self.tasks, self.name = found, tasks or _answered(found), study_name(found.path)
        traits = [TASKS.traits(task) for task in self.tasks if task in TASKS]
        fewest = max((task.fewest_labels(found.info.classes) for task in traits), default=1)
        images = found.info.counts["train"]
        self.budgets = doubling_budgets(max(fewest, min(FEWEST, images // 4)), images, 8)
        self.dense = any(task.per_location for task in traits)
        if len(self.budgets) < 2:
            raise DataError(
                f"{found.path} has {images} training images, and the smallest budget of labels is {fewest}, one for "
                "each class: a study compares two budgets at least, so add images"
            )

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """What is taken for granted here."""
        classes, others = self.found.info.classes, sorted(_possible(self.found) - set(self.tasks))
        also = f"; tasks=[{', '.join(others)}] for another" if others else ""
        what = f"{len(classes)} classes" if classes and not self.dense else "the annotations there are"
        return (
            Guess("name", self.name, "as the images are called; name=… for another"),
            Guess("tasks", ", ".join(self.tasks), f"{what}{also}"),
        )

    def values(self, size: Size, effort: Effort) -> Values:
        """The keys of a study, without ``dataset``."""
        options: Values = {"width": size.width} | ({"dilated": True} if self.dense else {})
        batch = min(PRETRAIN_BATCH, self.found.info.counts["train"])
        return {
            "name": self.name,
            "title": f"{self.found.path.name}, {', '.join(self.tasks)}",
            "backbone": {"name": "resnet9", "options": options},
            "augment": {"cutout": False},
            "tasks": list(self.tasks),
            "arms": {"simclr": {"pretrain": {"steps": SIMCLR_STEPS * effort.pretraining}}, "rotation": {}},
            "controls": ["random", "patches", "blind", *(["doubled"] if effort.doubled else [])],
            "patches": self._patches(size.side),
            "pretrain": {"steps": effort.pretraining, "batch_size": batch, "lr": 0.003},
            "protocols": {"finetune": FINETUNE | {"min_steps": effort.steps, "epochs": EPOCHS}, "ridge": {}},
            "budgets": list(self.budgets[: effort.budgets]),
            "trials": effort.trials,
        }

    def _patches(self, side: int) -> Values:
        """No more patches than there are, and several for each centroid."""
        size = min(PATCH, side // 2)
        sample = min(PATCHES, self.found.info.counts["train"] * (side - size + 1) ** 2)
        return {"size": size, "centroids": max(2, min(CENTROIDS, sample // 5)), "sample": sample}


def refuse_unanswerable(found: Found, tasks: tuple[str, ...] | None = None) -> None:
    """Raise ``ConfigError``, saying how to give it, where images lack what any task, or each of ``tasks``, needs."""
    info, path = found.info, found.path
    if not _possible(found):
        raise ConfigError(
            f"{path} says nothing of what its {sum(info.counts.values())} images show: put those of each class in a "
            f"folder of its own, {path.name}/cat and {path.name}/dog for example, or name a table's column of classes "
            "with dataset.source=table dataset.class_column=…"
        )
    asked = set(tasks or _answered(found))
    if asked <= {"classification"} and len(info.classes) < 2:
        raise ConfigError(
            f"{path} has one class only, {', '.join(info.classes)}: there is nothing to tell apart, so add a folder of "
            "pictures of another"
        )


def _possible(found: Found) -> set[str]:
    """Tasks that the images have answers to."""
    return {name for name in TASKS if TASKS.traits(name).target in found.info.targets}


def _answered(found: Found) -> tuple[str, ...]:
    """Which class, or else what every pixel is, or else whatever there is."""
    possible = _possible(found)
    for wanted in (("classification",), DENSE, tuple(sorted(possible))):
        if chosen := tuple(name for name in wanted if name in possible):
            return chosen
    return ()


def doubling_budgets(fewest: int, most: int, count: int) -> list[int]:
    """Up to ``count`` budgets from ``fewest``, each twice the one before; ``most`` is the last where it comes in reach.

    >>> doubling_budgets(10, 100, 8), doubling_budgets(10, 10_000, 4)
    ([10, 20, 40, 100], [10, 20, 40, 80])
    """
    budgets = [fewest * 2**power for power in range(count) if fewest * 2**power <= most]
    if len(budgets) in (0, count) or budgets[-1] == most:
        return budgets
    near = len(budgets) > 1 and most < NEAR * budgets[-1]
    return [*(budgets[:-1] if near else budgets), most]
