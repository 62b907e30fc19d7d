"""Runs that were never made: tables with a known truth, for rules to find."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from headstart.reproduction.evidence import Evidence, RunTables
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.tables import summary_table, utility_table

METRICS = {
    "classification": PrimaryMetric("accuracy"),
    "pose": PrimaryMetric("accuracy"),
    "segmentation": PrimaryMetric("miou"),
    "depth": PrimaryMetric("rmse", False),
}
METHODS = ("vae", "rotation", "cmc", "amdim")
BUDGETS = (20, 100, 500)
SCRATCH = {20: 0.3, 100: 0.5, 500: 0.7}
CORNERS = ("----", "T---", "-C--", "--V-", "---L")
TRANSFER = [{"pretrain_dataset.factors": one, "dataset.factors": other} for one in CORNERS for other in CORNERS]
NETWORKS = [{"network": name, "dataset.factors": "TCVL"} for name in ("ResNet9", "ResNet50")]
ENCODERS = [{"network": name, "dataset.factors": "TCVL"} for name in ("AMDIM's encoder", "ResNet50")]
EFFORTS = [{"effort": name} for name in ("full", "half the epochs", "an eighth of the images")]
FALLING, FLAT = {20: 0.15, 100: 0.02, 500: 0.0}, {20: 0.05, 100: 0.15, 500: 0.01}
Score = Callable[[Mapping[str, str], str, str, int], float]


def made_run(
    score: Score,
    places: Iterable[Mapping[str, str]] = ({},),
    *,
    task: str = "classification",
    arms: Iterable[str] = METHODS,
    protocols: Iterable[str] = ("finetune",),
    trials: int = 4,
    noise: float = 0.004,
    lost: Iterable[str] = (),
    further: Iterable[int] = (),
    trained_out: bool | None = True,
    tables: bool = False,
) -> RunTables:
    """score: of a place, arm, protocol and labels, more being better. lost: arms whose first run gave no number.
    further: budgets of scratch alone.

    tables: whether to make those that charts are drawn of.
    """
    rng = np.random.default_rng(3)
    rows = []
    for names in places:
        for arm in ("scratch", "random", *arms):
            own = ["finetune"] if arm == "scratch" else ["linear"] if arm == "random" else protocols
            for protocol in own:
                for labels in (*BUDGETS, *(further if arm == "scratch" else ())):
                    for trial in range(trials):
                        value = score(names, arm, protocol, labels) + noise * rng.normal()
                        gone = arm in lost and (labels, trial) == (BUDGETS[0], 0)
                        rows.append(_row(names, task, arm, protocol, labels, trial, np.nan if gone else value))
    results = pd.DataFrame(rows)
    missing = results.loc[results["value"].isna(), ["arm"]].assign(reason="not run yet")
    return tables_of(results, missing, tuple(next(iter(places))), trained_out, tables)


def tables_of(
    results: pd.DataFrame, missing: pd.DataFrame, varied: tuple[str, ...], trained_out: bool | None, tables: bool
) -> RunTables:
    summary = summary_table(results, METRICS, varied=varied) if tables else results
    utility = utility_table(results, METRICS, varied=varied, seed=0, draws=100) if tables else results
    return RunTables(results, summary, utility, missing, METRICS, varied, trained_out, "Looked at.")


def failing(run: RunTables, arm: str, labels: int, trials: int, reason: str = "the loss is not finite") -> RunTables:
    """The run, had the last so many trials of an arm, fine-tuned with so many labels, given no number."""
    results = run.results
    cell = (results["arm"] == arm) & (results["labels"] == labels) & (results["protocol"] == "finetune")
    lost = cell & (results["trial"] > results["trial"].max() - trials)
    missing = pd.concat([run.missing, results.loc[lost, ["arm"]].assign(reason=reason)])
    return tables_of(results.assign(value=results["value"].mask(lost)), missing, run.varied, run.trained_out, True)


def made(*runs: RunTables) -> Evidence:
    return Evidence({f"run {number}": run for number, run in enumerate(runs)})


def _row(
    names: Mapping[str, str], task: str, arm: str, protocol: str, labels: int, trial: int, value: float
) -> dict[str, object]:
    untaught = arm in ("scratch", "random")
    return {
        **names,
        "dataset": names.get("dataset.factors", "TCVL"),
        "pretrain_dataset": "" if untaught else names.get("pretrain_dataset.factors", "TCVL"),
        "task": task,
        "backbone": names.get("network", "resnet9"),
        "arm": arm,
        "method": arm,
        "protocol": protocol,
        "role": {"scratch": "baseline", "random": "control"}.get(arm, "compared"),
        "labels": labels,
        "trial": trial,
        "pretraining": "" if untaught else arm,
        "split": "test",
        "metric": METRICS[task].name,
        "value": value if METRICS[task].higher_is_better else -value,
        "job": f"{names} {task} {arm} {protocol} {labels} {trial}",
    }


def gaining(gains: Mapping[int, float], also: float = 0.0) -> Score:
    """Every method gains so much over scratch by labels; CMC ``also``."""

    def score(names, arm, protocol, labels):
        gain = 0.0 if arm in ("scratch", "random") else gains[labels] + also * (arm == "cmc")
        return SCRATCH[labels] + gain

    return score


def shifted(cost: Iterable[float]) -> Score:
    """Each factor that differs between the two datasets costs so much."""

    def score(names, arm, protocol, labels):
        if arm == "scratch":
            return SCRATCH[labels]
        pair = zip(names["pretrain_dataset.factors"], names["dataset.factors"], strict=True)
        return SCRATCH[labels] - sum(price for price, (one, other) in zip(cost, pair, strict=True) if one != other)

    return score
