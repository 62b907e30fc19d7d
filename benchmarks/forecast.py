"""Back-test of forecasts: curves are fitted without their largest budget, and asked about it.

    python benchmarks/forecast.py runs/digits runs/photos

Of every curve with at least five budgets: whether the mean that was left out lies in its 95 % interval, and whether the
number of labels that was forecast for it is within 1.5 times of the true one. What is not trusted is counted, too.
Without runs, the same of simulated power laws, whose truth is known.
"""

import argparse
from pathlib import Path

import numpy as np

from headstart.api import Study
from headstart.seeding import numpy_generator
from headstart.study.results.comparisons import curves_of
from headstart.utility.forecast import distrust, fit_curve

FEWEST = 5
NEAR = 1.5
SIMULATED, NOISE = 400, 0.02
LABELS = np.array([20.0, 40.0, 80.0, 160.0, 320.0])


def print_simulated(rng: np.random.Generator) -> None:
    """How often the truth at 2, 4 and 8 times the labels lies in the interval."""
    times, held = np.array([2.0, 4.0, 8.0]), []
    for _ in range(SIMULATED):
        floor, scale, fall = rng.uniform(0, 0.2), rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.8)
        spread = NOISE * (LABELS / LABELS[0])[:, None] ** -0.3
        truth = floor + scale * (LABELS / LABELS[0]) ** -fall
        found = fit_curve(LABELS, truth[:, None] + spread * rng.standard_normal((len(LABELS), 4)), rng)
        _, low, high = found.errors(times * LABELS[-1])
        asked = floor + scale * (times * LABELS[-1] / LABELS[0]) ** -fall
        held.append((low <= asked) & (asked <= high))
    shares = ", ".join(
        f"{share:.1%} at {factor:.0f} ×" for share, factor in zip(np.mean(held, axis=0), times, strict=True)
    )
    print(f"{SIMULATED} power laws, five budgets, four trials: intervals of 95 % hold {shares} the largest budget")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path)
    runs = parser.parse_args().runs
    if not runs:
        print_simulated(numpy_generator("forecast", "simulated"))
        return
    print("| run | curve | labels left out | mean there | forecast | held | labels forecast | within 1.5 × |")
    print("|---|---|---|---|---|---|---|---|")
    told, silent = [], 0
    for run in runs:
        study = Study.load(run)
        for curve in curves_of(study.results, study.run.info.metrics, ()):
            higher = study.run.info.metrics[curve.names["task"]].higher_is_better
            budgets, values, _ = curve.table()
            if len(budgets) < FEWEST or curve.role == "control":
                continue
            labels, errors = budgets.astype(np.float64), 1 - values if higher else values
            name = f"{curve.names['task']}, {curve.names['arm']}, {curve.names['protocol']}"
            if doubt := distrust(labels[:-1], errors[:-1]):
                silent += 1
                print(f"| {run.name} | {name} | {budgets[-1]} | | not trusted: {doubt} | | | |")
                continue
            found = fit_curve(labels[:-1], errors[:-1], numpy_generator("backtest", run.name, name))
            middle, low, high = (float(one[0]) for one in found.errors(labels[-1:]))
            truth = float(np.nanmean(errors[-1]))
            reach = found.reach(truth).labels
            held, near = low <= truth <= high, labels[-1] / NEAR <= reach <= labels[-1] * NEAR
            told.append((held, near))
            print(
                f"| {run.name} | {name} | {budgets[-1]} | {truth:.3f} | {middle:.3f} ({low:.3f}–{high:.3f}) | "
                f"{'yes' if held else 'no'} | {reach:.0f} | {'yes' if near else 'no'} |"
            )
    held, near = np.array(told or [(False, False)]).sum(axis=0)
    print(f"\n{held} of {len(told)} held, {near} of {len(told)} within 1.5 ×; {silent} not trusted")


if __name__ == "__main__":
    main()
