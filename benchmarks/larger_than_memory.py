"""What it costs to train on more images than fit into memory.

    python benchmarks/larger_than_memory.py [--limit 1.0] [--seconds 60] [--case 16x64x64] [--folder DIR]

Makes a dataset of twice ``--limit`` GiB in ``--folder`` (default: a temporary one; it must be on a real disk), stores
it as a study does, and trains on it in a process that may have ``--limit`` GiB of memory; a second such process trains
on a set of a tenth of that. The limit is a cgroup's, which counts the pages of mapped files that the kernel keeps,
where one can be made; else it is that of the process's own data, which shows that nothing is copied, but leaves pages
alone.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIB = 2**30
PER_SHARD, WARMUP = 2000, 20
MEMORY = Path("/sys/fs/cgroup")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=1.0, help="GiB of memory")
    parser.add_argument("--seconds", type=float, default=60, help="training time per set")
    parser.add_argument("--case", default="16x64x64", help="the network's width, pixels a side, images a batch")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--child", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--group", type=Path, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        confine(arguments.group, arguments.limit)
        learn(arguments.child, arguments.case, arguments.seconds)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name, group(arguments.limit) as place:
        speeds = {share: speed(Path(name), share, place, arguments) for share in (0.1, 2.0)}
    how = "cgroup" if place else "limit of a process's data"
    for share, images in speeds.items():
        print(f"{share * arguments.limit:.1f} GiB of images in {arguments.limit} GiB of memory ({how}): {images:.1f}/s")
    print(f"larger than memory against smaller: {speeds[2.0] / speeds[0.1]:.3f}")


def speed(folder: Path, share: float, place: Path | None, arguments: argparse.Namespace) -> float:
    """Images a second of a process that trains on a set of ``share`` times the limit."""
    made = folder / str(share)
    make(made, int(share * arguments.limit * GIB), int(arguments.case.split("x")[1]))
    command = [sys.executable, __file__, "--child", str(made), "--limit", str(arguments.limit)]
    command += ["--case", arguments.case, "--seconds", str(arguments.seconds)]
    told = subprocess.run(command + (["--group", str(place)] if place else []), check=True, stdout=subprocess.PIPE)
    return float(told.stdout)


def make(folder: Path, size: int, resolution: int) -> None:
    """A stored set of noise of about ``size`` bytes. All its shards are one file under many names."""
    import torch

    from headstart.data.batches.stored import store_dataset
    from headstart.folder import Manifest, shard_path, write_manifest, write_shard

    source = folder / "source"
    source.mkdir(parents=True)
    shards = max(1, size // (PER_SHARD * 3 * resolution**2))
    split = torch.zeros(PER_SHARD, dtype=torch.uint8)
    split[:2] = torch.tensor([1, 2])
    images = torch.randint(0, 256, (PER_SHARD, 3, resolution, resolution), dtype=torch.uint8)
    info = write_shard(source, 0, {"images": images, "split": split, "target.class": torch.arange(PER_SHARD) % 10})
    for number in range(1, shards):
        os.link(shard_path(source, 0), shard_path(source, number))
    files = [shard_path(source, number).name for number in range(shards)]
    manifest = Manifest(
        name="noise",
        created_by="a benchmark",
        made_by={},
        seed=0,
        engine="none",
        resolution=resolution,
        channels=3,
        classes=tuple("0123456789"),
        counts={"train": shards * (PER_SHARD - 2), "val": shards, "test": shards},
        shards=tuple(info.model_copy(update={"file": file}) for file in files),
        normalisation={"lab": {"mean": (53, 0, 0), "std": (25, 35, 35)}, "rgb": {"mean": [127] * 3, "std": [74] * 3}},
    )
    write_manifest(source, manifest)
    store_dataset(source, folder)
    forget(folder / "images.npy")


def forget(path: Path) -> None:
    """Let the kernel drop what it keeps of a file, which counts for whoever read or wrote it first."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def group(gigabytes: float) -> Iterator[Path | None]:
    """A cgroup below our own with so much memory, or ``None`` where none can be made."""
    told = dict(line.split(":")[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    old = "memory" in told
    place = MEMORY / ("memory" if old else "") / told["memory" if old else ""].strip("/") / f"headstart-{os.getpid()}"
    try:
        place.mkdir()
        (place / ("memory.limit_in_bytes" if old else "memory.max")).write_text(str(int(gigabytes * GIB)))
    except OSError:
        if place.is_dir():
            place.rmdir()
        yield None
        return
    try:
        yield place
    finally:
        place.rmdir()


def confine(place: Path | None, gigabytes: float) -> None:
    if place:
        (place / "cgroup.procs").write_text(str(os.getpid()))
    else:
        resource.setrlimit(resource.RLIMIT_DATA, (int(gigabytes * GIB),) * 2)


def learn(folder: Path, case: str, seconds: float) -> None:
    """Train for a while, and print the images per second."""
    import torch

    from headstart.backbones import build_backbone
    from headstart.data.batches.loader import Loader
    from headstart.data.batches.stored import map_dataset
    from headstart.data.transforms.augment import AugmentConfig
    from headstart.data.transforms.input import ImageInput
    from headstart.seeding import torch_generator
    from headstart.tasks import Classification
    from headstart.training import Supervised, TrainConfig, train

    torch.set_num_threads(1)
    width, _, batch = (int(part) for part in case.split("x"))
    dataset = map_dataset(folder).presented(ImageInput("lab"))
    network = build_backbone("resnet9", {"width": width}, in_channels=3, generator=torch_generator("backbone"))
    task = Classification(dataset.classes)
    loader = Loader(dataset.train, batch_size=batch, seed=0, augment=AugmentConfig())
    times = [time.perf_counter()]

    def on_step(step: int) -> None:
        times.append(time.perf_counter())
        if times[-1] - times[0] > seconds and step > 2 * WARMUP:
            raise TimeoutError

    try:
        config = TrainConfig(steps=10**6, batch_size=batch)
        train(Supervised(network, task.head(network), task), loader, config, on_step=on_step)
    except TimeoutError:
        print(batch * (len(times) - 1 - WARMUP) / (times[-1] - times[WARMUP]))


if __name__ == "__main__":
    main()
