"""Predicted maps as the page shows them: a test image a row, an arm a column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd
from torch import Tensor

from headstart.charts.text import bounded, method_title, metric_style, protocol_title
from headstart.data.viewing.comparison import COMPARISONS
from headstart.data.viewing.overlays import picture_of
from headstart.data.viewing.preview import encode_picture
from headstart.report.cells import Cell
from headstart.report.page import Gallery, Sample
from headstart.study.config.arms import BLIND
from headstart.study.results.predictions import ArmMaps, Predictions
from headstart.tasks import TASKS

__all__ = ["galleries"]


def galleries(
    found: Iterable[Predictions], results: pd.DataFrame, classes: Sequence[str], samples: Mapping[str, Tensor]
) -> tuple[Gallery, ...]:
    """The pictures of every task with a target that ``COMPARISONS`` can draw.

    results: the table that holds the arms' scores. classes: of the dataset. samples: images as they came, and their
    targets (``read_samples``).
    """
    shown = [one for one in found if TASKS[one.task].target in COMPARISONS]
    return tuple(_gallery(one, results, classes, samples) for one in shown)


def _gallery(one: Predictions, results: pd.DataFrame, classes: Sequence[str], samples: Mapping[str, Tensor]) -> Gallery:
    target = TASKS[one.task].target
    places = (samples["test.rows"] == one.rows[:, None]).int().argmax(dim=1)
    truth = samples[f"test.target.{target}"][places]
    maps = [truth, *(arm.maps for arm in one.arms)]
    return Gallery(
        title=one.task.capitalize(),
        caption=_caption(one),
        legend=COMPARISONS[target].legend(maps, classes),
        header=(Cell("image"), Cell("truth"), *(_heading(arm, one.task, results) for arm in one.arms)),
        rows=tuple(_rows(one, samples["test.images"][places], maps)),
    )


def _caption(one: Predictions) -> str:
    """What was done, and how to read it."""
    task = TASKS[one.task]
    protocol, score = protocol_title(one.protocol), metric_style(task.primary_metric).title.removeprefix("test ")
    told = [f"{protocol[0].upper()}{protocol[1:]} on {one.labels:,} labels, trial {one.trial + 1}."]
    told.append(f"Below its name stands a network's score on all test images: {score}.")
    if BLIND in [arm.method for arm in one.arms]:
        told.append(f"The {method_title(BLIND)} is one answer for all images, the best that labels alone can tell.")
    if one.absent:
        names = ", ".join(map(method_title, one.absent))
        told.append(f"Not here: {names}, of which the run failed or an earlier version kept no pictures.")
    return " ".join([*told, COMPARISONS[task.target].note])


def _heading(arm: ArmMaps, task: str, results: pd.DataFrame) -> Cell:
    """The arm, and the score of the very network that made its pictures."""
    metric = TASKS[task].primary_metric
    scored = (results["job"] == arm.job) & (results["split"] == "test") & (results["metric"] == metric)
    style = metric_style(metric)
    return Cell(method_title(arm.method), bounded(results.loc[scored, "value"].item(), "none", style.show, style.unit))


def _rows(one: Predictions, images: Tensor, maps: Sequence[Tensor]) -> Iterator[tuple[Sample, ...]]:
    """A picture of each image, its truth and its predictions, each with the words that stand for it."""
    draw = COMPARISONS[TASKS[one.task].target].draw
    names = [f"true {one.task}", *(f"{one.task} by {method_title(arm.method)}" for arm in one.arms)]
    for place, image in enumerate(images):
        pictures = [picture_of(image), *draw(image, [some[place] for some in maps])]
        texts = [f"test image {place + 1}", *(f"test image {place + 1}, {name}" for name in names)]
        yield tuple(Sample(text, encode_picture(shown)) for text, shown in zip(texts, pictures, strict=True))
