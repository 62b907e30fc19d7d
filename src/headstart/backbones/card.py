"""The card of a file of weights: what network it is of, what images it expects, and where it comes from.

It is kept in the header of the safetensors file, one JSON text under ``headstart``, so that the file alone is enough.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from headstart.data.transforms.config import ColorSpace
from headstart.errors import CheckpointError
from headstart.schema import Schema

__all__ = ["CARD", "Card", "CardInput", "read_card"]

CARD = "headstart"


class CardInput(Schema):
    """What the network expects: the color space, and per channel, in that space's units, what is subtracted and divided
    by. resolution: pixels a side of the images that it learned from."""

    color: ColorSpace
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    resolution: int


class Card(Schema):
    """backbone: name and options. channels: of images. data, method, config: what it learned from, and how. scores:
    rows of the study's table, of the arm. license: of the weights, if anyone said so."""

    backbone: dict[str, Any]
    channels: int
    split: bool = False
    input: CardInput
    data: str
    method: str
    config: dict[str, Any]
    scores: list[dict[str, Any]] = []
    license: str = ""
    made_with: str = ""

    def dump(self) -> dict[str, str]:
        """As the header of a safetensors file takes it."""
        return {"format": "pt", CARD: json.dumps(self.model_dump(mode="json"), ensure_ascii=False)}


def read_card(path: Path) -> Card | None:
    """The card of a file, or ``None`` where it has none. Raises ``CheckpointError`` for one that no version wrote."""
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(CARD)
    except (OSError, SafetensorError):
        return None
    try:
        return Card.model_validate_json(text) if text else None
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its JSON"
        raise CheckpointError(
            f"the card in {path} cannot be read at {key} ({error.errors()[0]['msg']}): export the weights again"
        ) from None
