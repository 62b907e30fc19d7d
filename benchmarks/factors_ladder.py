"""Scratch accuracy as factors are switched on: does the dial turn? ``python benchmarks/factors_ladder.py``

Trains the quickstart's network from scratch on five variants of its images and prints test accuracy (mean and standard
deviation over trials) at each budget. ``----`` should be easiest and ``TCVL`` hardest of those compared.
"""

import argparse
from pathlib import Path

from headstart import load_suite, run_suite

VARIANTS = ("----", "--V-", "T---", "T-V-", "TCVL")
FACTORS = "dataset.factors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    out = parser.parse_args().out
    vary = f"vary={{{FACTORS}: {list(VARIANTS)}}}"
    suite = load_suite("quickstart", ["name=ladder", "arms={}", "controls=[]", "budgets=[100, 200]", vary])
    results = run_suite(suite, out=out).results
    scores = results[results["split"] == "test"].groupby([FACTORS, "labels"], sort=False)["value"].agg(["mean", "std"])
    print(scores.apply(lambda row: f"{row['mean']:.1%} ± {row['std']:.1%}", axis=1).unstack().to_string())


if __name__ == "__main__":
    main()
