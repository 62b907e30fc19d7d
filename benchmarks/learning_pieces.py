"""The pieces of ``learning.py``: which there are, what each asks the study for, and how one is measured.

A piece is a pretraining that is looked at on its way, or a control; its result is a JSON file. All of it is the recipe
``paper/fig05`` at scale ``small``: its images, network, optimizer and augmentation; a piece changes one thing in it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from headstart import load_suite
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.plan import Plan, make_plan

METHODS, VARIANTS, CONTROLS = ("vae", "rotation", "cmc", "amdim"), ("-CV-", "T---", "TCVL"), ("random", "patches")
LABELS, BATCH = 2000, 64
FEWEST = 800
"""Image-steps before the first look, or a little more."""
COMMON = (
    *(f"pretrain.batch_size={size}" for size in (32, 128, 256)),
    *(f"pretrain.lr={rate}" for rate in (0.001, 0.01)),
    *(f"backbone.options.features={width}" for width in (64, 128)),
)
OWN = {
    "cmc": (
        *(f"arms.cmc.options.momentum={momentum}" for momentum in (0.0, 0.8)),
        *(f"arms.cmc.options.negatives={number}" for number in (256, 1024, 16384)),
        "dataset.images=6000",  # a memory of 5,000 rows, each refreshed four times as often
    ),
}
TRIED_ON = {"cmc": ("T---", "TCVL"), "amdim": ("T---", "TCVL"), "vae": ("TCVL",), "rotation": ("TCVL",)}


@dataclass(frozen=True)
class Piece:
    """An arm of the study of a variant with one setting changed (``key=value``; none: as it is).

    steps: image-steps of pretraining; 0 of a control. quick: at the recipe's scale ``tiny``, to see whether it runs.
    """

    arm: str
    variant: str
    setting: str = ""
    steps: int = 0
    quick: bool = False

    @property
    def name(self) -> str:
        """Stem of its file."""
        parts = [self.arm, self.variant, self.setting or "base", *([str(self.steps)] if self.steps else [])]
        return "_".join([*parts, *(["quick"] if self.quick else [])])

    @property
    def title(self) -> str:
        return " ".join([self.arm, self.variant, *([self.setting] if self.setting else [])])

    @property
    def group(self) -> str:
        """What it is listed with."""
        if not self.steps:
            return "controls"
        return f"{self.arm} {self.variant}, one setting changed" if self.setting else "as it is"

    @property
    def plan(self) -> Plan:
        """The study of its variant, with its setting, in which frozen features are judged by nearest neighbors."""
        labels = LABELS // 10 if self.quick else LABELS
        size = next((int(part) for part in self.setting.split("pretrain.batch_size=")[1:]), BATCH)
        asked = [
            *(["vary={}", f"dataset.factors={self.variant}", "protocols.knn={}", "controls=[random, patches]"]),
            *([f"budgets=[{labels // 2}, {labels}]", "trials=3", f"pretrain.batch_size={size}"]),
            *([f"pretrain.steps={max(1, self.steps // size)}", *([self.setting] if self.setting else [])]),
        ]
        if self.quick:  # settings are those of the larger scale
            asked = [one.replace("dataset.images=6000", "dataset.images=600") for one in asked]
        return make_plan(load_suite("paper/fig05", asked, "tiny" if self.quick else "small").settled())

    def trials(self, plan: Plan) -> list[TrialJob]:
        """The arm's runs of nearest neighbors with all labels, one per trial."""
        jobs = [point.job for point in plan.points if (point.arm, point.protocol) == (self.arm, "knn")]
        most = max(job.labels for job in jobs)
        return [job for job in jobs if isinstance(job, TrialJob) and job.labels == most]


def pieces(
    methods: Sequence[str] = METHODS, variants: Sequence[str] = VARIANTS, steps: int = 204_800, quick: bool = False
) -> Iterator[Piece]:
    """All there are of these: controls, then methods as they are, then one setting after the other."""
    yield from (Piece(arm, variant, quick=quick) for variant, arm in product(variants, CONTROLS))
    yield from (Piece(arm, variant, "", steps, quick) for variant, arm in product(variants, methods))
    for arm in sorted(methods, key=lambda name: -len(TRIED_ON[name])):
        tried = (variant for variant in TRIED_ON[arm] if variant in variants)
        for variant, setting in product(tried, (*COMMON, *OWN.get(arm, ()))):
            yield Piece(arm, variant, setting, steps, quick)


def looks(steps: int, batch: int) -> list[int]:
    """Steps after which features are looked at: none, and the halvings of all steps down to ``FEWEST`` image-steps."""
    halvings = range(max(0, int(math.log2(max(1, steps * batch / FEWEST)))) + 1)
    return sorted({0, *(round(steps / 2**number) for number in halvings)})
