"""Times as people write them: ``10m``, ``1h30m``."""

import re

from headstart.errors import ConfigError

__all__ = ["seconds_of"]

TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def seconds_of(text: str, option: str = "--time") -> float:
    """Seconds of ``1h``, ``15m``, ``1h30m``, ``90s``. Raises ``ConfigError``, naming ``option``, for anything else.

    >>> seconds_of("1h30m"), seconds_of("90s")
    (5400.0, 90.0)
    """
    found = TIME.fullmatch(text.strip())
    if not text.strip() or not found:
        raise ConfigError(f"{option} '{text}' is no time: write 1h, 15m, 1h30m or 90s, for example")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(3600 * hours + 60 * minutes + seconds)
