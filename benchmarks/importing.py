"""How fast pictures are imported, against what Pillow alone decodes, and how much memory that takes.

    python benchmarks/importing.py [--images 4000 40000] [--side 64] [--rounds 3]

Reading: photographs (JPEG, 500 × 375) and small pictures (PNG, 64 × 64) come from a folder into a dataset folder, in
turns with Pillow decoding the same files and keeping nothing, by a thread per core and by a process per core that is
there already; the ratios are of medians of these turns, and the target is held against the faster way. Memory: the most
that a fresh process has resident while it imports so many small pictures (links to a few files), how much that is
beyond one that only loads the same code, and the most of a process that reads for it, where there are any.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from headstart.data.exchange.transfer import open_reader, write_dataset
from headstart.processes.order import available_cores

TARGET, LIMIT = 0.8, 1024
"""Of what Pillow decodes in the same time; MiB."""
FEW, PHOTOS, TIMES = 20, 4000, 8
"""There are so many times as many small pictures."""
KINDS = {"photographs": ((375, 500), "jpg"), "small pictures": ((64, 64), "png")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--images", type=int, nargs=2, default=[4000, 40_000], help="of the two sets whose memory is seen"
    )
    parser.add_argument("--side", type=int, default=64, help="pixels a side to import at")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=PHOTOS, help=f"and {TIMES} times as many small pictures")
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(peak(arguments.only, arguments.side)))
        return
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as folder:
        console.print(speed(Path(folder), arguments.side, arguments.rounds, arguments.photos))
        console.print(memory(Path(folder), arguments.images, arguments.side))


def speed(folder: Path, side: int, rounds: int, photos: int) -> Table:
    names = (
        "pictures",
        "Pillow, threads",
        "Pillow, processes",
        "import",
        "to threads",
        "to processes",
        "of the faster",
    )
    table = Table(*names, title=f"images/s on {available_cores()} cores")
    for kind, (shape, ending) in KINDS.items():
        files = make(folder / kind, photos if ending == "jpg" else TIMES * photos, shape, ending)
        taken: list[list[float]] = []
        with ThreadPoolExecutor(available_cores()) as threads, ProcessPoolExecutor(available_cores()) as processes:
            decode_all(files[:100], processes)  # so that they are there
            for _ in range(rounds):
                alone = [timed(lambda: decode_all(files, pool)) for pool in (threads, processes)]
                shutil.rmtree(folder / "out", ignore_errors=True)
                taken.append([*alone, timed(lambda: write(folder / kind, folder / "out", side))])
        by_threads, by_processes, ours = (statistics.median(column) for column in zip(*taken, strict=True))
        ratio = min(by_threads, by_processes) / ours
        met = f"{ratio:.2f} (≥ {TARGET} {'met' if ratio >= TARGET else 'MISSED'})"
        speeds = (f"{len(files) / seconds:,.0f}" for seconds in (by_threads, by_processes, ours))
        table.add_row(kind, *speeds, f"{by_threads / ours:.2f}", f"{by_processes / ours:.2f}", met)
    return table


def memory(folder: Path, counts: list[int], side: int) -> Table:
    table = Table(
        "images", "most resident, MiB", "above the code", "of a reading process", f"≤ {LIMIT} MiB", "per image"
    )
    empty, _ = peaked(folder / "none", side)
    seen: list[float] = []
    for count in counts:
        link(folder / str(count), count, make(folder / "few", FEW, (64, 64), "png"))
        most, reading = peaked(folder / str(count), side)
        seen.append(most)
        slope = (most - seen[0]) * 2**20 / (count - counts[0]) if count > counts[0] else 0
        met = "met" if most + available_cores() * reading <= LIMIT else "MISSED"
        table.add_row(f"{count:,}", f"{most:.0f}", f"{most - empty:.0f}", f"{reading:.0f}", met, f"{slope:,.0f} bytes")
    return table


def make(folder: Path, count: int, shape: tuple[int, int], ending: str) -> list[Path]:
    """Pictures as smooth and as noisy as photographs are, of two classes."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(shape[::-1])
        noisy = np.clip(np.array(coarse) + random.normal(0, 6, (*shape, 3)), 0, 255).astype(np.uint8)
        path = folder / "ab"[number % 2] / f"{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(path)
    return sorted(folder.rglob(f"*.{ending}"))


def link(folder: Path, count: int, files: list[Path]) -> None:
    """``count`` pictures that take no room."""
    for number in range(count):
        path = folder / "ab"[number % 2] / f"picture_{number:07d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(files[number % len(files)], path)


def decode_all(files: list[Path], pool: Executor) -> None:
    parts = 8 * available_cores()
    list(pool.map(decode, [files[part::parts] for part in range(parts)]))


def decode(files: list[Path]) -> None:
    for file in files:
        with Image.open(file) as picture:
            np.asarray(picture.convert("RGB"))


def write(path: Path, out: Path, side: int) -> None:
    out.mkdir()
    write_dataset(open_reader(path, "folder", {"resolution": side}), out)


def timed(work) -> float:  # type: ignore[no-untyped-def] # noqa: ANN001
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak(path: Path, side: int) -> tuple[float, float]:
    """MiB at most (Linux) of this process, once it has imported ``path`` if that is there, and of its largest child."""
    import torch  # noqa: F401 - what writes shards loads it

    largest, done = [0.0], threading.Event()
    watch = threading.Thread(target=watch_children, args=(largest, done))
    watch.start()
    if path.exists():
        write(path, path.with_name(f"{path.name}-out"), side)
    done.set()
    watch.join()
    return resident(os.getpid()), largest[0]


def watch_children(largest: list[float], done: threading.Event) -> None:
    while not done.wait(0.05):
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        largest[0] = max([largest[0], *map(resident, children)])


def resident(process: int | str) -> float:
    """MiB at most so far; 0 of one that has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def peaked(path: Path, side: int) -> tuple[float, float]:
    command = [sys.executable, __file__, "--only", str(path), "--side", str(side)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    own, reading = json.loads(said.splitlines()[-1])
    return own, reading


if __name__ == "__main__":
    main()
