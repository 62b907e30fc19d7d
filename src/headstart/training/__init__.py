"""Training: one loop for pretext methods and tasks, its schedule, precision and checkpoints; protocols and probes."""

from headstart.training.collapse import collapsed_since, is_collapsed
from headstart.training.config import ClosedForm, OptimizerConfig, SupervisedConfig, TrainConfig
from headstart.training.features import Precomputed, extract_features, feature_batches, feature_set
from headstart.training.history import Failure
from headstart.training.loop import TrainReport, train
from headstart.training.precision import Precision, native_precision, open_device, pick_device, pick_precision
from headstart.training.protocols import PROTOCOLS, Protocol, Settings
from headstart.training.protocols.base import Supervised
from headstart.training.schedule import piecewise_linear, warmup_decay
from headstart.training.supervised import answers, check_fits, evaluate, evaluate_images, fit
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
