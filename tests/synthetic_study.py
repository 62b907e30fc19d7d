"""A study's tables, made up: three arms, two protocols, six budgets, four trials."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from headstart.study.tables import PrimaryMetric, summary_table, utility_table

METRICS = {"classification": PrimaryMetric("accuracy")}
BUDGETS = (50, 100, 250, 500, 1000, 2000)
NOISE = 0.04  # at 50 labels, falling as labels grow


class Curve(NamedTuple):
    """Mean accuracy ``ceiling − rise · (n · gain(n))^−0.35`` of n labels, where gain falls from ``gain`` towards 1."""

    ceiling: float
    rise: float
    gain: float

    def accuracy(self, labels: int) -> float:
        gain = 1 + (self.gain - 1) * (50 / labels) ** 0.3
        return self.ceiling - self.rise * (labels * gain) ** -0.35


CURVES = {
    ("scratch", "finetune"): Curve(0.88, 2.0, 1.0),
    ("rotation", "finetune"): Curve(0.88, 2.0, 2.9),
    ("cmc", "finetune"): Curve(0.87, 2.0, 1.7),
    ("rotation", "linear"): Curve(0.65, 1.0, 1.5),
    ("cmc", "linear"): Curve(0.58, 1.0, 1.2),
}


def make_results(trials: int = 4, dataset: str = "TCVL 32 px", seed: int = 5) -> pd.DataFrame:
    """Runs of every curve; half of a run's luck is its trial's, whatever the arm."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(trials, len(BUDGETS)))
    rows = []
    for (method, protocol), curve in CURVES.items():
        luck = np.sqrt(0.5) * (shared + rng.normal(size=shared.shape))
        for place, labels in enumerate(BUDGETS):
            for trial in range(trials):
                value = curve.accuracy(labels) + NOISE * (50 / labels) ** 0.4 * luck[trial, place]
                row = {
                    "dataset": dataset,
                    "pretrain_dataset": "" if method == "scratch" else dataset,
                    "task": "classification",
                    "backbone": "resnet9 width=16",
                    "method": method,
                    "protocol": protocol,
                    "labels": labels,
                    "trial": trial,
                    "metric": "accuracy",
                    "steps": 600,
                    "seconds": 2.0,
                    "job": f"{method}-{protocol}-{labels}-{trial}",
                }
                rows += [row | {"split": "val", "value": value + 0.01}, row | {"split": "test", "value": value}]
    return pd.DataFrame(rows)


class Tables(NamedTuple):
    results: pd.DataFrame
    summary: pd.DataFrame
    utility: pd.DataFrame


def make_tables(results: pd.DataFrame | None = None) -> Tables:
    """Results (by default those of ``make_results``) with the tables that charts and reports read."""
    results = make_results() if results is None else results
    return Tables(results, summary_table(results, METRICS), utility_table(results, METRICS, seed=0, draws=500))
