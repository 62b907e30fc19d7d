"""Any text on any terminal: signs that its encoding lacks are written in ASCII, and none ends a command."""

import codecs
import io
import sys

from headstart.names import as_text

__all__ = ["open_to_any_text"]

SIGNS = {
    "×": "x", "±": "+/-", "≤": "<=", "≥": ">=", "−": "-", "–": "-", "·": "-", "•": "*", "…": "...", "“": '"', "”": '"',
    "²": "2", "°": " deg", "\u00a0": " ", "\u202f": " ", "━": "-", "╸": "-", "╺": "-",
}  # fmt: skip
"""What our own sentences and tables have beyond ASCII, and what reads like it."""
ERRORS = "headstart"
"""The name of the rule, where Python looks for ``strict`` and the like."""


def open_to_any_text() -> None:
    """Let standard output and error take all text: what they would refuse is written as ``readable`` says."""
    codecs.register_error(ERRORS, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def readable(sign: str) -> str:
    r"""A character in ASCII: our own signs by what reads like them, any other by its number.

    A byte of a file's name that is no UTF-8 is one of them.

    >>> print(*map(readable, ("≥", "猫", "\udce9")))
    >= \u732b \xe9
    """
    return SIGNS.get(sign) or as_text(sign).encode("ascii", "backslashreplace").decode("ascii")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(readable, error.object[error.start : error.end])), error.end
