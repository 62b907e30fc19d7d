"""A whole report, made up."""

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from PIL import Image
from synthetic_study import METRICS, Tables, in_suite, make_doublings, make_history, make_pretraining, make_tables

from headstart.charts import draw_figures
from headstart.charts.names import find_baseline
from headstart.report import (
    AdviceBox,
    Contrast,
    Found,
    Gallery,
    ReportData,
    Sample,
    galleries,
    state_advice,
    state_verdict,
)
from headstart.report.training import state_training
from headstart.seeding import torch_generator
from headstart.study.results.costs import Costs
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


def make_maps(*arms: str) -> pd.DataFrame:
    """Sixty points of each arm, of three classes."""
    rng = np.random.default_rng(1)
    classes = [("chair", "lamp", "<b>sofa</b>")[index % 3] for index in range(60)]
    return pd.concat(
        pd.DataFrame({
            "arm": arm, "x": rng.integers(0, 1000, 60), "y": rng.integers(0, 600, 60), "class": classes,
            "share_x": 0.4, "share_y": 0.13,
        })
        for arm in arms
    )  # fmt: skip


def make_contrasts() -> tuple[Contrast, ...]:
    """An image that rotation has right and scratch wrong."""
    sample = Sample("chair", checkers(7), "rotation 4 of 4 trials, from scratch 1 of 4")
    return (Contrast("Rotation right, from scratch wrong", "Fine-tuned.", (sample,), {"task": "classification"}),)


def make_costs(results: pd.DataFrame) -> Costs:
    """Two seconds a run, a minute and a half a network."""
    runs = results.drop_duplicates("job").groupby(["task", "arm", "protocol"], sort=False)["seconds"]
    arms = results.loc[results["pretraining"] != "", "arm"].unique()
    networks = pd.DataFrame({"arm": arms, "seconds": 90.0, "count": 1})
    return Costs(networks, runs.agg(seconds="sum", count="count").reset_index())


def make_advice(tables: Tables, trained_out: pd.DataFrame | None = None) -> AdviceBox | None:
    """What the page says is to be done."""
    metrics = dict.fromkeys(tables.results["task"].unique(), METRICS["classification"])
    found = Found(
        tables.results, tables.summary, tables.utility, metrics, make_costs(tables.results),
        find_baseline(tables.arms), 0, 0.95,
    )  # fmt: skip
    return state_advice(found, state_training(make_doublings() if trained_out is None else trained_out, tables.arms))


def make_report(
    tables: Tables | None = None,
    captions: tuple[str, ...] = ("training images, a row per class", "two views of one image"),
    predictions: tuple[Gallery, ...] | None = None,
    pretrained: Mapping[str, str] | None = None,
    trained_out: pd.DataFrame | None = None,
    maps: pd.DataFrame | None = None,
    **names: object,
) -> ReportData:
    """The report of ``tables``, by default those of ``make_tables``; ``names`` replace texts.

    pretrained: the methods by name of the arms whose pretraining was watched.
    """
    tables = make_tables() if tables is None else tables
    history, pretraining = (in_suite(table, tables) for table in (make_history(pretrained), make_pretraining()))
    texts = {
        "name": "quickstart",
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
        figures=draw_figures(tables.summary, tables.utility, history, maps, varied=tables.varied),
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
