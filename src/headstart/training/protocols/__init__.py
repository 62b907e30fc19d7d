"""Ways to read off what a backbone is worth on a task, from labelled images.

``PROTOCOLS`` holds one ``Protocol`` per name; plugins join as ``headstart.protocols``.
"""

from headstart.registry import with_plugins
from headstart.training.protocols.base import LabelledRun, Protocol, Settings, Setup
from headstart.training.protocols.closed_form import KNN, LOGISTIC, KnnConfig, LogisticConfig
from headstart.training.protocols.gradient import FINETUNE, LINEAR, MLP
from headstart.training.protocols.ridge import RIDGE, RidgeConfig

__all__ = ["PROTOCOLS", "KnnConfig", "LabelledRun", "LogisticConfig", "Protocol", "RidgeConfig", "Settings", "Setup"]

PROTOCOLS: dict[str, Protocol] = with_plugins(
    "protocols", {protocol.name: protocol for protocol in (FINETUNE, LINEAR, MLP, KNN, LOGISTIC, RIDGE)}
)
