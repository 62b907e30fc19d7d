"""What a study leaves to the machine and to its images, decided once: device, precision, color space."""

from typing import Any, NamedTuple, TypeVar

from headstart.data.transforms.config import ColorSpace, resolve_color
from headstart.errors import ConfigError
from headstart.schema import Overrides, Schema
from headstart.study.config.study import StudyConfig
from headstart.training.precision import Precision, has_cuda, native_precision

__all__ = ["Machine", "settle", "this_machine"]

Model = TypeVar("Model", bound=Schema)


class Machine(NamedTuple):
    """What decides for a study that leaves it open. device: ``cpu`` or ``cuda``. precision: that it computes in."""

    device: str
    precision: Precision


def settle(config: StudyConfig, machine: Machine | None = None) -> StudyConfig:
    """``config`` without any ``auto``: what it says of device, precision and color goes into the keys of all jobs.

    So a study planned here is computed alike by every worker, or refused by one that can't, and read anywhere.
    machine: in place of this one, to find again what was planned there.
    """
    device, precision = _for(config, machine or this_machine())
    protocols = {name: _settled(options, precision) for name, options in config.protocols.items()}
    update: dict[str, Any] = {
        "device": device,
        "color": _settled_color(config),
        "pretrain": config.pretrain and _settled(config.pretrain, precision),
        "protocols": protocols,
        "arms": {name: arm.model_copy(update=_of_arm(config, name, precision)) for name, arm in config.arms.items()},
    }
    return config.model_copy(update=update)


def this_machine() -> Machine:
    """A CUDA device where there is one, else the CPU; and what it computes in natively."""
    device = "cuda" if has_cuda() else "cpu"
    return Machine(device, native_precision(device))


def _for(config: StudyConfig, machine: Machine) -> Machine:
    """The device that a study says or leaves to ``machine``, and the precision there."""
    if config.device in ("auto", machine.device):
        return machine
    return Machine(config.device, native_precision(config.device))


def _settled_color(config: StudyConfig) -> ColorSpace:
    info = config.dataset.info()
    try:
        return resolve_color(config.color, info.channels, info.dtype)
    except ConfigError as error:
        raise ConfigError(f"dataset '{config.dataset.name}': {error}") from None


def _settled(options: Model, precision: Precision, *, whole: bool = False) -> Model:
    """The options with a precision that was left open decided. whole: whether nothing lies below them that could say
    it in their place."""
    found = getattr(options, "precision", "")
    return options.model_copy(update={"precision": precision}) if found == "auto" or (whole and not found) else options


def _of_arm(config: StudyConfig, name: str, precision: Precision) -> dict[str, Overrides | dict[str, Overrides]]:
    """An arm's own settings, where they say ``auto`` themselves, or where nobody says it for them."""
    arm = config.arms[name]
    whole = arm.pretrains and config.pretrain is None
    protocols = {protocol: _settled(keys, precision) for protocol, keys in arm.protocols.items()}
    return {"pretrain": _settled(arm.pretrain, precision, whole=whole), "protocols": protocols}
