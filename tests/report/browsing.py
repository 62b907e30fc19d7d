"""What tests ask of colors in a page, and how they wait for it."""

import time

__all__ = ["contrast", "until"]


def contrast(one: str, other: str) -> float:
    """The ratio of two CSS colors' luminances."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    channels = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def until(holds, seconds=10.0):
    """Wait for something of a page that is not there at once; its policy lets nobody else ask for it from within."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
