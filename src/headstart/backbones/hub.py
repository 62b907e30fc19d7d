"""Weights that timm fetches by name: kept as a file with a card, which then is a file like any other."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from safetensors.torch import save

from headstart.backbones.card import Card, CardInput
from headstart.cache import cache_folder
from headstart.errors import CheckpointError
from headstart.files import write_atomic

__all__ = ["local_file"]

HUB = "timm:"


def local_file(named: Path) -> Path:
    """Where the weights lie that somebody calls ``named``: there, or, of ``timm:NAME``, where they are once fetched.

    They are fetched once. Raises ``CheckpointError`` for a name that timm has no weights for, and where its hub cannot
    be reached; ``ConfigError`` where timm is not installed.

    >>> local_file(Path("resnet18.safetensors"))
    PosixPath('resnet18.safetensors')
    """
    if not str(named).startswith(HUB):
        return named.expanduser()
    name = str(named).removeprefix(HUB)
    path = cache_folder("weights") / f"{name.replace('/', '_')}.safetensors"
    if not path.exists():
        _fetch(name, path)
    return path


def _fetch(name: str, path: Path) -> None:
    from headstart.backbones.timm_model import import_timm

    timm = import_timm()
    known = timm.list_pretrained()
    if name not in {*known, *(one.partition(".")[0] for one in known)}:
        near = ", ".join(get_close_matches(name, known, n=5, cutoff=0.4))
        raise CheckpointError(f"timm has no weights '{name}'{f': the nearest are {near}' if near else ''}")
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # whatever the hub's client raises without a network
        raise CheckpointError(
            f"timm's weights '{name}' cannot be fetched ({_first_line(error)}): fetch them where its hub can be "
            "reached, and name the file"
        ) from None
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    write_atomic(path, save(state, metadata=_card(name, model.pretrained_cfg, timm.__version__).dump()))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _card(name: str, about: Any, release: str) -> Card:
    """What timm knows of its weights. about: its ``pretrained_cfg``."""
    channels, side, _ = about["input_size"]
    mean, deviation = (tuple(255 * value for value in about[key]) for key in ("mean", "std"))
    return Card(
        backbone={"name": "timm", "options": {"model": name.partition(".")[0]}},
        channels=channels,
        input=CardInput(color="rgb", mean=mean, deviation=deviation, resolution=side),
        data=about.get("origin_url") or about.get("hf_hub_id") or "timm",
        method=f"{HUB}{name}",
        config={},
        license=about.get("license") or "",
        made_with=f"timm {release}",
    )
