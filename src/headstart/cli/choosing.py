"""Which study a command is about: a recipe, or one made of images or cut to a time, and what is said of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headstart.cli.console import print_catalogue, say, tell
from headstart.errors import ConfigError
from headstart.times import seconds_of

if TYPE_CHECKING:
    from headstart.study.config.suite import Suite
    from headstart.study.fitting.fit import Fitted

__all__ = ["DATA_TIME", "Chosen", "chosen_study"]

DATA_TIME = "10m"
"""What a study of images may take if nobody says more."""


class Chosen(NamedTuple):
    """replaces: whether it may take the place of an earlier choice."""

    suite: "Suite"
    replaces: bool = False


def chosen_study(
    recipe: str | None,
    overrides: Sequence[str],
    data: Path | None,
    time: str | None,
    *,
    store: str,
    workers: int | None,
    out: Path,
    scale: str | None = None,
    replace: bool = False,
) -> Chosen:
    """The study of ``recipe`` or ``data``, cut to ``time`` where there is one; what was chosen is printed.

    A wrong key is refused before anything heavy is loaded. Raises ``ConfigError`` for both a recipe and images.
    """
    from headstart.api import load_suite
    from headstart.study.config.suite import as_suite

    if data is not None and scale is not None:
        raise ConfigError("--scale is of a recipe's own scales, and --data makes a study of its own: leave one out")
    if data is not None and recipe is not None:
        overrides, recipe = _as_override(recipe, data, overrides), None
    usual = "none" if data is None else DATA_TIME
    seconds = _seconds(usual if time is None else time)
    if recipe is not None and seconds is None:
        return Chosen(load_suite(recipe, overrides, scale))
    from headstart.api import fit_study

    fitted = fit_study(
        recipe,
        overrides,
        scale=scale,
        data=data,
        seconds=seconds,
        out=out,
        store=store,
        workers=workers,
        replace=replace,
    )
    _print_choice(fitted, seconds)
    return Chosen(as_suite(fitted.config), fitted.replaces)


def _as_override(recipe: str, data: Path, overrides: Sequence[str]) -> list[str]:
    """With ``--data`` the first word is a key already."""
    if "=" not in recipe:
        raise ConfigError(
            f"'{recipe}' is no key=value, and --data {data} makes a study of its own: leave out the one or the other"
        )
    return [recipe, *overrides]


def _seconds(time: str) -> float | None:
    return None if time == "none" else seconds_of(time)


def _print_choice(fitted: "Fitted", seconds: float | None) -> None:
    """The study's main lines, what was guessed, and what less or more time means."""
    from headstart.progress import duration
    from headstart.study.fitting.changes import outline

    print_catalogue(outline(fitted.config))
    for guess in fitted.guesses:
        say(f"guessed {guess}")
    for note in fitted.notes:
        tell("note", note)
    if fitted.seconds is not None and seconds is not None:
        say(f"chosen for {duration(seconds)}: it takes about {duration(fitted.seconds)} here")
    if fitted.left_out:
        say(f"left out for the time: {'; '.join(fitted.left_out)}")
    if fitted.more is not None:
        longer, bought, price = fitted.more
        text = f"--time {round(longer / 60)}m would buy: {'; '.join(bought)}"
        say(f"{text} (for {'; '.join(price)})" if price else text)
