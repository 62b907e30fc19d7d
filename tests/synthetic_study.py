"""A study's tables, made up: three arms, two protocols, six budgets, four trials."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from headstart.study.results.tables import PrimaryMetric, summary_table, utility_table

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


def make_history() -> pd.DataFrame:
    """What two pretrainings measured on their way."""
    steps = np.arange(10, 210, 10)
    curves = {"effective_rank": 20 * (1 - np.exp(-steps / 60)), "feature_spread": 0.3 + 0.2 * np.exp(-steps / 60)}
    return pd.DataFrame(
        {"method": method, "seed": 0, "step": step, "metric": metric, "value": value}
        for method in ("rotation", "cmc")
        for metric, values in curves.items()
        for step, value in zip(steps, values, strict=True)
    )


def make_pretraining() -> pd.DataFrame:
    """What became of them: one is well, one collapsed."""
    common = {"seed": 0, "pretrain_dataset": "TCVL 32 px", "steps": 200, "features": 64}
    well = {"method": "rotation", "loss": 1.21, "effective_rank": 19.3, "feature_spread": 0.31, "state": "ok"}
    gone: dict[str, object] = {"method": "cmc", "loss": 16.6, "effective_rank": 1.0, "feature_spread": 1e-5}
    return pd.DataFrame(
        [common | well, common | gone | {"state": "collapsed: all images have the same features (step 90)"}]
    )
