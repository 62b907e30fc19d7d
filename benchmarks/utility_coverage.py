"""How often a study claims a gain that is not there, how often its intervals hold the truth, and what a claim takes.

    python benchmarks/utility_coverage.py --studies 400                  # null claims and coverage
    python benchmarks/utility_coverage.py --studies 200 --power --seconds 20   # trials until a true gain is claimed
    python benchmarks/utility_coverage.py --studies 400 --looks          # trials that are added until it is decided

Simulates studies whose truth is known and puts them through the package's estimate and, as the yardstick, through the
rule that it replaced: intervals per arm with Student's t of its own trials, and a claim where more of them lie above 0
than twice what chance would put there. Every share is printed with its own standard error.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from headstart.seeding import numpy_generator
from headstart.utility import (
    GainEstimate,
    Looks,
    StudyScores,
    UtilityEstimate,
    estimate_gains,
    estimate_utility,
    labels_needed,
    monotone_fit,
)

Floats = NDArray[np.float64]
LABELS = np.array([50.0, 100.0, 200.0, 400.0, 800.0])
DRAWS = 500
LUCK, OWN = 0.5, 0.25
"""Of a run's variance: its trial's luck at a budget, whatever the curve; an arm's with a trial, at all budgets and
protocols alike. The rest is the run's own."""
NOISE = 0.04
"""Standard deviation of a score at 50 labels."""
ENOUGH = 0.8
"""A gain is called established where this share of studies claims it."""
MOST_TRIALS = 40
LOOKS, WORTH = Looks(3, 12), 0.5
"""What ``trials: auto`` does by default."""
Claims = Callable[[StudyScores, np.random.Generator], bool]


class World(NamedTuple):
    """Truth of studies. gain: times the labels, of ``gaining`` arms. fall: the power of labels by which noise falls.
    arms_differ: every third arm has 0.4 times the noise. irregular: standard deviation of the logarithm of each
    point's. fragile: times the noise of one arm. seeds: pretrained networks per arm, dealt to the trials; 0: none.
    luck_of_seed: its standard deviation in units of ``NOISE``. images: tested, 0 for infinitely many.
    """

    name: str
    arms: int
    protocols: int
    trials: int
    gain: float = 1.0
    gaining: int = 1000
    fall: float = 0.3
    arms_differ: bool = False
    irregular: float = 0.0
    fragile: float = 1.0
    seeds: int = 0
    luck_of_seed: float = 0.0
    images: int = 0

    @property
    def curves(self) -> int:
        return self.arms * self.protocols

    def truth(self) -> Floats:
        """Scores of the baseline, then of each curve, ``[1 + C, K]``."""
        gains = np.where(np.arange(self.curves) // self.protocols < self.gaining, self.gain, 1.0)
        return accuracy(LABELS * np.concatenate([[1.0], gains])[:, None])


def accuracy(labels: Floats) -> Floats:
    return 0.9 - 2.2 * labels**-0.35


def simulate(world: World, rng: np.random.Generator) -> StudyScores:
    """What one study measures."""
    arms, protocols, trials, budgets = world.arms, world.protocols, world.trials, len(LABELS)
    runs = (1 + world.curves, budgets, trials)
    arm = np.concatenate([[0], 1 + np.arange(world.curves) // protocols])
    own = rng.standard_normal((1 + arms, 1, trials))[arm]
    noise = np.sqrt(LUCK) * rng.standard_normal((1, budgets, trials)) + np.sqrt(OWN) * own
    noise = noise + np.sqrt(1 - LUCK - OWN) * rng.standard_normal(runs)
    scale = NOISE * (LABELS / LABELS[0]) ** -world.fall * np.ones(runs[:2])
    if world.arms_differ:
        scale[arm % 3 == 2] *= 0.4
    scale[arm == 1] *= world.fragile
    scale = scale * np.exp(world.irregular * rng.standard_normal(scale.shape))
    scores = world.truth()[..., None] + noise * scale[..., None]
    pretraining = np.full((world.curves, trials), -1)
    if world.seeds:
        seed = np.arange(trials) % world.seeds
        pretraining = (arm[1:, None] - 1) * world.seeds + seed
        luck = rng.standard_normal((arms, 1, world.seeds))[arm[1:] - 1]
        scores[1:] += NOISE * world.luck_of_seed * luck[..., seed]
    return _tested(scores, pretraining, world.images, rng)


def _tested(scores: Floats, pretraining: NDArray[np.int64], images: int, rng: np.random.Generator) -> StudyScores:
    """Scores as they are, or as ``images`` of differing difficulty show them: each curve also finds some its own."""
    if not images:
        return StudyScores(LABELS, scores[0], scores[1:], pretraining)
    common, special = rng.standard_normal(images), rng.standard_normal((len(scores), 1, 1, images))
    hard = np.sqrt(0.5) * common + np.sqrt(0.2) * special + np.sqrt(0.3) * rng.standard_normal((*scores.shape, images))
    outcomes = hard < stats.norm.ppf(np.clip(scores, 0.01, 0.99))[..., None]
    found = outcomes.mean(axis=-1)
    return StudyScores(LABELS, found[0], found[1:], pretraining, (outcomes[0], outcomes[1:]))


class Answer(NamedTuple):
    """Of one study: whether it claims a gain; shares of gains and utilities whose intervals hold the truth; median
    half-width of a gain's interval; whether more trials would be pointless."""

    claimed: bool
    gains: float
    utilities: float
    half: float
    settled: bool


def answer(world: World, scores: StudyScores, rng: np.random.Generator, confidence: float = 0.95) -> Answer:
    """By the package."""
    gains = estimate_gains(scores, rng, draws=DRAWS, confidence=confidence)
    found = estimate_utility(scores, gains, confidence=confidence)
    truth = world.truth()
    gained = truth[1:] - truth[0]
    needed = LABELS * np.where(gained > 1e-12, world.gain, 1.0)
    # Beyond the largest budget every interval is open.
    held = ((found.equivalent_low <= needed) & (needed <= found.equivalent_high))[needed < LABELS[-1]]
    return Answer(
        bool(((gains.sure > 0) & (found.utility_low > 0)).any()),
        float(((gains.low <= gained) & (gained <= gains.high)).mean()),
        float(held.mean()),
        float(np.median(gains.high - gains.gain)),
        _settled(gains, found),
    )


def _settled(gains: GainEstimate, found: UtilityEstimate) -> bool:
    """Whether a study with ``trials: auto`` would stop here: of an arm it is known at the middle budget that it is
    worth labels, or of the one that gains most that it is worth less than ``WORTH``."""
    middle = (len(LABELS) - 1) // 2
    best = int(gains.gain[:, middle].argmax())
    claimed = (gains.sure[:, middle] > 0) & (found.utility_low[:, middle] > 0)
    return bool(claimed.any() or found.utility_high[best, middle] < WORTH)


def old_claim(scores: StudyScores, rng: np.random.Generator) -> bool:
    """By the rule before: lower ends of utility from Student draws of each curve and the baseline alone."""
    lowest = np.array([_old_low(scores.baseline, curve, rng) for curve in scores.compared])
    positive = (lowest > LABELS).sum()
    return bool(positive > 0 and positive > 2 * lowest.size * 0.025)


def _old_low(baseline: Floats, curve: Floats, rng: np.random.Generator) -> Floats:
    """Lower ends of equivalent labels ``[K]``."""
    values = np.concatenate([baseline, curve])
    trials = values.shape[1]
    mean = values.mean(axis=1)
    weights = rng.standard_normal((DRAWS, trials)) * np.sqrt((trials - 1) / rng.chisquare(trials - 1, (DRAWS, 1)))
    drawn = mean + weights @ (values - mean[:, None]).T / np.sqrt(trials * (trials - 1))
    fitted = monotone_fit(drawn[:, : len(LABELS)], np.ones(len(LABELS)))
    found = labels_needed(LABELS, fitted, drawn[:, len(LABELS) :])
    low: Floats = np.quantile(found.low, 0.025, axis=0, method="lower")
    return low


def lone_claim(scores: StudyScores, rng: np.random.Generator) -> bool:
    """What keeps the same promise without pooling: Student's t of each point's own trials, by Bonferroni's level."""
    del rng
    gains = scores.compared - scores.baseline
    trials = gains.shape[-1]
    t = gains.mean(axis=-1) / (gains.std(axis=-1, ddof=1) / np.sqrt(trials))
    # The largest budget can be worth no more labels than the baseline was given.
    return bool((t[:, :-1] > stats.t.ppf(1 - 0.05 / t.size, trials - 1)).any())


def answers(world: World, studies: int) -> Iterator[tuple[Answer, bool]]:
    """Of each study: by the package, and whether the old rule claims."""
    for study in range(studies):
        rng = numpy_generator("coverage", *map(str, world), study)
        scores = simulate(world, rng)
        yield answer(world, scores, rng), old_claim(scores, rng)


def share(values: list[float]) -> str:
    """A mean in percent and its standard error."""
    found = np.array(values, dtype=np.float64)
    return f"{100 * found.mean():5.1f} ± {100 * max(found.std(), 1e-9) / np.sqrt(len(found)):3.1f}"


def print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def null_worlds() -> Iterator[World]:
    for arms, protocols in ((1, 1), (4, 1), (4, 3), (9, 3)):
        for trials in (3, 5):
            yield World("no gain", arms, protocols, trials)
    for arms, protocols in ((1, 1), (4, 3), (9, 3)):
        yield World("arms differ in noise", arms, protocols, 3, arms_differ=True)
        yield World("noise falls as 1/√n", arms, protocols, 3, fall=0.5)
    for arms, protocols in ((1, 1), (4, 1), (4, 3)):
        yield World("irregular noise", arms, protocols, 3, irregular=0.3)
        yield World("very irregular noise", arms, protocols, 3, irregular=0.5)
    for arms, protocols in ((4, 1), (4, 3), (9, 3)):
        yield World("one arm has twice the noise", arms, protocols, 3, fragile=2.0)
    for arms, protocols in ((1, 1), (4, 1), (4, 3), (9, 3)):
        for seeds in (2, 5):
            yield World(f"{seeds} seeds of 10 trials", arms, protocols, 10, seeds=seeds, luck_of_seed=0.5)
    for arms, protocols in ((1, 1), (4, 3)):
        for trials in (3, 5):
            yield World("200 test images", arms, protocols, trials, images=200)


def print_coverage(studies: int) -> None:
    print(f"{studies} studies a row; shares in % ± standard error; half-width: of a gain's interval, in points\n")
    print_row(
        "world", "arms × protocols", "trials", "claims without gain", "by the old rule", "gain held", "utility held",
        "utility held, 50 % gain", "half-width",
    )  # fmt: skip
    print("|---" * 9 + "|")
    for world in null_worlds():
        found, old = zip(*answers(world, studies), strict=True)
        gained, _ = zip(*answers(world._replace(gain=1.5), studies), strict=True)
        cells = [
            share([one.claimed for one in found]),
            share(list(old)),
            share([one.gains for one in found]),
            share([one.utilities for one in found]),
            share([one.utilities for one in gained]),
            f"{100 * np.median([one.half for one in found]):.1f}",
        ]
        print_row(world.name, f"{world.arms} × {world.protocols}", str(world.trials), *cells)


def trials_needed(world: World, studies: int, claims: Claims) -> int | None:
    """The fewest trials with which ``ENOUGH`` of studies claim a gain; None if ``MOST_TRIALS`` are too few."""
    low, high = 1, 2
    while claimed(world._replace(trials=high), studies, claims) < ENOUGH:
        low, high = high, 2 * high
        if low >= MOST_TRIALS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = claimed(world._replace(trials=middle), studies, claims) >= ENOUGH
        low, high = (low, middle) if enough else (middle, high)
    return high


def claimed(world: World, studies: int, claims: Claims) -> float:
    """The share of studies that claim a gain."""
    rngs = [numpy_generator("power", *map(str, world), study) for study in range(studies)]
    return float(np.mean([claims(simulate(world, rng), rng) for rng in rngs]))


def new_claim(scores: StudyScores, rng: np.random.Generator) -> bool:
    gains = estimate_gains(scores, rng, draws=DRAWS)
    return bool(((gains.sure > 0) & (estimate_utility(scores, gains).utility_low > 0)).any())


def print_power(studies: int, seconds: float) -> None:
    print(
        f"Trials until {100 * ENOUGH:.0f} % of {studies} studies claim a gain, where there is one of 50 % in labels.\n"
    )
    rules: dict[str, Claims] = {"new": new_claim, "same promise, no pooling": lone_claim, "old rule": old_claim}
    print_row(
        "arms × protocols",
        "arms that gain",
        *(f"{what}, {name}" for what in ("trials", "core-seconds") for name in rules),
    )
    print("|---" * (2 + 2 * len(rules)) + "|")
    for arms, protocols, gaining in ((1, 1, 1), (4, 1, 1), (4, 3, 1), (9, 3, 9)):
        world = World("gain", arms, protocols, 0, gain=1.5, gaining=gaining)
        needed = [trials_needed(world, studies, rule) for rule in rules.values()]
        runs = (1 + world.curves) * len(LABELS)
        cost = [f"{runs * count * seconds:,.0f}" if count else "–" for count in needed]
        told = [str(count) if count else f"> {MOST_TRIALS}" for count in needed]
        print_row(f"{arms} × {protocols}", str(gaining), *told, *cost)


def looked_at(world: World, study: int, *, paid: bool = True) -> tuple[Answer, int]:
    """The answer with which a study stops, and its trials. paid: whether looks are paid for by wider intervals."""
    rng = numpy_generator("looks", *map(str, world), study)
    scores = simulate(world._replace(trials=LOOKS.most), rng)
    for trials in LOOKS.trials:
        confidence = LOOKS.confidence(trials) if paid else 0.95
        found = answer(world, _first(scores, trials), rng, confidence)
        if found.settled:
            break
    return found, trials


def _first(scores: StudyScores, trials: int) -> StudyScores:
    """A study after so many of its trials."""
    return replace(
        scores,
        baseline=scores.baseline[:, :trials],
        compared=scores.compared[..., :trials],
        pretraining=scores.pretraining[:, :trials],
    )


def print_looks(studies: int, shapes: Sequence[str]) -> None:
    print(f"{studies} studies a row, looked at after {LOOKS.trials} trials; shares in % ± standard error\n")
    print_row(
        "arms × protocols", "true gain", "claims", "claims, looks unpaid", "claims, 12 trials at once", "gain held",
        "utility held", "trials, mean",
    )  # fmt: skip
    print("|---" * 8 + "|")
    for arms, protocols in (map(int, shape.split("x")) for shape in shapes):
        for gain in (1.0, 1.2, 1.5, 2.0):
            world = World("looks", arms, protocols, LOOKS.most, gain=gain, gaining=1)
            found, trials = zip(*(looked_at(world, study) for study in range(studies)), strict=True)
            unpaid = [looked_at(world, study, paid=False)[0].claimed for study in range(studies)]
            cells = [
                share([one.claimed for one in found]),
                share(unpaid),
                share([one.claimed for one, _ in answers_at_once(world, studies)]),
                share([one.gains for one in found]),
                share([one.utilities for one in found]),
                f"{np.mean(trials):.1f}",
            ]
            print_row(f"{arms} × {protocols}", f"{gain - 1:.0%}", *cells)


def answers_at_once(world: World, studies: int) -> Iterator[tuple[Answer, int]]:
    """Of the same studies, had they not been looked at before the end."""
    for study in range(studies):
        rng = numpy_generator("looks", *map(str, world), study)
        yield answer(world, simulate(world, rng), rng), world.trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--power", action="store_true", help="print trials until a gain is established instead")
    parser.add_argument("--seconds", type=float, default=20.0, help="of one core for a run")
    parser.add_argument("--looks", action="store_true", help="print what adding trials does instead")
    parser.add_argument("--shapes", nargs="+", default=["1x1", "4x1", "4x3", "9x3"], help="of --looks")
    options = parser.parse_args()
    if options.looks:
        print_looks(options.studies, options.shapes)
    elif options.power:
        print_power(options.studies, options.seconds)
    else:
        print_coverage(options.studies)


if __name__ == "__main__":
    main()
