"""Models from disk are all read before the first image, so that broken ones show at once and together."""

from functools import partial

from headstart.errors import DataError
from headstart.processes import in_order
from headstart.render.config import RenderConfig
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.scene import Shape

__all__ = ["read_models"]

NAMED = 10


def read_models(config: RenderConfig, workers: int) -> None:
    """Parse, and so cache, each model that the dataset shows and that was not parsed before.

    Raises ``DataError`` that names the broken ones.
    """
    wanted = _unread(config)
    read = in_order(partial(_problem, config), wanted, min(workers, len(wanted)) or 1)
    problems = [problem for problem in read if problem]
    if problems:
        more = f"; and {len(problems) - NAMED} more models" if len(problems) > NAMED else ""
        raise DataError("; ".join(problems[:NAMED]) + more)


def _unread(config: RenderConfig) -> list[Shape]:
    shapes = config.assets().shapes
    names = [(name, instance) for name in config.classes for instance in _instances(config, name)]
    unread = shapes.unread(Shape(*name) for name in names)
    if len(unread) <= config.images:
        return unread
    sampler = config.sampler()
    shown = {thing.shape for index in range(config.images) for thing in sampler.scene(index).objects}
    return [shape for shape in unread if shape in shown]


def _instances(config: RenderConfig, category: str) -> list[int]:
    shapes = config.assets().shapes
    return sorted(number for bucket in range(BUCKETS) for number in shapes.instances(category, bucket))


def _problem(config: RenderConfig, shape: Shape) -> str | None:
    """What is wrong with a model, if anything is."""
    try:
        config.assets().shapes.mesh(shape)
    except DataError as error:
        return str(error)
    return None
