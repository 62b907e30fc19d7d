"""Whether a dataset folder holds what it says, file by file."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from headstart.data.faults import faults
from headstart.errors import DataError
from headstart.folder import MANIFEST, SPLITS, Manifest, read_manifest, read_shard

__all__ = ["Checked", "check_folder"]


@dataclass(frozen=True)
class Checked:
    """findings: (file, what is wrong with it), none if all is well."""

    manifest: Manifest
    targets: tuple[str, ...]
    findings: tuple[tuple[Path, str], ...]


def check_folder(folder: Path, look: Callable[[Mapping[str, Tensor]], None] = lambda _: None) -> Checked:
    """Read every shard of a dataset folder and compare it with the manifest and with what its targets mean.

    look: called with the tensors of each shard that is as it should be. Raises ``DataError`` if there is no readable
    manifest.
    """
    manifest = read_manifest(folder, unfinished=True)
    counts: Counter[str] = Counter()
    findings: list[tuple[Path, str]] = []
    targets: tuple[str, ...] | None = None
    for info in manifest.shards:
        path = folder / info.file
        try:
            tensors = read_shard(path, info)
        except DataError as error:
            findings.append((path, str(error)))
            continue
        names = tuple(sorted(name.removeprefix("target.") for name in tensors if name.startswith("target.")))
        targets = names if targets is None else targets
        if names != targets:
            findings.append((path, f"{path} has the targets {_list(names)}, and shards before it {_list(targets)}"))
        wrong = list(faults({name: values.numpy() for name, values in tensors.items()}, manifest))
        findings += [(path, f"{path}: {fault}") for fault in wrong]
        if not wrong:
            counts.update(SPLITS[number] for number in tensors["split"].tolist())
            look(tensors)
    findings += [(folder / MANIFEST, fault) for fault in _miscounted(manifest, counts, bool(findings), folder)]
    return Checked(manifest, targets or (), tuple(findings))


def _miscounted(manifest: Manifest, counts: Mapping[str, int], damaged: bool, folder: Path) -> Iterator[str]:
    """Only of shards that are whole: damaged ones are findings already, and lack images for that reason."""
    if manifest.rendered < manifest.images:
        yield f"{folder} is unfinished ({manifest.rendered} of {manifest.images} images)"
    elif not damaged:
        for split in SPLITS:
            said, held = manifest.counts.get(split, 0), counts.get(split, 0)
            if held != said:
                yield f"{folder / MANIFEST} counts {said} {split} images, and the shards hold {held}"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
