"""What a study leaves to the machine and to its images, decided once: device, precision, color space."""

from typing import Any, TypeVar

from headstart.data.transforms.config import ColorSpace, resolve_color
from headstart.errors import ConfigError
from headstart.schema import Overrides, Schema
from headstart.study.config.study import StudyConfig
from headstart.training.precision import Precision, has_cuda, native_precision

__all__ = ["settle"]

Model = TypeVar("Model", bound=Schema)


def settle(config: StudyConfig) -> StudyConfig:
    """``config`` without any ``auto``: what it says of device, precision and color goes into the keys of all jobs.

    So a study planned here is computed alike by every worker, or refused by one that can't, and read anywhere.
    """
    device = pick_device_type() if config.device == "auto" else config.device
    precision = native_precision(device)
    protocols = {name: _settled(options, precision) for name, options in config.protocols.items()}
    arms = {name: arm.model_copy(update=_of_arm(arm, precision)) for name, arm in config.arms.items()}
    update: dict[str, Any] = {
        "device": device,
        "color": _settled_color(config),
        "pretrain": config.pretrain and _settled(config.pretrain, precision),
        "protocols": protocols,
        "arms": arms,
    }
    return config.model_copy(update=update)


def pick_device_type() -> str:
    """``cuda`` where this machine has a CUDA device, else ``cpu``."""
    return "cuda" if has_cuda() else "cpu"


def _settled_color(config: StudyConfig) -> ColorSpace:
    try:
        return resolve_color(config.color, config.dataset.info().channels)
    except ConfigError as error:
        raise ConfigError(f"dataset '{config.dataset.name}': {error}") from None


def _settled(options: Model, precision: Precision) -> Model:
    """The options with a precision that was left open decided."""
    return (
        options.model_copy(update={"precision": precision}) if getattr(options, "precision", "") == "auto" else options
    )


def _of_arm(arm: Any, precision: Precision) -> dict[str, Overrides | dict[str, Overrides]]:
    """An arm's own settings, where they say ``auto`` themselves."""
    protocols = {name: _settled(keys, precision) for name, keys in arm.protocols.items()}
    return {"pretrain": _settled(arm.pretrain, precision), "protocols": protocols}
