"""Names of files as text."""

import re

__all__ = ["as_text", "visible"]


def as_text(name: str) -> str:
    r"""A file's name as text that every file and terminal takes: bytes of it that are no UTF-8 by their numbers.

    Python gives such names characters that cannot be written anywhere but in names.

    >>> print(as_text("caf\udce9"))
    caf\xe9
    """
    return name if name.isascii() else re.sub("[\ud800-\udfff]", lambda found: _number(found[0]), name)


def visible(text: str) -> str:
    r"""Text without what moves a terminal's cursor or changes its colors: such signs by their numbers.

    >>> print(visible("a\x1b[31mb"))
    a\x1b[31mb
    """
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def _number(sign: str) -> str:
    return f"\\x{ord(sign) - 0xDC00:02x}" if "\udc80" <= sign <= "\udcff" else f"\\u{ord(sign):04x}"
