"""Whether file locks in a folder can be trusted, by the file system that it lies on."""

from pathlib import Path

__all__ = ["locks_are_trusted"]

LOCAL = frozenset({
    "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfs", "jfs", "ntfs", "ntfs3",
    "overlay", "ramfs", "reiserfs", "tmpfs", "ufs", "vfat", "xfs", "zfs",
})  # fmt: skip
"""File systems of one machine. On others a lock may hold on one machine, and not on the next."""
MOUNTS = Path("/proc/mounts")


def locks_are_trusted(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether ``folder`` is on a disk of this machine. Where the system doesn't tell (no ``/proc/mounts``), it is."""
    kind = file_system(folder, mounts)
    return kind is None or kind in LOCAL


def file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """Of the mount that ``folder`` is in, as ``/proc/mounts`` calls it: ``ext4``, ``nfs4``."""
    if not mounts.exists():
        return None
    found, longest = None, -1
    for line in mounts.read_text().splitlines():
        _, point, kind, *_ = line.split(" ")
        # Spaces and the like are written as \040.
        path = Path(point.encode().decode("unicode_escape"))
        if len(path.parts) >= longest and folder.is_relative_to(path):
            found, longest = kind, len(path.parts)
    return found
