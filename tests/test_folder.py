"""The dataset folder: what is written is read back, and whatever is wrong with it gets a sentence."""

import errno
import json
import os
from pathlib import Path

import pytest
import torch

from headstart.cache import at_home, cache_folder
from headstart.errors import DataError, StoreError
from headstart.files import write_atomic
from headstart.folder import Manifest, read_folder, read_manifest, read_shard, shard_path, write_manifest, write_shard

SIZES = (3, 2)


def make_folder(folder: Path, *, shards: int = len(SIZES)) -> Manifest:
    infos = []
    for index, size in enumerate(SIZES[:shards]):
        images = torch.full((size, 3, 8, 8), index, dtype=torch.uint8)
        infos.append(write_shard(folder, index, {"images": images, "target.class": torch.arange(size)}))
    manifest = Manifest(
        name="toy",
        created_by="headstart test",
        made_by={"images": sum(SIZES)},
        seed=0,
        engine="none",
        resolution=8,
        channels=3,
        classes=("a", "b"),
        counts={"train": 3, "val": 1, "test": 1},
        shards=tuple(infos),
    )
    write_manifest(folder, manifest)
    return manifest


def test_a_folder_reads_back_as_written(tmp_path):
    manifest = make_folder(tmp_path)
    found, tensors = read_folder(tmp_path)
    assert found == manifest
    assert tensors["images"][:, 0, 0, 0].tolist() == [0, 0, 0, 1, 1]
    assert tensors["target.class"].tolist() == [0, 1, 2, 0, 1]


def test_writing_leaves_nothing_but_the_file(tmp_path):
    write_atomic(tmp_path / "new" / "file", b"one")
    write_atomic(tmp_path / "new" / "file", b"two")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]
    assert (tmp_path / "new" / "file").read_bytes() == b"two"


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    write_atomic(tmp_path / "file", b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="no space left for .*file: free some"):
        write_atomic(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        write_atomic(tmp_path / "file" / "dataset.json", b"")


def test_another_folder_is_no_dataset(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path} is not a dataset folder"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "cannot be read"),
        ("[]", "does not describe a dataset"),
        ('{"format": 2}', "has format 2, this headstart reads up to 1: install a newer"),
        ('{"format": 1}', "key 'name' is missing"),
    ],
)
def test_a_bad_manifest_is_refused(tmp_path, text, sentence):
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_manifest(tmp_path)


def test_a_manifest_names_only_files_of_its_folder(tmp_path):
    make_folder(tmp_path)
    values = json.loads((tmp_path / "dataset.json").read_text())
    values["shards"][0]["file"] = "../shard-00000.safetensors"
    (tmp_path / "dataset.json").write_text(json.dumps(values))
    with pytest.raises(DataError, match=r"shards\.0\.file"):
        read_manifest(tmp_path)


def test_an_unfinished_dataset_is_refused_unless_asked_for(tmp_path):
    manifest = make_folder(tmp_path, shards=1)
    with pytest.raises(DataError, match=r"unfinished \(3 of 5 images\): run the same render command again"):
        read_manifest(tmp_path)
    assert read_manifest(tmp_path, unfinished=True) == manifest


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
def test_a_damaged_shard_is_named(tmp_path, damage):
    make_folder(tmp_path)
    path = shard_path(tmp_path, 1)
    data = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    elif damage == "truncate":
        path.write_bytes(data[:-10])
    else:
        data[-1] ^= 1
        path.write_bytes(data)
    with pytest.raises(DataError, match=r"shard-00001.*run the same render command again"):
        read_folder(tmp_path)


def test_a_shard_without_a_known_hash_must_still_be_readable(tmp_path):
    make_folder(tmp_path)
    path = shard_path(tmp_path, 0)
    assert len(read_shard(path)["images"]) == SIZES[0]
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DataError, match="cannot be read"):
        read_shard(path)


def test_a_cache_that_cannot_be_written_names_the_setting_that_moves_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="name another in HEADSTART_CACHE, or with --store"):
        write_atomic(cache_folder("meshes") / "mesh", b"")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    with pytest.raises(StoreError, match="cannot be written .*: choose a folder that you may write to"):
        write_atomic(Path("/proc/none/mesh"), b"")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    monkeypatch.delenv("HEADSTART_CACHE", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(StoreError, match="none is known: name another folder in HEADSTART_CACHE"):
        cache_folder("meshes")
    with pytest.raises(StoreError, match="in --store"):
        at_home(Path("~/jobs"), "--store")
