"""Training: one loop for pretext methods and tasks, its schedule, precision and checkpoints; protocols and probes."""

from typing import TYPE_CHECKING

from headstart.lazy import lazily
from headstart.training.config import ClosedForm, OptimizerConfig, SupervisedConfig, TrainConfig
from headstart.training.failure import Failure
from headstart.training.precision import Precision, native_precision, open_device, pick_device, pick_precision
from headstart.training.protocols import PROTOCOLS, Protocol, Settings, check_fits

if TYPE_CHECKING:
    from headstart.training.collapse import collapsed_since, is_collapsed
    from headstart.training.features import Precomputed, extract_features, feature_batches, feature_set
    from headstart.training.loop import TrainReport, train
    from headstart.training.protocols.base import Supervised
    from headstart.training.schedule import piecewise_linear, warmup_decay
    from headstart.training.supervised import answers, evaluate, evaluate_images, fit
    from headstart.training.watching import Watched

__all__ = [
    "PROTOCOLS",
    "ClosedForm",
    "Failure",
    "OptimizerConfig",
    "Precision",
    "Precomputed",
    "Protocol",
    "Settings",
    "Supervised",
    "SupervisedConfig",
    "TrainConfig",
    "TrainReport",
    "Watched",
    "answers",
    "check_fits",
    "collapsed_since",
    "evaluate",
    "evaluate_images",
    "extract_features",
    "feature_batches",
    "feature_set",
    "fit",
    "is_collapsed",
    "native_precision",
    "open_device",
    "pick_device",
    "pick_precision",
    "piecewise_linear",
    "train",
    "warmup_decay",
]

__getattr__ = lazily(
    __name__,
    {
        "Precomputed": "headstart.training.features",
        "Supervised": "headstart.training.protocols.base",
        "TrainReport": "headstart.training.loop",
        "Watched": "headstart.training.watching",
        "answers": "headstart.training.supervised",
        "collapsed_since": "headstart.training.collapse",
        "evaluate": "headstart.training.supervised",
        "evaluate_images": "headstart.training.supervised",
        "extract_features": "headstart.training.features",
        "feature_batches": "headstart.training.features",
        "feature_set": "headstart.training.features",
        "fit": "headstart.training.supervised",
        "is_collapsed": "headstart.training.collapse",
        "piecewise_linear": "headstart.training.schedule",
        "train": "headstart.training.loop",
        "warmup_decay": "headstart.training.schedule",
    },
)
