"""Any network of timm as a backbone (Wightman, *PyTorch Image Models*, 2019)."""

import sys
from contextlib import redirect_stdout
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from headstart.backbones.base import Backbone, Features
from headstart.backbones.shipped import TimmConfig, TimmTraits
from headstart.errors import ConfigError
from headstart.torchvision import spare_torchvision

__all__ = ["TimmModel", "import_timm"]

SMALLEST = 32
"""Pixels a side that four halvings leave two of. Where a strided convolution reads a single location, some of its taps
read padding alone, and torch leaves their gradients unset in bf16 on some CPUs, NaN among them."""


class TimmModel(TimmTraits, Backbone):
    """timm's own network without its head; an image's feature is the mean of its locations'.

    Of transformers the tokens of patches are the map, and class and register tokens are left out; position embeddings
    are resized to the images where timm can do that.
    """

    remedy = "or have them scaled up, input: {resolution: 64} beside the weights"
    model: Any

    def __init__(self, config: TimmConfig, in_channels: int) -> None:
        model = _create(config, in_channels)
        super().__init__(in_channels=in_channels, dim=model.num_features)
        self.model = model
        patch = getattr(getattr(model, "patch_embed", None), "patch_size", None)
        self._patch: int | None = int(patch[0]) if isinstance(patch, tuple) else None
        self.min_resolution = max(SMALLEST, self._patch or 0)

    def adopted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """By timm's own knowledge of what authors released, beside the network in question (DINOv2, DINOv3, CLIP)."""
        translate = getattr(sys.modules[type(self.model).__module__], "checkpoint_filter_fn", None)
        if translate is None:
            return tensors
        try:
            with redirect_stdout(None):
                found: dict[str, Tensor] = translate(dict(tensors), self.model)
        except (KeyError, RuntimeError, AttributeError, TypeError):  # it expects no other network's file
            return tensors
        return found

    def features(self, images: Tensor) -> Features:
        maps: Tensor = self.model.forward_features(images)
        dense = self._grid(maps, images) if maps.ndim == 3 else _channels_first(maps, self.dim)
        return Features(dense.mean(dim=(2, 3)), dense)

    def _grid(self, tokens: Tensor, images: Tensor) -> Tensor:
        """Tokens ``[B, prefix + h w, D]`` as a map ``[B, D, h, w]``."""
        tokens = tokens[:, int(getattr(self.model, "num_prefix_tokens", 0)) :]
        rows, columns = (-(-side // (self._patch or 1)) for side in images.shape[-2:])
        if rows * columns != tokens.shape[1]:
            rows = columns = round(tokens.shape[1] ** 0.5)
        return tokens.transpose(1, 2).reshape(len(tokens), -1, rows, columns)


def import_timm() -> Any:
    """timm, also where torchvision's compiled operators do not fit this torch.

    Raises ``ConfigError`` where it is not installed, or cannot be imported.
    """
    if find_spec("timm") is None:
        raise ConfigError("backbone 'timm' needs timm, not installed here: run pip install 'headstart[timm]'")
    if not spare_torchvision():
        raise ConfigError("backbone 'timm' needs torchvision, which cannot be imported: run pip install torchvision")
    try:
        import timm  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except (ImportError, RuntimeError) as error:
        raise ConfigError(
            f"timm cannot be imported beside this torch ({str(error).splitlines()[0]}): install a torchvision that was "
            "built for it"
        ) from None
    return timm


def _create(config: TimmConfig, in_channels: int) -> Any:
    timm = import_timm()
    if config.model not in timm.list_models():
        near = ", ".join(get_close_matches(config.model, timm.list_models(), n=5, cutoff=0.4))
        raise ConfigError(f"timm has no network '{config.model}'{f': the nearest are {near}' if near else ''}")
    options = {"pretrained": False, "num_classes": 0, "in_chans": in_channels, **config.options}
    try:
        model = timm.create_model(config.model, dynamic_img_size=True, dynamic_img_pad=True, **options)
    except TypeError:  # of the networks without position embeddings
        model = timm.create_model(config.model, **options)
    return model


def _channels_first(maps: Tensor, dim: int) -> Tensor:
    """Some networks keep channels last."""
    return maps if maps.shape[1] == dim else maps.permute(0, 3, 1, 2)
