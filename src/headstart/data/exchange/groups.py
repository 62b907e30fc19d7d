"""What pictures belong to: a patient, a scene, a camera. All pictures of one stay in one split."""

import re
from collections.abc import Sequence

from headstart.errors import ConfigError, DataError

__all__ = ["groups_by"]


def groups_by(pattern: str, files: Sequence[str], where: str) -> list[str]:
    """The group of each file: what ``pattern`` finds in its name, the part in brackets if there is one.

    Raises ``ConfigError`` for a pattern that is none, ``DataError`` for a file that it does not fit.

    >>> groups_by("p[0-9]+", ["a/p1_left.png", "b/p1_right.png"], "photos")
    ['p1', 'p1']
    """
    try:
        search = re.compile(pattern).search
    except re.error as error:
        raise ConfigError(
            f"group_by: '{pattern}' is no regular expression ({error}): write one such as '(p[0-9]+)_'"
        ) from None
    found = [search(file) for file in files]
    for file, match in zip(files, found, strict=True):
        if match is None or not match[match.re.groups and 1]:
            raise DataError(f"{where}: `group_by` ('{pattern}') finds nothing in '{file}': make it fit every picture")
    return [match[match.re.groups and 1] for match in found if match]
