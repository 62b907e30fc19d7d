"""Images of a run's datasets, as they came, that its folder keeps for people to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from headstart.errors import StoreError
from headstart.study.jobs.dataset import SAMPLES
from headstart.study.results.run_folder import Outcome, RunFolder

__all__ = ["Samples", "read_samples"]


@dataclass(frozen=True)
class Samples:
    """Rows of one dataset. label: its name in tables. classes: names by class number. train, test: ``images``
    ``[n, C, H, W]`` and ``target.*`` of training images, and of the test images whose predicted maps are kept."""

    label: str
    classes: Sequence[str]
    train: Mapping[str, Tensor]
    test: Mapping[str, Tensor]


def read_samples(run: RunFolder, outcomes: Mapping[str, Outcome]) -> dict[str, Samples]:
    """Of each dataset that is learned from labels and is there, by its label in tables."""
    samples = {}
    for key, label in run.info.datasets.items():
        outcome, path = outcomes.get(key), run.keepsake(key, SAMPLES)
        if outcome and outcome.found and path.exists():
            try:
                tensors = load(path.read_bytes())
            except SafetensorError as error:
                raise StoreError(f"{path} is damaged ({error}): delete it and run the study again") from error
            rows = [_of_split(tensors, f"{split}.") for split in ("train", "test")]
            samples[label] = Samples(label, outcome.found["classes"], *rows)
    return samples


def _of_split(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): values for name, values in tensors.items() if name.startswith(prefix)}
