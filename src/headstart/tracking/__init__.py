"""Where numbers go as they are measured: always a file, and what else is asked for."""

from collections.abc import Sequence

from headstart.registry import lookup, with_plugins
from headstart.study.results.run_folder import RunFolder
from headstart.tracking.base import Scalar, Tracker
from headstart.tracking.following import Following
from headstart.tracking.jsonl import JsonlTracker
from headstart.tracking.mlflow import MLflowTracker
from headstart.tracking.tensorboard import TensorBoardTracker

__all__ = ["TRACKERS", "Following", "Scalar", "Tracker", "follow"]

TRACKERS: dict[str, type[Tracker]] = with_plugins(
    "trackers", {"mlflow": MLflowTracker, "tensorboard": TensorBoardTracker}
)


def follow(run: RunFolder, study: str, names: Sequence[str], settings: dict[str, str]) -> Following:
    """Tell the trackers of these ``names``, and the file that is always written, what a ``study`` measures.

    run: its folder, of which nothing is read yet. settings: the study's keys. Raises ``ConfigError`` for a name that
    there is none of, or one that cannot be used.
    """
    kinds: list[type[Tracker]] = [JsonlTracker, *(lookup(TRACKERS, "tracker", name) for name in dict.fromkeys(names))]
    return Following(run, [kind(run.folder, study, settings) for kind in kinds])
