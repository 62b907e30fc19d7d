"""A study's tables, made up: three arms, two protocols, six budgets, four trials; and suites of such studies."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.tables import summary_table, utility_table

METRICS = {"classification": PrimaryMetric("accuracy")}
BUDGETS = (50, 100, 250, 500, 1000, 2000)
NOISE = 0.04  # at 50 labels, falling as labels grow
GUESS = 0.1
"""The blind guess's accuracy."""


class Curve(NamedTuple):
    """Mean accuracy ``ceiling − rise · (n · gain(n))^−0.35`` of n labels, where gain falls from ``gain`` towards 1."""

    ceiling: float
    rise: float
    gain: float
    method: str = ""

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
NAMED_CURVES = {
    ("scratch slow", "finetune"): Curve(0.88, 2.0, 1.0, "scratch"),
    ("random", "linear"): Curve(0.42, 1.0, 1.0),
    ("blind", "constant"): Curve(GUESS, 0.0, 1.0),
    ("scratch", "finetune"): Curve(0.88, 2.05, 1.0, "scratch"),
    ("rotation", "finetune"): Curve(0.88, 2.0, 1.9),
    ("rotation long", "finetune"): Curve(0.88, 2.0, 2.9, "rotation"),
    ("rotation", "linear"): Curve(0.62, 1.0, 1.4),
    ("rotation long", "linear"): Curve(0.65, 1.0, 1.5, "rotation"),
}
"""A study of arms with names of their own, whose baseline is ``scratch slow``."""
UNTAUGHT = ("scratch", "random", "blind")
CONTROLS = {"random": "control", "blind": "control"}
MISSING = ["arm", "task", "protocol", "labels", "trial"]
Curves = Mapping[tuple[str, str], Curve]


def make_results(
    trials: int = 4,
    dataset: str = "TCVL 32 px",
    seed: int = 5,
    curves: Curves = CURVES,
    baseline: str = "scratch",
    boost: float = 1.0,
) -> pd.DataFrame:
    """Runs of every curve; half of a run's luck is its trial's, whatever the arm. boost: multiplies gains."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(trials, len(BUDGETS)))
    rows = []
    for (arm, protocol), curve in curves.items():
        method = curve.method or arm
        gained = curve._replace(gain=curve.gain if method == "scratch" else curve.gain * boost)
        luck = np.sqrt(0.5) * (shared + rng.normal(size=shared.shape))
        for index, labels in enumerate(BUDGETS):
            for trial in range(trials):
                value = gained.accuracy(labels) + NOISE * (50 / labels) ** 0.4 * luck[trial, index]
                row = {
                    "dataset": dataset,
                    "pretrain_dataset": "" if method in UNTAUGHT else dataset,
                    "task": "classification",
                    "backbone": "resnet9 width=16",
                    "arm": arm,
                    "method": method,
                    "protocol": protocol,
                    "role": "baseline" if arm == baseline else CONTROLS.get(arm, "compared"),
                    "labels": labels,
                    "trial": trial,
                    "pretraining": "" if method in UNTAUGHT else f"{arm}-{trial}",
                    "metric": "accuracy",
                    "steps": 600,
                    "seconds": 2.0,
                    "job": f"{arm}-{protocol}-{labels}-{trial}",
                }
                rows += [row | {"split": "val", "value": value + 0.01}, row | {"split": "test", "value": value}]
    return pd.DataFrame(rows)


def make_suite(values: Mapping[str, Sequence[str]], curves: Curves = CURVES, trials: int = 4) -> pd.DataFrame:
    """Results of a study per combination of values. Pretraining on what is learned afterwards is worth most."""
    found = []
    for seed, combination in enumerate(product(*values.values())):
        settings = dict(zip(values, combination, strict=True))
        learned = settings.get("dataset.factors", "TCVL")
        source = settings.get("pretrain_dataset.factors", learned)
        boost = 0.7 + 0.2 * seed if source == learned else 0.35
        results = make_results(trials, f"{learned} 32 px", seed, curves=curves, boost=boost)
        results.loc[results["pretrain_dataset"] != "", "pretrain_dataset"] = f"{source} 32 px"
        for column, (key, value) in enumerate(settings.items()):
            results.insert(column, key, value)
        found.append(results)
    return pd.concat(found, ignore_index=True)


class Tables(NamedTuple):
    results: pd.DataFrame
    summary: pd.DataFrame
    utility: pd.DataFrame
    missing: pd.DataFrame
    arms: pd.DataFrame
    varied: tuple[str, ...]


def make_tables(results: pd.DataFrame | None = None, notes: Mapping[str, str] | None = None) -> Tables:
    """Results (by default those of ``make_results``) with the tables that charts and reports read.

    notes: by name of an arm, what it overrides.
    """
    results = make_results() if results is None else results
    varied = tuple(results.columns[: results.columns.get_loc("dataset")])
    lacking = results[results["value"].isna() & (results["split"] == "test")]
    arms = results[["arm", "method", "role"]].drop_duplicates(ignore_index=True)
    return Tables(
        results,
        summary_table(results, METRICS, varied=varied),
        utility_table(results, METRICS, varied=varied, seed=0, draws=500),
        lacking[[*varied, *MISSING]].assign(step=300.0, reason="the loss is not finite").reset_index(drop=True),
        arms.assign(note=[(notes or {}).get(arm, "") for arm in arms["arm"]]),
        varied,
    )


def without(results: pd.DataFrame, *jobs: str) -> pd.DataFrame:
    """The results, had the runs whose jobs begin like this yielded no number."""
    lost = results["job"].str.startswith(jobs)
    return results.assign(value=results["value"].mask(lost))


def make_doublings(change: float = 0.003, arm: str = "scratch") -> pd.DataFrame:
    """What twice the steps did to scratch at a middle budget, by default next to nothing."""
    limit = 0.01
    row = {"dataset": "TCVL 32 px", "task": "classification", "protocol": "finetune", "labels": "500", "arm": arm}
    told = {"metric": "accuracy", "probed": 1, "steps": "400", "change": change, "error": 0.007, "limit": limit}
    return pd.DataFrame([row | told | {"settled": change < limit}])


def make_history(arms: Mapping[str, str] | None = None) -> pd.DataFrame:
    """What pretrainings measured on their way: by default of two, else of ``arms``, their methods by name."""
    steps = np.arange(10, 210, 10)
    found = {"rotation": "rotation", "cmc": "cmc"} if arms is None else arms
    return pd.DataFrame(
        {"arm": arm, "method": method, "seed": 0, "step": step, "metric": metric, "value": value}
        for index, (arm, method) in enumerate(found.items())
        for metric, values in (
            ("effective_rank", (20 + 5 * index) * (1 - np.exp(-steps / 60))),
            ("feature_spread", 0.3 + 0.2 * np.exp(-steps / (60 + 30 * index))),
        )
        for step, value in zip(steps, values, strict=True)
    )


def in_suite(table: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """A table of one study as each study of a suite would have it, if what is varied came after pretraining."""
    if not tables.varied:
        return table
    combinations = tables.results[list(tables.varied)].drop_duplicates()
    return combinations.merge(table, how="cross")


def make_pretraining() -> pd.DataFrame:
    """What became of them: one is well, one collapsed."""
    common = {"seed": 0, "pretrain_dataset": "TCVL 32 px", "steps": 200, "features": 64}
    well = {"arm": "rotation", "loss": 1.21, "effective_rank": 19.3, "feature_spread": 0.31, "state": "ok"}
    gone: dict[str, object] = {"arm": "cmc", "loss": 16.6, "effective_rank": 1.0, "feature_spread": 1e-5}
    rows = [well, gone | {"state": "collapsed: all images have the same features (step 90)"}]
    return pd.DataFrame([{"arm": row["arm"], "method": row["arm"]} | common | row for row in rows])
