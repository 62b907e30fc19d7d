"""Ways to read off what a backbone is worth on a task, from labelled images.

``PROTOCOLS`` holds one ``Protocol`` per name; plugins join as ``headstart.protocols``.
"""

from typing import TYPE_CHECKING

from headstart.errors import ConfigError
from headstart.lazy import lazily
from headstart.registry import with_plugins
from headstart.tasks.traits import TaskTraits
from headstart.training.protocols.traits import (
    FINETUNE,
    KNN,
    LINEAR,
    LOGISTIC,
    MLP,
    RIDGE,
    KnnConfig,
    LogisticConfig,
    Protocol,
    RidgeConfig,
    Settings,
)

if TYPE_CHECKING:
    from headstart.training.protocols.base import LabelledRun, Setup

__all__ = [
    "PROTOCOLS",
    "KnnConfig",
    "LabelledRun",
    "LogisticConfig",
    "Protocol",
    "RidgeConfig",
    "Settings",
    "Setup",
    "check_fits",
]

PROTOCOLS: dict[str, Protocol] = with_plugins(
    "protocols", {protocol.name: protocol for protocol in (FINETUNE, LINEAR, MLP, KNN, LOGISTIC, RIDGE)}
)

__getattr__ = lazily(__name__, dict.fromkeys(("LabelledRun", "Setup"), "headstart.training.protocols.base"))


def check_fits(protocol: Protocol, task: TaskTraits | type[TaskTraits]) -> None:
    """Raise ``ConfigError`` for a protocol of whole images and a task that asks about every pixel, or for one that fits
    ideal outputs and a task that has none.

    >>> from headstart.tasks import Depth
    >>> from headstart.training import PROTOCOLS
    >>> check_fits(PROTOCOLS["linear"], Depth)
    """
    if task.per_location and not protocol.per_location:
        reason = f"answers for whole images, and task '{task.name}' asks about every pixel"
    elif protocol.least_squares and not task.has_ideal():
        reason = f"fits outputs by least squares, and task '{task.name}' does not say what outputs should be"
    else:
        return
    able = [
        name
        for name, other in PROTOCOLS.items()
        if (other.per_location or not task.per_location) and (task.has_ideal() or not other.least_squares)
    ]
    raise ConfigError(f"protocol '{protocol.name}' {reason}: choose {', '.join(able)}, or leave the task out")
