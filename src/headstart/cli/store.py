"""``headstart store``: look after finished work that studies share."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cache import DEFAULT_STORE
from headstart.cli.console import console, print_sizes, say, tell
from headstart.errors import ConfigError

if TYPE_CHECKING:
    from headstart.study.running.store import Store
    from headstart.study.running.store.backend import Entry, Held

__all__ = ["app"]

DAMAGED = 3
"""Exit code of what found damaged files."""
DAYS = {"m": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0}
UNITS = ("B", "kB", "MB", "GB", "TB")

app = typer.Typer(help="Look after finished work that studies share.", no_args_is_help=True)

StoreOption = Annotated[str, typer.Option(help="A folder, or a URL such as s3://bucket/folder.")]
StoreArgument = Annotated[str, typer.Argument(help="A folder, or a URL such as s3://bucket/folder.")]


@app.command("list")
def store_list(
    store: StoreOption = str(DEFAULT_STORE),
    kind: Annotated[str | None, typer.Option(help="A row per job of this kind, instead of one per kind.")] = None,
) -> None:
    """Say what a store holds: jobs by kind, bytes, and how old they are."""
    from headstart.study.running.store import open_store
    from headstart.study.running.store.upkeep import summarise, survey_store

    held = survey_store(open_store(store, read_only=True), kind)
    if kind is not None:
        print_sizes(("job", "state", "size", "age"), [_row(one) for one in held])
        return
    rows = [
        (each.kind, f"{each.done:,}", f"{each.incomplete:,}", size(each.bytes), _ago(each.newest), _ago(each.oldest))
        for each in summarise(held)
    ]
    total = ("all", f"{sum(one.done for one in held):,}", f"{sum(not one.done for one in held):,}")
    rows.append((*total, size(sum(one.bytes for one in held)), "", ""))
    print_sizes(("kind", "done", "unfinished", "size", "newest", "oldest"), rows)


@app.command("verify")
def store_verify(
    store: StoreOption = str(DEFAULT_STORE),
    delete: Annotated[bool, typer.Option("--delete", help="Remove what is damaged, so that it is made again.")] = False,
) -> None:
    """Read all finished work and compare it with its checksums. Exit code 3 says that some is damaged."""
    from headstart.progress import watch_count
    from headstart.study.running.store.upkeep import verify_store

    opened = _opened(store, writes=delete)
    with watch_count("verifying", "jobs", console) as progress:
        found = verify_store(opened, delete=delete, progress=progress)
    unknown = f", {found.unknown:,} have no checksums" if found.unknown else ""
    removed = " and removed" if delete and found.damaged else ""
    say(f"{found.whole:,} jobs are whole{unknown}, {len(found.damaged):,} are damaged{removed}")
    _end_if_damaged(found.damaged)


@app.command("prune")
def store_prune(
    store: StoreOption = str(DEFAULT_STORE),
    older_than: Annotated[str | None, typer.Option(help="Only what is older, as in 30d, 12h or 8w.")] = None,
    keep_run: Annotated[
        list[Path] | None, typer.Option(help="Keep the jobs of this run, a folder runs/NAME; may be said again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
) -> None:
    """Remove finished work that is old or of no run that is kept, and unfinished work that nobody runs.

    With neither --older-than nor --keep-run, unfinished work alone. What is in use stays.
    """
    age = None if older_than is None else seconds(older_than)
    keep = set().union(*(_keys(run) for run in keep_run or []))
    from headstart.study.running.store.upkeep import prune_store

    pruned = prune_store(_opened(store, writes=not dry_run), older_than=age, keep=keep, dry_run=dry_run)
    for one in pruned.removed if dry_run else ():
        say("would remove " + "  ".join(_row(one)))
    say(f"{len(pruned.removed):,} jobs {'would be' if dry_run else 'were'} removed, {size(pruned.bytes)}")
    if pruned.in_use:
        say(f"{len(pruned.in_use):,} are in use and stay")


@app.command("copy")
def store_copy(
    source: StoreArgument,
    target: StoreArgument,
    run: Annotated[list[Path] | None, typer.Option(help="Only the jobs of this run, a folder runs/NAME.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only jobs of this kind, such as pretrain.")] = None,
) -> None:
    """Copy finished work from one store to another, verified; the same command goes on where it ended."""
    keys = None if run is None else set().union(*(_keys(each) for each in run))
    from headstart.progress import watch_count
    from headstart.study.running.store import open_store
    from headstart.study.running.store.transfer import copy_store

    opened = open_store(source, read_only=True), open_store(target)
    with watch_count("copying", "jobs", console) as progress:
        copied = copy_store(*opened, keys, progress, kind=kind)
    damaged = f", {len(copied.damaged):,} are damaged and were left" if copied.damaged else ""
    say(f"{copied.copied:,} jobs were copied to {target}, {copied.there:,} were there{damaged}")
    _end_if_damaged(copied.damaged)


def seconds(age: str) -> float:
    """Of ``30d``, ``12h``. Raises ``ConfigError`` for what is no age.

    >>> seconds("1.5h")
    5400.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", age)
    if not found:
        raise ConfigError(f"--older-than is '{age}', which is no age: write it as in 30d, 12h or 8w")
    return float(found[1]) * DAYS[found[2]] * 86_400


def size(bytes: int) -> str:
    """In the unit that leaves three digits.

    >>> [size(bytes) for bytes in (7, 1234, 56_700_000)]
    ['7 B', '1.2 kB', '56.7 MB']
    """
    value, unit = float(bytes), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit else f"{bytes} B"


def _row(one: "Held") -> tuple[str, str, str, str]:
    import time

    age = None if one.modified is None else max(0.0, time.time() - one.modified)
    return f"{one.entry.folder}", "done" if one.done else "unfinished", size(one.bytes), _ago(age)


def _ago(age: float | None) -> str:
    from headstart.progress import duration

    return "?" if age is None else duration(age)


def _opened(store: str, *, writes: bool) -> "Store":
    """A store that is there: a name that was mistyped makes none. Raises ``StoreError`` where none is."""
    from headstart.study.running.store import open_store

    found = open_store(store, read_only=True)
    found.backend.kinds()
    return open_store(store) if writes else found


def _keys(run: Path) -> Collection[str]:
    """Of the jobs of a run's folder. Raises ``StoreError`` if it is none."""
    from headstart.study.results.run_folder import RunFolder

    return set(RunFolder.open(run.expanduser()).jobs["job"])


def _end_if_damaged(damaged: "dict[Entry, str]") -> None:
    """Name what is damaged, and leave with a code that says so."""
    for sentence in damaged.values():
        tell("damaged", sentence)
    if damaged:
        raise typer.Exit(DAMAGED)
