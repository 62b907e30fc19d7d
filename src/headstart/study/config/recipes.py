"""Study files: recipes that ship, YAML files of users, and what a run leaves."""

from collections.abc import Container
from pathlib import Path
from typing import Any

import yaml

from headstart.errors import ConfigError

__all__ = ["SCALES", "dump_yaml", "read_values", "recipe_names"]

RECIPES = Path(__file__).parents[2] / "recipes"
LIKE, SCALES = "like", "scales"


def read_values(recipe: str | Path) -> dict[str, Any]:
    """The keys of a recipe, by its name, or of a YAML file; ``name`` is the file's where it says none.

    A file that says which it is ``like`` has that one's keys, each with all below it, wherever it has none of its own;
    of ``scales`` those of each scale, without the sizes of what it replaced. So it need say no more than where it
    differs. Raises ``ConfigError`` for a file that is not there or holds no keys.
    """
    path = _recipe_path(recipe)
    values = _with_others(path, _read_yaml(path), (path,))
    values.setdefault("name", path.stem)
    return values


def dump_yaml(values: Any) -> str:
    """A configuration's values as text that ``read_values`` reads."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def recipe_names() -> list[str]:
    """Recipes in the package, as ``study run`` takes them."""
    return sorted(path.relative_to(RECIPES).with_suffix("").as_posix() for path in RECIPES.rglob("*.yaml"))


def _with_others(path: Path, values: dict[str, Any], readers: tuple[Path, ...]) -> dict[str, Any]:
    """The keys of a file over those of the one that it is like. readers: who asks, the file itself the last."""
    other = values.pop(LIKE, None)
    if other is None:
        return values
    found = _recipe_path(str(other))
    if found in readers:
        raise ConfigError(f"{path} is like {other}, which is like itself in the end: leave one of these out")
    below = _with_others(found, _read_yaml(found), (*readers, found))
    theirs, own = below.pop(SCALES, {}), values.pop(SCALES, {})
    kept = {name: _not_below(keys, values) for name, keys in theirs.items()}
    scales = {name: {**kept.get(name, {}), **own.get(name, {})} for name in dict.fromkeys([*theirs, *own])}
    return {**below, **values} | ({SCALES: scales} if scales else {})


def _not_below(keys: dict[str, Any], replaced: Container[str]) -> dict[str, Any]:
    return {path: value for path, value in keys.items() if path.partition(".")[0] not in replaced}


def _recipe_path(recipe: str | Path) -> Path:
    shipped = RECIPES / f"{recipe}.yaml"
    if shipped.exists():
        return shipped
    path = Path(recipe).expanduser()
    if path.is_file():
        return path
    raise ConfigError(
        f"'{recipe}' is neither a recipe nor a file: choose {', '.join(recipe_names())}, or give a YAML file's path"
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold keys and values, not {type(values).__name__}")
    unshared: dict[str, Any] = _unshared(values)
    return unshared


def _unshared(value: Any) -> Any:
    """``value`` without parts that are one object: YAML's ``*name`` would change with what it repeats."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value
