"""How often intervals of utility hold the true value, in simulated studies whose truth is known.

    python benchmarks/utility_coverage.py --studies 1000

Prints, per number of trials, the share of nominal 95 % intervals that hold the true labels needed, for the package's
draws and for a plain bootstrap of whole trials (the yardstick), with the median width of both at 250 labels.
"""

import argparse
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from headstart.seeding import numpy_generator
from headstart.utility import TrialScores, estimate_utility

Floats = NDArray[np.float64]
LABELS = np.array([50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0])
SHARED_LUCK = 0.5  # of a run's variance: its label subset, the same for both arms


class Truth(NamedTuple):
    """Accuracy 0.9 − 2.2 n^−0.35 of scratch, and of pretraining with ``gain`` times the labels; noise at 50 labels."""

    gain: Floats
    noise: float


TRUTHS = {
    "clear gain": Truth(1 + 2 * np.sqrt(100 / LABELS), 0.03),
    "no gain": Truth(np.ones(6), 0.03),
    "loss": Truth(np.full(6, 0.6), 0.03),
    "much noise": Truth(1 + 2 * np.sqrt(100 / LABELS), 0.08),
}


def accuracy(labels: Floats) -> Floats:
    return 0.9 - 2.2 * labels**-0.35


def simulate(truth: Truth, trials: int, rng: np.random.Generator) -> tuple[TrialScores, TrialScores]:
    """Scratch and pretrained scores of one study."""
    luck = rng.standard_normal((trials, len(LABELS)))
    spread = truth.noise * np.sqrt(50 / LABELS)

    def scores(mean: Floats) -> TrialScores:
        own = rng.standard_normal((trials, len(LABELS)))
        return TrialScores(LABELS, mean + spread * (np.sqrt(SHARED_LUCK) * luck + np.sqrt(1 - SHARED_LUCK) * own))

    return scores(accuracy(LABELS)), scores(accuracy(LABELS * truth.gain))


def plain_draws(values: Floats, draws: int, generator: np.random.Generator) -> Floats:
    """Means of trials drawn with replacement."""
    trials = len(values)
    counts = generator.multinomial(trials, np.full(trials, 1 / trials), draws)
    return counts / trials @ values


def coverage(truth: Truth, trials: int, studies: int, draws: int = 1000) -> tuple[Floats, float]:
    """Share of intervals that hold the truth, per budget ``[K]``, and the median width at 250 labels, in utilities."""
    needed = LABELS * truth.gain
    hits, widths = np.zeros(len(LABELS)), []
    for study in range(studies):
        rng = numpy_generator("coverage", trials, study)
        found = estimate_utility(*simulate(truth, trials, rng), rng, draws=draws)
        hits += (found.equivalent_low <= needed) & (needed <= found.equivalent_high)
        widths.append(found.utility_high[2] - found.utility_low[2])
    return hits / studies, float(np.median(widths))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    studies = parser.parse_args().studies
    print(f"{'truth':<12} {'trials':>6}   {'coverage, %, by labels':<48} {'plain bootstrap':<48}")
    print(f"{'':<12} {'':>6}   {'':<4}" + ("".join(f"{n:>6.0f}" for n in LABELS) + f"{'width':>7}   ") * 2)
    for name, truth in TRUTHS.items():
        for trials in (2, 3, 4, 5, 8):
            columns = [coverage(truth, trials, studies)]
            with patch("headstart.utility.utility.joint_draws", plain_draws):
                columns.append(coverage(truth, trials, studies))
            cells = ["".join(f"{share:6.1f}" for share in 100 * shares) + f"{width:7.2f}" for shares, width in columns]
            print(f"{name:<12} {trials:>6}       {cells[0]}   {cells[1]}", flush=True)


if __name__ == "__main__":
    main()
