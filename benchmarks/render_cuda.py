"""How fast a GPU draws: images per second from seeds to frames that stay on it, and to shards on disk.

    python benchmarks/render_cuda.py [--images 60000] [--workers 16] [--device cuda]

Two kinds of images: one object at 64 px, and four at 128 px with every target. "kernel": scenes, meshes and textures
lie ready. "seeds to frames": one process samples scenes and draws them, after a first round that made the meshes and
textures. "seeds to shards": ``render_dataset`` with so many processes that share the GPU, from nothing. The goals are
10,000 and 3,000 images/s.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import warp as wp
from rich.console import Console
from rich.table import Table

from headstart.processes import available_cores
from headstart.render.config import RenderConfig
from headstart.render.engine import ENGINE_TARGETS
from headstart.render.writer import render_dataset

CASES = {
    "1 object, 64 px": ({"objects": 1, "resolution": 64}, 10_000),
    "4 objects, 128 px, all targets": ({"objects": 4, "resolution": 128, "targets": "all"}, 3_000),
}
BATCH, ROUNDS = 500, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=60_000, help="rendered to shards, per kind")
    parser.add_argument("--workers", type=int, default=available_cores(), help="processes that share the GPU")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    arguments = parser.parse_args()
    table = Table("images/s", "kernel", "seeds to frames", f"seeds to shards, {arguments.workers} processes", "goal")
    for name, (keys, goal) in CASES.items():
        config = RenderConfig(images=arguments.images, engine_options={"device": arguments.device}, **keys)
        rates = (*frame_rates(config), shard_rate(config, arguments.workers))
        table.add_row(name, *(f"{rate:,.0f}" for rate in rates), f"{goal:,}")
    console = Console(width=120)
    console.print(wp.get_device(arguments.device).name)
    console.print(table)


def frame_rates(config: RenderConfig) -> tuple[float, float]:
    """Images per second of the kernel on what lies ready, and of one process that samples what it draws."""
    sampler, engine = config.sampler(), config.build_engine()
    targets = ENGINE_TARGETS if "depth" in config.kept_targets else ()

    def draw(scenes: list[Any]) -> None:
        engine.render(scenes, config.resolution, targets=targets)

    def sample(number: int) -> list[Any]:
        return [sampler.scene(index) for index in range(number * BATCH, (number + 1) * BATCH)]

    known = [sample(number) for number in range(ROUNDS)]
    for scenes in known:
        draw(scenes)
    return per_second(lambda number: draw(known[number])), per_second(lambda number: draw(sample(number)))


def per_second(work: Callable[[int], None]) -> float:
    wp.synchronize()
    start = time.perf_counter()
    for number in range(ROUNDS):
        work(number)
    wp.synchronize()
    return ROUNDS * BATCH / (time.perf_counter() - start)


def shard_rate(config: RenderConfig, workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        render_dataset(Path(folder), config, workers=workers)
        return config.images / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
