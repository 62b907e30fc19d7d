"""Predicted maps as the page shows them: a test image a row, an arm a column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd
from torch import Tensor

from headstart.charts.names import arm_titles, protocol_title, varied_text
from headstart.charts.text import bounded, metric_style
from headstart.data.viewing.comparison import COMPARISONS
from headstart.data.viewing.overlays import picture_of
from headstart.data.viewing.preview import encode_picture
from headstart.report.cells import Cell
from headstart.report.page import Gallery, Sample
from headstart.study.results.predictions import ArmMaps, Predictions
from headstart.tasks import TASKS

__all__ = ["galleries"]


def galleries(predictions: Iterable[Predictions], results: pd.DataFrame) -> tuple[Gallery, ...]:
    """The pictures of every task with a target that ``COMPARISONS`` can draw.

    results: the table that holds the arms' scores.

    >>> [gallery.title for gallery in galleries(predictions, tables.results)]  # doctest: +SKIP
    ['Segmentation']
    """
    return tuple(
        _gallery(prediction, results) for prediction in predictions if TASKS[prediction.task].target in COMPARISONS
    )


def _gallery(prediction: Predictions, results: pd.DataFrame) -> Gallery:
    target = TASKS[prediction.task].target
    titles = arm_titles([*(arm.arm for arm in prediction.arms), *prediction.absent])
    maps = [prediction.truth, *(arm.maps for arm in prediction.arms)]
    named = [titles[arm.arm] for arm in prediction.arms]
    where = [varied_text(prediction.varied)] if prediction.varied else []
    return Gallery(
        title=", ".join([prediction.task.capitalize(), *where]),
        caption=_caption(prediction, titles),
        legend=COMPARISONS[target].legend(maps, prediction.classes),
        header=(
            Cell("image"),
            Cell("truth"),
            *(Cell(titles[arm.arm], _score(arm, prediction.task, results)) for arm in prediction.arms),
        ),
        rows=tuple(_rows(prediction.task, prediction.images, maps, named)),
        place={"task": prediction.task},
        columns=({}, {}, *({"arm": arm.arm} for arm in prediction.arms)),
    )


def _caption(prediction: Predictions, titles: Mapping[str, str]) -> str:
    """What was done, and how to read it."""
    task = TASKS[prediction.task]
    protocol, score = protocol_title(prediction.protocol), metric_style(task.primary_metric).title.removeprefix("test ")
    sentences = [f"{protocol[0].upper()}{protocol[1:]} on {prediction.labels:,} labels, trial {prediction.trial + 1}."]
    sentences.append(f"Below its name stands a network's score on all test images: {score}.")
    # Of the controls, only what never looks at an image is asked for maps.
    sentences += [
        f"The {titles[arm.arm]} is one answer for all images, the best that labels alone can tell."
        for arm in prediction.arms
        if arm.role == "control"
    ]
    if prediction.absent:
        names = ", ".join(titles[arm] for arm in prediction.absent)
        sentences.append(f"Not here: {names}, of which the run failed or an earlier version kept no pictures.")
    return " ".join([*sentences, COMPARISONS[task.target].note])


def _score(arm: ArmMaps, task: str, results: pd.DataFrame) -> str:
    """The score of the very network that made the pictures; a suite's table may hold it several times."""
    metric = TASKS[task].primary_metric
    scored = (results["job"] == arm.job) & (results["split"] == "test") & (results["metric"] == metric)
    style = metric_style(metric)
    return bounded(results.loc[scored, "value"].iloc[0], "none", style.show, style.unit)


def _rows(task: str, images: Tensor, maps: Sequence[Tensor], arms: Sequence[str]) -> Iterator[tuple[Sample, ...]]:
    """A picture of each image, its truth and its predictions, each with the words that stand for it."""
    draw = COMPARISONS[TASKS[task].target].draw
    names = [f"true {task}", *(f"{task} by {arm}" for arm in arms)]
    for index, image in enumerate(images):
        pictures = [picture_of(image), *draw(image, [some[index] for some in maps])]
        texts = [f"test image {index + 1}", *(f"test image {index + 1}, {name}" for name in names)]
        yield tuple(Sample(text, encode_picture(shown)) for text, shown in zip(texts, pictures, strict=True))
