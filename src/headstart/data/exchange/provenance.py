"""``provenance.json``: what an export says of the dataset that it was made from."""

import json
from pathlib import Path

from headstart.errors import ConfigError, DataError
from headstart.files import write_atomic
from headstart.folder import Manifest
from headstart.schema import Schema, validate

__all__ = ["PROVENANCE", "Provenance", "read_provenance", "write_provenance"]

PROVENANCE = "provenance.json"
VERSION = 1


class Provenance(Schema):
    """exchange: version of this file. format: of the files beside it. dataset: the manifest. targets: annotations."""

    exchange: int = VERSION
    format: str
    dataset: Manifest
    targets: tuple[str, ...]


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write ``folder/provenance.json``; it comes last, so that an export which has it is whole."""
    text = json.dumps(provenance.model_dump(mode="json"), indent=1, sort_keys=True)
    write_atomic(folder / PROVENANCE, f"{text}\n".encode())


def read_provenance(path: Path) -> Provenance | None:
    """What an export says; ``None`` if ``path`` is not one. Raises ``DataError`` if it is damaged or of newer make."""
    file = path / PROVENANCE
    if not file.is_file():
        return None
    try:
        values = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read ({error}): export the dataset again") from error
    version = values.get("exchange") if isinstance(values, dict) else None
    if not isinstance(version, int):
        raise DataError(f"{file} does not describe an export of headstart: move it elsewhere to read the rest as it is")
    if version > VERSION:
        raise DataError(f"{file} has version {version}, this headstart reads up to {VERSION}: install a newer one")
    try:
        return validate(Provenance, values, str(file))
    except ConfigError as error:
        raise DataError(f"{error}: export the dataset again") from error
