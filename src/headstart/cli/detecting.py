"""``study plan --detect``: how many trials it takes to see a gain in labels."""

import re
from math import isinf
from typing import TYPE_CHECKING

from headstart.cli.console import console, print_frame, print_prose, say
from headstart.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from headstart.study.config.suite import Suite
    from headstart.study.running.launchers import Launcher
    from headstart.study.running.store import Store

__all__ = ["print_detection", "share_of"]

SHARE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(%?)")


def share_of(text: str) -> float:
    """``0.5`` or ``50%`` as a share. Raises ``ConfigError`` for what is no gain.

    >>> share_of("0.5"), share_of("50%")
    (0.5, 0.5)
    """
    found = SHARE.fullmatch(text.strip())
    share = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if share <= 0:
        raise ConfigError(f"--detect '{text}' is no gain in labels: write 0.5 or 50% for half as many again")
    return share


def print_detection(suite: "Suite", share: float, store: str, workers: int | None) -> None:
    """Run what is missing to know it, and say how many trials it takes at each budget."""
    from headstart.api import detect_table

    table = detect_table(suite, share, store=store, workers=workers, pilot=_watched_pilot)
    console.print()
    print_frame(_in_words(table))
    level, baseline = f"{suite.first.utility.confidence:.0%}", suite.first.baseline
    print_prose(
        f"Trials that show a gain of {share:.0%} in labels in four of five studies: their mean paired difference has a "
        f"{level} interval above 0. Deviation and gain are of {baseline}'s score on validation images, and an arm is "
        "thought to be as noisy. Sentences on many arms and budgets at once ask for more trials."
    )


def _watched_pilot(suite: "Suite", store: "Store", launcher: "Launcher") -> None:
    from headstart.progress import duration, watch_jobs
    from headstart.study.fitting.cost import seconds_of_work
    from headstart.study.fitting.detect import run_pilot

    study, seconds = suite.first, seconds_of_work(suite, store, launcher)
    budgets = " and ".join(map(str, study.budgets))
    say(
        f"a pilot tells how noisy {study.baseline} is: {study.trials} trials at {budgets} labels, about "
        f"{duration(seconds)}; a study does not do them again"
    )
    with watch_jobs(console, seconds) as (listen, expect):
        run_pilot(suite, store, launcher, listen, expect)


def _in_words(table: "pd.DataFrame") -> "pd.DataFrame":
    from headstart.utility import MOST_TRIALS

    shown = table if table["task"].nunique() > 1 else table.drop(columns="task")
    trials = [f"more than {MOST_TRIALS:,}" if isinf(count) else f"{count:.0f}" for count in table["trials"]]
    flat = [f"{words} (no slope)" if gain <= 0 else words for words, gain in zip(trials, table["gain"], strict=True)]
    return shown.round({"score": 4, "deviation": 4, "gain": 4}).assign(trials=flat)
