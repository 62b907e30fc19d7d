"""From a start to the teacher of a method, which is shown what the student sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from headstart.study.jobs.starts import Start

if TYPE_CHECKING:
    from headstart.backbones import Backbone
    from headstart.data.transforms.config import Normalisation
    from headstart.data.transforms.input import Preparation
    from headstart.methods import Teacher

__all__ = ["taught_by"]


def taught_by(
    start: Start,
    load: Callable[[int], Backbone],
    channels: int,
    statistics: Mapping[str, Normalisation],
    seen: Preparation,
) -> Teacher:
    """The network of ``start`` as a teacher.

    load: gives it, for images of so many channels. channels, statistics: of the images as they came, and of their
    training split by color space. seen: how they are prepared for the student.
    """
    from headstart.methods import Teacher

    expects = start.input.preparation(channels, statistics, seen.device)
    return Teacher(load(expects.channels or channels), seen, expects)
