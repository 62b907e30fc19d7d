"""Weights on disk: safetensors, so that loading runs no code."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from headstart.errors import CheckpointError
from headstart.files import write_atomic

__all__ = ["load_weights", "save_weights"]


def save_weights(module: nn.Module, path: Path) -> None:
    """Write the state of ``module`` to ``path``, whole or not at all. Raises ``StoreError`` if it cannot.

    >>> save_weights(backbone, Path("resnet9.safetensors"))  # doctest: +SKIP
    """
    write_atomic(path, save({name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}))


def load_weights(module: nn.Module, path: Path) -> None:
    """Load ``path`` into ``module``, every tensor of it and nothing else.

    Raises ``CheckpointError`` if the file cannot be read, or is of another network: then it names the first key that
    is missing, unknown or of another shape.

    >>> load_weights(backbone, Path("resnet9.safetensors"))  # doctest: +SKIP
    """
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"cannot read weights from {path} ({error}): make them again or name another file"
        ) from error
    _check_same(module.state_dict(), weights, path)
    module.load_state_dict(weights)


def _check_same(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path) -> None:
    for key in [*expected, *weights]:
        if key not in weights:
            reason = f"it lacks '{key}'"
        elif key not in expected:
            reason = f"it holds '{key}', which this network lacks"
        elif expected[key].shape != weights[key].shape:
            reason = f"'{key}' is {list(weights[key].shape)} there and {list(expected[key].shape)} here"
        else:
            continue
        raise CheckpointError(
            f"{path} holds the weights of another network ({reason}): use the backbone it was made with"
        )
