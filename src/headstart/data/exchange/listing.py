"""Which files are pictures that can be read; of all others an account is kept."""

from collections.abc import Iterable

from headstart.data.exchange.account import Account
from headstart.data.exchange.endings import UNREAD, picture_endings, remedy
from headstart.scenes.disk.tree import Entry

__all__ = ["TABLES", "pictures_among"]

TABLES = (".csv", ".tsv", ".parquet")


def pictures_among(entries: Iterable[Entry], account: Account) -> tuple[list[Entry], list[Entry]]:
    """Those that can be read, by their endings, and other pictures; these and all else are skipped in ``account``."""
    readable, others = [], []
    for entry in entries:
        if entry.suffix in picture_endings():
            readable.append(entry)
            continue
        if entry.suffix in UNREAD:
            others.append(entry)
        account.skip("/".join(entry.parts), _why_not(entry.suffix))
    return readable, others


def _why_not(ending: str) -> str:
    if ending in TABLES:
        return f"a table ({ending}), which --from table reads"
    if ending in UNREAD:
        return f"a picture that cannot be read ({ending}): {remedy(ending)}"
    return f"no picture ({ending})" if ending else "no picture (no ending)"
