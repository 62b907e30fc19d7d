"""A whole report, made up."""

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from PIL import Image
from synthetic_study import Tables, in_suite, make_doublings, make_history, make_pretraining, make_tables

from headstart.charts import draw_figures
from headstart.report import Gallery, ReportData, Sample, galleries, state_verdict
from headstart.seeding import torch_generator
from headstart.study.results.predictions import ArmMaps, Predictions


def checkers(seed: int) -> bytes:
    """A PNG of 480 × 160 pixels."""
    colors = np.random.default_rng(seed).integers(0, 256, (5, 15, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(colors.repeat(32, axis=0).repeat(32, axis=1)).save(file, "png")
    return file.getvalue()


def make_predictions(*names: str) -> tuple[Gallery, ...]:
    """What a blind guess, scratch and ``names`` say to two test images: one task in masks, one in depths."""
    generator = torch_generator("predictions")
    arms = ["blind", "scratch", *names]
    roles = ["control", "baseline", *(["compared"] * len(names))]
    masks = torch.randint(0, 3, (len(arms) + 1, 2, 16, 16), generator=generator, dtype=torch.uint8)
    depths = 1 + 3 * torch.rand(masks.shape, generator=generator)
    images = torch.randint(0, 256, (2, 3, 16, 16), generator=generator, dtype=torch.uint8)
    found = tuple(
        Predictions(
            varied={},
            task=task,
            protocol="finetune",
            labels=2000,
            trial=0,
            classes=("chair", names[-1]),
            images=images,
            truth=maps[-1],
            arms=tuple(ArmMaps(arm, role, arm, some) for arm, role, some in zip(arms, roles, maps, strict=False)),
            absent=absent,
        )
        for task, maps, absent in (("segmentation", masks, ()), ("depth", depths, names))
    )
    results = pd.DataFrame(
        {"job": name, "split": "test", "metric": metric, "value": 0.1 + 0.01 * index}
        for index, name in enumerate(arms)
        for metric in ("miou", "rmse")
    )
    return galleries(found, results)


def make_report(
    tables: Tables | None = None,
    captions: tuple[str, ...] = ("training images, a row per class", "two views of one image"),
    predictions: tuple[Gallery, ...] | None = None,
    pretrained: Mapping[str, str] | None = None,
    trained_out: pd.DataFrame | None = None,
    **names: object,
) -> ReportData:
    """The report of ``tables``, by default those of ``make_tables``; ``names`` replace texts.

    pretrained: the methods by name of the arms whose pretraining was watched.
    """
    tables = make_tables() if tables is None else tables
    history, pretraining = (in_suite(table, tables) for table in (make_history(pretrained), make_pretraining()))
    texts = {
        "title": "quickstart: classification of TCVL 32 px, resnet9 width=16",
        "config": "name: quickstart\nseed: 0\nbudgets: [50, 100, 250, 500, 1000, 2000]\ntrials: 4\n",
        "environment": {"headstart": "0.1.0", "processor": "a processor with a long name, 64 cores", "torch": "2.13.0"},
        "command": "headstart study run quickstart --out runs",
    }
    return ReportData(
        verdict=state_verdict(tables.utility, tables.arms, tables.missing, varied=tables.varied),
        summary=tables.summary,
        utility=tables.utility,
        arms=tables.arms,
        missing=tables.missing,
        trained_out=in_suite(make_doublings(), tables) if trained_out is None else trained_out,
        varied=tables.varied,
        figures=draw_figures(tables.summary, tables.utility, history, varied=tables.varied),
        pretraining=pretraining,
        predictions=make_predictions("rotation", "cmc") if predictions is None else predictions,
        timings=pd.DataFrame(
            {
                "kind": ["dataset", "pretrain", "trial"],
                "count": [1, 2, 120],
                "cached": [0, 0, 24],
                "seconds": [21, 96.2, 187],
            }
        ),
        samples=tuple(Sample(caption, checkers(index)) for index, caption in enumerate(captions)),
        **(texts | names),
    )
