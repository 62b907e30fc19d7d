"""Proof that an installed Blender draws."""

import time

from headstart.errors import StoreError
from headstart.render.blender.engine import BlenderConfig, BlenderEngine
from headstart.scenes.assets import Assets
from headstart.scenes.factors import Factors
from headstart.scenes.sampler import SceneSampler

__all__ = ["draw_proof"]


def draw_proof() -> float:
    """Draw one small scene; seconds that it took, Blender's start included.

    Raises ``StoreError`` if Blender does not run, or if the picture shows nothing.
    """
    assets = Assets()
    scene = SceneSampler(0, Factors().dials(), assets.shapes.categories).scene(0)
    start = time.perf_counter()
    engine = BlenderEngine(assets, BlenderConfig())
    image = engine.render([scene], 32, samples=1).images
    engine.close()
    if image.float().std() < 1:
        raise StoreError("Blender runs, and its picture is blank: try another device or another Blender")
    return time.perf_counter() - start
