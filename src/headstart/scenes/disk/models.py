"""Which files of a folder are models, and of which category."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = ["FORMATS", "find_models"]

FORMATS = (".obj", ".glb", ".gltf", ".ply", ".off", ".stl", ".dae")
TAXONOMY = "taxonomy.json"
LAYOUT = "put each model into the folder of its category, as in chair/0001.obj"


def find_models(root: Path) -> tuple[dict[str, tuple[Entry, ...]], tuple[Entry, ...]]:
    """Models by category, and the other files, which may be what the models' materials need.

    The first folder of a model's path is its category, and how deep it lies below doesn't matter. ShapeNetCore's
    synsets get the first of their names in its ``taxonomy.json``. Within a category the order is by a hash of the
    path, so that models from the same maker, whose names are alike, fall into different buckets.
    Raises ``DataError`` where there is nothing, or a model without a category.
    """
    entries = files_of(root)
    models = [entry for entry in entries if entry.suffix in FORMATS]
    if not models:
        raise DataError(f"{root} holds no models ({', '.join(FORMATS)}): {LAYOUT}")
    depth = _wrapping(models)
    stray = next((model for model in models if len(model.parts) < depth + 2), None)
    if stray:
        raise DataError(f"{stray} lies in no category's folder: {LAYOUT}")
    names = _synset_names(entries)
    folders = defaultdict(list)
    for model in models:
        folders[model.parts[depth]].append(model)
    named = {names.get(folder, folder): tuple(sorted(folders[folder], key=_scattered)) for folder in sorted(folders)}
    if len(named) < len(folders):
        raise DataError(f"two folders of {root} have one name in its {TAXONOMY}: leave one out")
    return named, tuple(entry for entry in entries if entry.suffix not in FORMATS)


def _wrapping(models: Sequence[Entry]) -> int:
    """How many folders lie around those of the categories, as when an archive holds one folder with everything."""
    depth = 0
    while len({model.parts[depth] for model in models}) == 1 and min(len(model.parts) for model in models) > depth + 2:
        depth += 1
    return depth


def _scattered(model: Entry) -> bytes:
    return hashlib.sha256("/".join(model.parts).encode()).digest()


def _synset_names(entries: Sequence[Entry]) -> Mapping[str, str]:
    """Category names by synset number, if a taxonomy lies among the files."""
    file = next((entry for entry in entries if entry.parts[-1] == TAXONOMY), None)
    if file is None:
        return {}
    try:
        return {synset["synsetId"]: synset["name"].partition(",")[0] for synset in json.loads(file.read())}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{file} is not a list of synsets with synsetId and name ({error}): restore it") from error
