"""What a shell offers after Tab: words that the commands take, found without loading anything heavy."""

from collections.abc import Iterator
from pathlib import Path

__all__ = ["complete_figure", "complete_list", "complete_recipe"]


def complete_figure(incomplete: str) -> Iterator[str]:
    """Figures and findings of the paper."""
    from headstart.reproduction.figures import ALL, FIGURES

    yield from (name for name in [*FIGURES, ALL] if name.startswith(incomplete))


def complete_list(incomplete: str) -> Iterator[str]:
    """What ``headstart list`` lists."""
    from headstart.catalogue import EXTENSION_POINTS, RECIPES, SPACES

    yield from (what for what in sorted([*EXTENSION_POINTS, RECIPES, SPACES]) if what.startswith(incomplete))


def complete_recipe(incomplete: str) -> Iterator[str]:
    """Recipes that ship, and YAML files and folders below what was typed."""
    from headstart.study.config.recipes import recipe_names

    yield from (name for name in recipe_names() if name.startswith(incomplete))
    folder, _, begun = incomplete.rpartition("/")
    above = f"{folder}/" if folder or incomplete.startswith("/") else ""
    for path in sorted(Path(above or ".").expanduser().glob(f"{begun}*")):
        if path.suffix in (".yaml", ".yml") or (path.is_dir() and not path.name.startswith(".")):
            yield f"{above}{path.name}{'/' if path.is_dir() else ''}"
