"""Datasets: the same bytes however they are made, and never mixed with another."""

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from headstart.errors import StoreError
from headstart.folder import read_folder, read_manifest, shard_path, write_manifest
from headstart.render import ENGINES, writer
from headstart.render.writer import RenderConfig, render_dataset
from headstart.scenes.buckets import split_of
from headstart.scenes.factors import Factors
from headstart.scenes.pose import pose_class
from headstart.scenes.sampler import SceneSampler

CONFIG = RenderConfig(images=60, resolution=16, samples=1, shard_size=25, seed=3)
LONG = CONFIG.model_copy(update={"images": 600})


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("[!.]*")}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    render_dataset(folder, CONFIG, workers=1)
    return folder


def test_a_dataset_holds_what_its_scenes_say(rendered):
    manifest, tensors = read_folder(rendered)
    sampler = SceneSampler(3, Factors().dials(), CONFIG.classes)
    assert manifest.counts == {"train": 50, "val": 5, "test": 5}
    assert manifest.classes == CONFIG.classes
    assert tensors["images"].shape == (60, 3, 16, 16)
    assert tensors["split"].tolist() == [split_of(index) for index in range(60)]
    for index in range(60):
        thing = sampler.scene(index).objects[0]
        assert CONFIG.classes[tensors["target.class"][index]] == thing.shape.category
        assert tensors["target.pose"][index] == pose_class(thing.rotation)
        np.testing.assert_allclose(tensors["target.rotation"][index], thing.rotation, rtol=1e-6, atol=1e-6)


def test_the_manifest_is_enough_to_make_it_again(rendered, tmp_path):
    render_dataset(tmp_path, RenderConfig(**read_manifest(rendered).made_by), workers=1)
    assert hashes(tmp_path) == hashes(rendered)


@pytest.mark.parametrize("chunk", [7, 25])
def test_the_batch_size_does_not_show(rendered, tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(writer, "CHUNK", chunk)
    render_dataset(tmp_path, CONFIG, workers=1)
    assert hashes(tmp_path) == hashes(rendered)


def test_a_longer_dataset_begins_with_the_shorter_one(rendered, tmp_path):
    render_dataset(tmp_path, CONFIG.model_copy(update={"images": 75}), workers=1)
    assert hashes(tmp_path)["shard-00001.safetensors"] == hashes(rendered)["shard-00001.safetensors"]


def test_progress_counts_every_image_once(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK", 10)
    seen = []
    render_dataset(tmp_path, CONFIG, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (60, 60)
    render_dataset(tmp_path, CONFIG, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (60, 60)


def test_a_damaged_shard_is_rendered_again_and_the_others_are_kept(rendered, tmp_path):
    render_dataset(tmp_path, CONFIG, workers=1)
    kept, damaged = shard_path(tmp_path, 0), shard_path(tmp_path, 1)
    before = kept.stat().st_mtime_ns
    damaged.write_bytes(damaged.read_bytes()[:-1])
    render_dataset(tmp_path, CONFIG, workers=1)
    assert hashes(tmp_path) == hashes(rendered)
    assert kept.stat().st_mtime_ns == before


def test_a_normalisation_written_later_survives(tmp_path):
    manifest = render_dataset(tmp_path, CONFIG, workers=1)
    measured = {"rgb": {"mean": (0.5, 0.5, 0.5), "std": (0.2, 0.2, 0.2)}}
    write_manifest(tmp_path, manifest.model_copy(update={"normalisation": measured}))
    assert render_dataset(tmp_path, CONFIG, workers=1).normalisation == measured


@pytest.mark.parametrize(("key", "value"), [("seed", 4), ("factors", "T---"), ("images", 72)])
def test_another_dataset_is_not_overwritten(rendered, key, value):
    before = hashes(rendered)
    with pytest.raises(StoreError, match=f"holds another dataset: its {key} is"):
        render_dataset(rendered, CONFIG.model_copy(update={key: value}), workers=1)
    assert hashes(rendered) == before


def test_a_dataset_begun_by_another_release_is_continued(rendered, tmp_path, monkeypatch):
    """What can change a byte is among its ingredients; the number of a release is not."""
    shutil.copytree(rendered, tmp_path / "begun")
    (tmp_path / "begun" / "shard-00001.safetensors").unlink()
    monkeypatch.setattr(writer, "version", lambda package: "99")
    render_dataset(tmp_path / "begun", CONFIG, workers=1)
    assert hashes(tmp_path / "begun") == hashes(rendered)


def test_a_dataset_of_another_engine_version_is_not_continued(tmp_path, monkeypatch):
    render_dataset(tmp_path, CONFIG, workers=1)
    traits = ENGINES.traits("warp")
    monkeypatch.setattr(traits, "version", traits.version + 1)
    with pytest.raises(StoreError, match="holds another dataset: its engine is"):
        render_dataset(tmp_path, CONFIG, workers=1)


def test_two_renderers_do_not_share_a_folder(tmp_path):
    with FileLock(tmp_path / ".lock"), pytest.raises(StoreError, match="another process is rendering into"):
        render_dataset(tmp_path, CONFIG, workers=1)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file.*cannot be written"):
        render_dataset(tmp_path / "file" / "data", CONFIG, workers=1)


SCRIPT = """
import sys
from pathlib import Path
from headstart.render.writer import RenderConfig, render_dataset
if __name__ == "__main__":
    render_dataset(Path(sys.argv[1]), RenderConfig.model_validate_json(sys.argv[2]), workers=2)
"""


def children(parent: int) -> list[int]:
    return [int(line) for path in Path(f"/proc/{parent}/task").glob("*/children") for line in path.read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_workers_and_a_kill_leave_the_same_bytes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, str(script), str(killed), LONG.model_dump_json()]
    process = subprocess.Popen(command)
    while not shard_path(killed, 2).exists():
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.002)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert read_manifest(killed, unfinished=True).rendered < LONG.images
    wait_for_end(workers)
    for folder in (killed, whole):
        render_dataset(folder, LONG, workers=1)
    assert hashes(killed) == hashes(whole)


def wait_for_end(processes: list[int]) -> None:
    """Fail if a worker outlives its parent by 20 seconds."""
    assert len(processes) >= 2
    deadline = time.monotonic() + 20
    while any(is_running(process) for process in processes):
        assert time.monotonic() < deadline, "workers were left behind"
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_scenes_of_several_objects_are_written_with_their_pixel_targets(tmp_path):
    config = RenderConfig(images=24, resolution=16, samples=1, objects=4, seed=1)
    render_dataset(tmp_path, config, workers=1)
    manifest, tensors = read_folder(tmp_path)
    assert manifest.name == "TCVL × 4"
    assert {name for name in tensors if name.startswith("target.")} == {
        "target.semantic",
        "target.instance",
        "target.depth",
    }
    assert tensors["target.semantic"].shape == (24, 16, 16)
    for index in range(24):
        things = config.sampler().scene(index).objects
        seen = set(tensors["target.instance"][index].flatten().tolist()) - {0}
        assert seen <= set(range(1, len(things) + 1))
        shown = {config.classes.index(things[number - 1].shape.category) + 1 for number in seen}
        assert set(tensors["target.semantic"][index].flatten().tolist()) - {0} == shown


def test_a_disk_that_fills_up_in_mid_shard_costs_that_shard_only(rendered, tmp_path, monkeypatch):
    """The third file that is synced is the second shard: manifest, shard, manifest and then no more space."""
    synced, sync = [], os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError, match=r"no space left for .*shard-00001\.safetensors"):
        render_dataset(tmp_path, CONFIG, workers=1)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["dataset.json", "shard-00000.safetensors"]
    assert not list(tmp_path.glob(".*partial"))
    render_dataset(tmp_path, CONFIG, workers=1)
    assert hashes(tmp_path) == hashes(rendered)
