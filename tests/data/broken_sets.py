"""Sets of pictures with one thing wrong: each function makes one in the folder ``root``, and returns what to read."""

import io
import os
import shutil
import struct
import tarfile
import zipfile
import zlib

import h5py
import numpy as np
import pandas as pd
from PIL import Image

RANDOM = np.random.default_rng(0)


def pixels(*shape, dtype=np.uint8):
    return RANDOM.integers(0, 256, shape).astype(dtype)


def encoded(kind="PNG", side=8, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels(side, side, 3)).save(buffer, kind, **options)
    return buffer.getvalue()


PICTURE = encoded()


def bomb():
    """A PNG that says it has 400 million pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    return PICTURE[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + PICTURE[33:]


def put(path, content=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else PICTURE)


def folders(root, *splits):
    """24 pictures of two classes, by class, or in each of some splits."""
    for number in range(24):
        for split in splits or (".",):
            put(root / split / "ab"[number % 2] / f"{number}.png", encoded())
    return root


def array(root, name, values):
    path = folders(root) / "a" / name
    np.save(path, values, allow_pickle=values.dtype == object)
    return root


def saved(root, name, image):
    image.save(folders(root) / "a" / name)
    return root


def file(root, name, content):
    put(folders(root) / "a" / name, content)
    return root


def linked(root):
    inner = folders(root) / "b"
    (inner / "up").symlink_to(root)
    (inner / "me.png").symlink_to(inner / "me.png")
    return root


ROWS = [f"{'ab'[row % 2]}/{row}.png,{'xy'[row % 2]}" for row in range(24)]


def table(root, *rows, header="file,label", encoding="utf-8"):
    (folders(root) / "t.csv").write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return root


def parquet(root):
    labels = ["x", None, *"xy" * 11]
    frame = pd.DataFrame({"file": [row.split(",")[0] for row in ROWS], "label": labels})
    frame.to_parquet(folders(root) / "t.parquet")
    return root


def maps(root, column, value):
    """A table with a map for each picture, the third of another kind."""
    folders(root)
    lines = []
    for row, line in enumerate(ROWS):
        Image.fromarray(np.full((8, 8), 1, np.uint8) if row != 2 else value).save(root / f"m{row}.png")
        lines.append(f"{line},m{row}.png")
    (root / "t.csv").write_text("\n".join([f"file,label,{column}", *lines, ""]))
    return root


def tar(root, *extra, write=lambda data: data):
    root.mkdir()
    buffer = io.BytesIO()
    members = [(f"{row}.{end}", content) for row in range(24) for end, content in (("png", encoded()), ("cls", b"1"))]
    with tarfile.open(fileobj=buffer, mode="w") as shard:
        for name, content in [*members, *extra]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            shard.addfile(info, io.BytesIO(content))
    (root / "0.tar").write_bytes(write(buffer.getvalue()))
    return root


def archive(root, *extra, write=lambda data: data):
    root.mkdir()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for row in range(24):
            packed.writestr(f"{'ab'[row % 2]}/{row}.png", encoded())
        for name, content in extra:
            packed.writestr(name, content)
    (root / "set.zip").write_bytes(write(buffer.getvalue()))
    return root / "set.zip"


def hdf5(root, **arrays):
    root.mkdir()
    with h5py.File(root / "set.h5", "w") as out:
        for name, values in {"images": pixels(36, 3, 8, 8), "targets": np.arange(36) % 3, **arrays}.items():
            out[name] = values
    return root / "set.h5"


def only(root, name, content=b""):
    put(root / name, content or b" ")
    return root


def empty(root):
    root.mkdir()
    return root


def one_class(root):
    for row in range(24):
        put(root / ("train", "val", "test")[row % 3] / "a" / f"{row}.png", encoded())
    return root


def not_utf8(root):
    for row in range(12):
        put(folders(root) / os.fsdecode(b"caf\xe9") / f"{row}.png", encoded())
    return root


def html(root):
    for row in range(36):
        put(root / ("<b>x<", "[red]", "\x1b[31mz")[row % 3] / f"{row}.png", encoded())
    return root


def leaking(root):
    folders(root, "train", "val", "test")
    shutil.copy(root / "train" / "a" / "0.png", root / "test" / "a" / "copy.png")
    return root


def deep(root):
    colors = np.zeros((8, 8, 3), np.uint16)
    header = f"P6 {colors.shape[1]} {colors.shape[0]} 65535\n".encode()
    return file(root, "deep.ppm", header + colors.tobytes())


def heic(root):
    put(folders(root) / "c" / "0.heic", b"\0\0\0\x18ftypheic")
    return root


def damaged(root):
    put(root / "dataset.json", b"{")
    return root
