"""Whether memory stays flat while a large dataset is rendered.

    python benchmarks/memory.py [--images 100000] [--objects 1]

Renders to a temporary folder with one process, and prints its resident memory ten times on the way. Small images, for
what could pile up, meshes and textures and shards, does not depend on their size.
"""

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset

ROWS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--objects", type=int, default=1)
    arguments = parser.parse_args()
    seen: dict[int, float] = {}

    def watch(done: int, total: int) -> None:
        seen.setdefault(done * ROWS // total, resident())

    config = RenderConfig(images=arguments.images, objects=arguments.objects, resolution=16, samples=1)
    with tempfile.TemporaryDirectory() as folder:
        render_dataset(Path(folder), config, workers=1, progress=watch)
    table = Table("images", "resident MiB")
    for tenth, megabytes in seen.items():
        table.add_row(f"{tenth * arguments.images // ROWS:,}", f"{megabytes:.0f}")
    console = Console()
    console.print(table)
    late = [megabytes for tenth, megabytes in seen.items() if tenth >= ROWS // 2]
    console.print(f"over the second half: {max(late) / min(late) - 1:+.1%}")


def resident() -> float:
    """MiB of this process in memory now (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
