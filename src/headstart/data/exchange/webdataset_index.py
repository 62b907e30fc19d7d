"""Which members of tar files are one image, in which split, and where their bytes lie.

WebDataset ends a sample's name at the first dot. Pictures are called ``cam_v1.2_03.png``, too, so that here what comes
before a known ending is the name; unless ``cam_v1`` itself has a picture or class: then ``2_03.png`` is a further field
of that sample, as ``mask.png`` is in ``0001.mask.png`` beside ``0001.jpg``.
"""

import re
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from headstart.data.exchange.account import Account
from headstart.data.exchange.splits import SPLIT_NAMES, SPLIT_WORDS, UNKNOWN
from headstart.errors import DataError
from headstart.names import as_text

__all__ = ["IMAGES", "Member", "Sample", "looks_like_shards", "read_index", "tar_files"]

TAR = ".tar"
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
IMAGES = ("png", "jpg", "jpeg", "webp", "npy")
MEMBERS = (*IMAGES, "json", "cls", "semantic.png", "instance.png", "depth.npy")
"""Endings that are read."""
LONGEST_FIRST = sorted(MEMBERS, key=len, reverse=True)


class Member(NamedTuple):
    """Where a member's bytes lie. tar: number of the file. name: in it. size: in bytes."""

    tar: int
    name: str
    start: int
    size: int


@dataclass
class Sample:
    """tar: its name below the root. key: that, then the sample's own. split: 0, 1, 2 or ``UNKNOWN``. members: by
    ending."""

    tar: str
    key: str
    split: int
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def image(self) -> str | None:
        """The ending of its picture."""
        return next((ending for ending in IMAGES if ending in self.members), None)


def tar_files(path: Path) -> list[Path]:
    """The tar file ``path``, or those below the folder, hidden ones aside, in the order of their names."""
    if not path.is_dir():
        return [path]
    below = (file for file in path.rglob("*") if file.suffix.lower() == TAR and file.is_file())
    return sorted(file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts))


def looks_like_shards(path: Path) -> bool:
    """Whether ``path`` is a tar file, or has some in it or in folders of its splits."""
    if not path.is_dir():
        return path.suffix.lower() == TAR
    folders = (path, *(inner for inner in path.iterdir() if inner.is_dir() and _splits_in(inner.name)))
    return any(file.suffix.lower() == TAR for folder in folders for file in folder.iterdir())


def read_index(root: Path, tars: list[Path], account: Account) -> Iterator[Sample]:
    """What the tar files below ``root`` hold, from their headers; ``account`` hears of what is passed over.

    Raises ``DataError`` for a tar file that is not whole, or whose name tells two splits.
    """
    for number, path in enumerate(tars):
        name = PurePosixPath(path.relative_to(root) if root.is_dir() else path.name)
        members = list(_members(path, number, as_text(str(name)), account))
        yield from _grouped(members, as_text(str(name)), _split(name), account)


def _split(name: PurePosixPath) -> int:
    """Of a tar file, by the words in its name, or else in those of its folders, the innermost first."""
    for part in (name.stem, *reversed(name.parts[:-1])):
        found = _splits_in(part)
        if len(found) > 1:
            told = " and ".join(SPLIT_NAMES[split] for split in sorted(found))
            raise DataError(f"the name of {name} tells the splits {told}: rename it so that it tells one")
        if found:
            return found.pop()
    return UNKNOWN


def _splits_in(name: str) -> set[int]:
    return {SPLIT_WORDS[word] for word in re.findall("[a-z]+", name.lower()) if word in SPLIT_WORDS}


def _members(path: Path, number: int, tar_name: str, account: Account) -> Iterator[Member]:
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if _leads_out(member.name):
                    account.skip(f"{tar_name}/{as_text(member.name)}", "its name leads out of the tar file")
                elif member.isreg():
                    yield Member(number, member.name, member.offset_data, member.size)
                elif not member.isdir():
                    account.skip(f"{tar_name}/{as_text(member.name)}", "a link or device")
    except (OSError, tarfile.TarError) as error:
        raise DataError(
            f"{path} is no whole uncompressed tar file ({_packed(path) or error}): make it again"
        ) from error


def _leads_out(name: str) -> bool:
    return PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts


def _packed(path: Path) -> str:
    """What a tar file is compressed by, if it is."""
    with path.open("rb") as file:
        begin = file.read(6)
    return next((f"it is compressed by {name}" for magic, name in PACKED.items() if begin.startswith(magic)), "")


def _grouped(members: list[Member], tar_name: str, split: int, account: Account) -> Iterator[Sample]:
    """The samples of one tar file."""
    parted = [(member, *_parted(member.name)) for member in members]
    owners = {stem for _, stem, ending in parted if ending in (*IMAGES, "cls")}
    samples: dict[str, Sample] = {}
    for member, stem, ending in parted:
        reason = _passed_over(stem, ending, owners)
        if reason:
            account.skip(f"{tar_name}/{as_text(member.name)}", reason)
            continue
        key = as_text("/".join(part for part in (tar_name, *stem.rpartition("/")[::2]) if part))
        sample = samples.setdefault(stem, Sample(tar_name, key, split))
        if ending in sample.members:  # as of tar itself, the last one counts
            account.skip(f"{tar_name}/{as_text(sample.members[ending].name)}", "another of this name comes after it")
        sample.members[ending] = member
    yield from samples.values()


def _parted(name: str) -> tuple[str, str]:
    """A member's name without its ending, and the ending; none if it is not among those that are read."""
    lower = name.lower()
    ending = next((ending for ending in LONGEST_FIRST if lower.endswith(f".{ending}")), "")
    return name[: len(name) - len(ending) - 1] if ending else name, ending


def _passed_over(stem: str, ending: str, owners: Collection[str]) -> str:
    """Why a member is no part of a sample, if it is none."""
    folder, slash, base = stem.rpartition("/")
    if base.startswith(".") or not base:
        return "hidden"
    if not ending:
        return "an ending that is not read"
    dots = [found.start() for found in re.finditer(r"\.", base)]
    if any(f"{folder}{slash}{base[:dot]}" in owners for dot in dots):
        return "a further field of the sample whose name ends at an earlier dot"
    return ""
