"""Scratch accuracy as factors are switched on: does the dial turn? ``python benchmarks/factors_ladder.py``

Trains the quickstart's network from scratch on five variants of its images and prints test accuracy (mean and standard
deviation over trials) at each budget. ``----`` should be easiest and ``TCVL`` hardest of those compared.
"""

import argparse
from pathlib import Path

import pandas as pd

from headstart import load_study, run_study

VARIANTS = ("----", "--V-", "T---", "T-V-", "TCVL")


def measure(variant: str, out: Path) -> pd.Series:
    """Test accuracy by budget of one variant, as text."""
    overrides = [f"name=ladder{variant}", f"dataset.factors={variant!r}", "arms={}", "budgets=[100, 200]"]
    results = run_study(load_study("quickstart", overrides), out=out).results
    accuracy = results[results["split"] == "test"].groupby("labels")["value"].agg(["mean", "std"])
    return accuracy.apply(lambda row: f"{row['mean']:.1%} ± {row['std']:.1%}", axis=1).rename(variant)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    out = parser.parse_args().out
    print(pd.DataFrame([measure(variant, out) for variant in VARIANTS]).to_string())


if __name__ == "__main__":
    main()
