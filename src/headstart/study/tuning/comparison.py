"""What tuning changed: the utility of every arm, as the study is and as tuned."""

import pandas as pd

from headstart.study.config.arms import REFERENCE

__all__ = ["compare_utility"]

KEYS = ["dataset", "task", "arm", "labels", "metric"]
NUMBERS = ["value", "utility", "utility_low", "utility_high", "censored"]


def compare_utility(before: pd.DataFrame, tuned: pd.DataFrame) -> pd.DataFrame:
    """One row per fine-tuned arm and budget of two utility tables of one study: ``NUMBER before``, ``NUMBER tuned`` of
    its score and utility, and ``change`` of utility.

    Each utility is measured against the baseline of its own study, which was tuned as hard as the arm.
    """
    whole = [table.loc[table["protocol"] == REFERENCE, [*KEYS, *NUMBERS]] for table in (before, tuned)]
    named = [
        table.rename(columns={name: f"{name} {when}" for name in NUMBERS})
        for table, when in zip(whole, ("before", "tuned"), strict=True)
    ]
    joined = named[0].merge(named[1], on=KEYS, how="outer", sort=False, validate="one_to_one")
    return joined.assign(change=joined["utility tuned"] - joined["utility before"])
