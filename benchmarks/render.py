"""Rendering speed: images per second and core of the whole way from a seed to a shard, and where the time goes.

    python benchmarks/render.py [IMAGES] [SCENES FOR BOTH ENGINES]

Every stage is timed by itself on the same scenes; "whole" is `render_dataset` with one worker, nothing prepared but the
compiled kernel. The goal is 150 images/s per core at 64 px, 4 samples per pixel, on a CPU that does nothing else.
At last both engines draw the same scenes at 128 px, each with its own number of samples and on one core;
the goal is that Warp is 50 times as fast as Cycles.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import warp as wp

from headstart.render import ENGINES
from headstart.render.atlas import Atlas
from headstart.render.packing import MeshOnDevice
from headstart.render.warp import WarpConfig, WarpEngine
from headstart.render.writer import RenderConfig, render_dataset
from headstart.scenes.assets import Assets, ProceduralTextures
from headstart.scenes.factors import Factors
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.shapes import CATEGORIES, build_mesh

GOAL, RATIO = 150, 50
KNOWN = 256
"""Scenes whose meshes an engine keeps all."""
THREADS = {"blender": {"threads": 1}}


def timed(stage: str, images: int, work: Callable[[], Any]) -> Any:
    """Do ``work``, print milliseconds per image, return what it made."""
    start = time.perf_counter()
    made = work()
    wp.synchronize()
    print(f"  {stage:9} {(time.perf_counter() - start) / images * 1e3:6.2f} ms")
    return made


def stages(engine: WarpEngine, images: int) -> None:
    """Time every stage by itself; tracing on so many scenes that the engine keeps all their meshes."""
    print(f"{engine.device.name}: {images} images of 64 px, 4 samples per pixel, soft shadows")
    sampler = SceneSampler(0, Factors().dials(), tuple(CATEGORIES))
    scenes = timed("sample", images, lambda: [sampler.scene(index) for index in range(images)])
    meshes = timed("mesh", images, lambda: [build_mesh(scene.objects[0].shape) for scene in scenes])
    timed("tree", images, lambda: [MeshOnDevice(one, engine.device) for one in meshes])
    surfaces = [surface for scene in scenes for surface in (scene.background.surface, scene.objects[0].surface)]
    timed("texture", images, lambda: Atlas(ProceduralTextures(), engine.device).hold(surfaces))
    known = scenes[:KNOWN]
    engine.render(known, 64, samples=1)
    timed("trace", len(known), lambda: engine.render(known, 64, samples=4))


def both_engines(count: int) -> None:
    """Print images/s and core of both engines on the same scenes, new to them, each after it has drawn one."""
    rates = {}
    for name in ("warp", "blender"):
        kind = ENGINES[name]
        config = kind.Config(device="cpu", **THREADS.get(name, {}))
        missing = kind.missing(config)
        if missing:
            print(f"both engines: {missing}")
            return
        assets, sampler = Assets(), SceneSampler(0, Factors().dials(), tuple(CATEGORIES))
        scenes = [sampler.scene(index) for index in range(count + 1)]
        engine = kind(assets, config)
        engine.render(scenes[:1], 128)
        start = time.perf_counter()
        engine.render(scenes[1:], 128)
        rates[name] = count / (time.perf_counter() - start)
    ratio = rates["warp"] / rates["blender"]
    text = ", ".join(f"{name} {rate:.2f} images/s" for name, rate in rates.items())
    met = f"{ratio:.0f} times, {ratio / RATIO:.2f} times the goal of {RATIO}"
    print(f"{count} scenes at 128 px on one core: {text}: {met}")


def main(images: int, both: int) -> None:
    stages(WarpEngine(Assets(), WarpConfig(device="cpu")), images)
    if wp.is_cuda_available():
        stages(WarpEngine(Assets(), WarpConfig(device="cuda")), images)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        render_dataset(Path(folder), RenderConfig(images=images), workers=1)
        rate = images / (time.perf_counter() - start)
    print(f"whole, one worker: {rate:.0f} images/s, {rate / GOAL:.2f} times the goal of {GOAL}")
    both_engines(both)


if __name__ == "__main__":
    counts = [int(text) for text in sys.argv[1:]]
    main(*counts, *(4000, 40)[len(counts) :])
