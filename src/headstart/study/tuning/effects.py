"""Which knobs mattered: shares of the variance of scores, by Optuna's functional analysis of variance (fANOVA)."""

from collections.abc import Mapping, Sequence

import pandas as pd

from headstart.space import Space
from headstart.study.tuning.knobs import Knobs
from headstart.study.tuning.sampler import distributions
from headstart.study.tuning.trials import Trial

__all__ = ["EFFECTS", "effects_table"]

EFFECTS = ["arm", "knob", "log", "value", "score", "status", "share"]
FEWEST = 6
"""Finished trials without which shares are not computed."""


def effects_table(trials: Sequence[Trial], knobs: Mapping[str, Knobs], seed: int) -> pd.DataFrame:
    """One row per trial and knob: ``arm, knob, log, value, score, status, share``.

    log: whether its space is a logarithmic one. share: of the variance of finished trials' scores, what the
    knob explains by itself, 0..1 (Hutter et al., 2014); NaN where too few finished, or all have one score.
    """
    rows = []
    for arm, own in knobs.items():
        tried = [trial for trial in trials if trial.arm == arm and trial.scores]
        shares = _shares(tried, {path: knob.space for path, knob in own.items()}, seed)
        rows += [
            {"arm": arm, "knob": path, "log": own[path].space.kind == "log", "value": str(trial.values[path])}
            | {"score": trial.score, "status": trial.status, "share": shares.get(path, float("nan"))}
            for trial in tried
            for path in own
        ]
    return pd.DataFrame(rows, columns=EFFECTS)


def _shares(trials: Sequence[Trial], spaces: Mapping[str, Space], seed: int) -> dict[str, float]:
    finished = [trial for trial in trials if trial.status == "finished"]
    if len(finished) < FEWEST or len({trial.score for trial in finished}) < 2:
        return {}
    import optuna

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for trial in finished:
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(trial.values), distributions=distributions(spaces), value=float(trial.score)
            )
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed % 2**32)
    return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
