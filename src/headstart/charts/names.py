"""How the names in tables read: arms, protocols, varied keys, and what utility is measured against."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

__all__ = [
    "Baseline",
    "arm_title",
    "arm_titles",
    "find_baseline",
    "in_words",
    "protocol_rank",
    "protocol_title",
    "short_keys",
    "start_title",
    "varied_text",
]

HEADERS = frozenset({"arm", "protocol", "labels", "utility", "dataset", "pretrain_dataset", "task", "backbone"})
"""Columns by which tables on a page tell their rows apart, whatever a suite varies."""
METHODS = {
    "scratch": "from scratch",
    "random": "random features",
    "patches": "patch features",
    "blind": "blind guess",
    "vae": "VAE",
    "cmc": "CMC",
    "amdim": "AMDIM",
    "simclr": "SimCLR",
    "distill": "distillation",
    "byol": "BYOL",
    "barlow_twins": "Barlow Twins",
    "vicreg": "VICReg",
    "simmim": "SimMIM",
}
PROTOCOLS = {
    "finetune": "fine-tuned",
    "linear": "linear probe",
    "mlp": "MLP probe",
    "knn": "nearest neighbours",
    "logistic": "logistic regression",
    "ridge": "ridge regression",
    "constant": "constant",
}
STARTS = {
    "scratch": "random weights",
    "random": "random weights, frozen",
    "patches": "k-means of patches, frozen",
    "blind": "nothing: it sees no image",
    "weights": "weights from a file",
}
SHORT = 20
"""Characters of a name that a chart has room for beside other words."""


def arm_title(name: str) -> str:
    """``CMC`` for ``cmc``: an arm that has a method's name is called like the method, any other by its own name."""
    return METHODS.get(name, name)


def arm_titles(arms: Iterable[str]) -> dict[str, str]:
    """The title of each arm by name. Where two would be called the same, both keep their own names."""
    names = list(dict.fromkeys(arms))
    titles = [arm_title(name) for name in names]
    return {name: title if titles.count(title) == 1 else name for name, title in zip(names, titles, strict=True)}


def start_title(method: str) -> str:
    """Where weights come from: ``CMC pretraining``, ``random weights``."""
    return STARTS.get(method) or f"{arm_title(method)} pretraining"


def protocol_title(name: str) -> str:
    """``fine-tuned`` for ``finetune``."""
    return PROTOCOLS.get(name, name)


def protocol_rank(name: str) -> int:
    """The rank of a protocol in any list: whole networks first, then probes, then whatever a plugin brought."""
    return list(PROTOCOLS).index(name) if name in PROTOCOLS else len(PROTOCOLS)


def short_keys(varied: Sequence[str]) -> dict[str, str]:
    """As many of the last parts of each dotted key as tell it from the others, and from what tables have anyway.

    >>> short_keys(["backbone.width", "baseline.arm"])
    {'backbone.width': 'width', 'baseline.arm': 'baseline arm'}
    """
    parts = {key: key.split(".") for key in varied}

    def unique(key: str, last: int) -> bool:
        if last == 1 and parts[key][-1] in HEADERS:
            return False
        return all(other == key or parts[other][-last:] != parts[key][-last:] for other in varied)

    lengths = {key: next((n for n in range(1, len(parts[key])) if unique(key, n)), len(parts[key])) for key in parts}
    return {key: " ".join(parts[key][-last:]).replace("_", " ") for key, last in lengths.items()}


def varied_text(values: Mapping[str, object]) -> str:
    """Values of varied keys as they follow a title: ``factors T---, width 16``."""
    keys = short_keys(list(values))
    return ", ".join(f"{keys[key]} {value}" for key, value in values.items())


def in_words(arm: str, method: str) -> str:
    """An arm as the subject of a sentence: ``rotation pretraining``, ``training from scratch``, ``“mine”``."""
    if arm == method:
        return "training from scratch" if arm == "scratch" else f"{arm_title(arm)} pretraining"
    return f"“{arm}”"


class Baseline(NamedTuple):
    """What utility is measured against. name: as it stands before a verb. training: as what needs labels."""

    name: str
    training: str

    @property
    def short(self) -> str:
        """The name where there is room for one."""
        return self.name if len(self.name) <= SHORT else "the baseline"


def find_baseline(table: pd.DataFrame) -> Baseline:
    """From the rows with ``role`` baseline of any table with ``arm``, ``method`` and ``role``.

    Training is called ``from scratch`` only where the baseline starts from random weights. A suite may have several
    baselines, and a table may have none: then the word stands for the name.
    """
    rows = table[table["role"] == "baseline"].drop_duplicates(["arm", "method"])
    if len(rows) != 1:
        return Baseline("the baseline", "the baseline")
    arm, method = rows[["arm", "method"]].iloc[0]
    if arm == "scratch":
        return Baseline("scratch", "training from scratch")
    title = arm_title(arm)
    return Baseline(title, f"training from scratch ({title})" if method == "scratch" else title)
