"""Pictures without labels: told by folders, tables and options, seen by pretraining and by nothing else."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from headstart.data.batches.stored import map_dataset
from headstart.data.exchange.transfer import import_folder, open_reader
from headstart.data.sources import SOURCES
from headstart.data.sources.choice import as_keys, as_source
from headstart.data.viewing.inspect import inspect
from headstart.errors import ConfigError, DataError
from headstart.folder import read_manifest
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.pool import PoolJob
from headstart.study.running.estimate import seconds_left
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store

RANDOM = np.random.default_rng(0)


def put(path, count, gray=False):
    path.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        shape = (16, 16) if gray else (16, 16, 3)
        Image.fromarray(RANDOM.integers(0, 256, shape, dtype=np.uint8)).save(path / f"{number}.png")


@pytest.fixture
def photos(tmp_path):
    """36 pictures of two classes in three splits."""
    for split, count in (("train", 12), ("val", 3), ("test", 3)):
        for label in "ab":
            put(tmp_path / "photos" / split / label, count)
    return tmp_path / "photos"


def study(dataset, **more):
    return StudyConfig(
        name="unlabelled",
        dataset=dataset,
        backbone={"options": {"width": 4}},
        arms={"rotation": {}},
        controls=("patches",),
        patches={"size": 3, "centroids": 4, "sample": 100},
        pretrain={"steps": 2, "batch_size": 8},
        protocols={"finetune": {"steps": 2, "batch_size": 8}, "ridge": {}},
        budgets=(6, 12),
        trials=1,
        device="cpu",
        **more,
    )


def jobs(config):
    return make_plan(as_suite(config).settled()).jobs


def kinds(plan):
    return {kind: {job.key for job in plan if job.kind == kind} for kind in {job.kind for job in plan}}


def test_only_what_pretraining_changes_has_another_key(photos, tmp_path):
    put(tmp_path / "more", 5)
    plain = kinds(jobs(study({"source": "images", "path": photos})))
    more = kinds(jobs(study({"source": "images", "path": photos, "unlabelled": str(tmp_path / "more")})))
    assert "pool" not in plain
    for kind in ("dataset", "targets"):
        assert plain[kind] == more[kind]
    for kind in ("pretrain", "patches"):
        assert not plain[kind] & more[kind]
    assert plain["trial"] & more["trial"], "scratch runs are shared"
    put(tmp_path / "more", 6)
    other = kinds(jobs(study({"source": "images", "path": photos, "unlabelled": str(tmp_path / "more")})))
    assert not other["pool"] & more["pool"], "the pictures count"


def test_a_study_pretrains_on_them_and_on_no_picture_of_the_dataset_twice(photos, tmp_path):
    put(tmp_path / "more" / "deep", 5, gray=True)
    shutil.copytree(photos / "test", tmp_path / "more" / "copied")
    config = study({"source": "images", "path": photos, "unlabelled": str(tmp_path / "more")})
    check_study(config)
    store, plan = Store(tmp_path / "store"), jobs(config)
    for job in plan:
        store.run(job)
    (pool,) = (job for job in plan if job.kind == "pool")
    (dataset,) = (job for job in plan if job.kind == "dataset")
    assert json.loads((store.folder(pool) / "about.json").read_text())["counts"] == {"train": 24, "unlabelled": 5}
    images, stored = np.load(store.folder(pool) / "images.npy"), map_dataset(store.folder(dataset))
    assert np.array_equal(images[:24], stored.train.images.permute(0, 2, 3, 1).numpy())
    assert (images[24:, ..., :1] == images[24:]).all(), "gray pictures, widened"
    assert len(stored.splits["test"]) == 6
    assert not list(store.folder(pool).glob("made*"))
    (learned,) = (job for job in plan if job.kind == "pretrain")
    assert learned.outcome(store.folder(learned))["failure"] is None


def test_reading_them_is_part_of_the_estimate(photos, tmp_path):
    put(tmp_path / "more", 30)
    put(photos / "unlabelled", 4)
    plan = make_plan(
        as_suite(study({"source": "images", "path": photos, "unlabelled": str(tmp_path / "more")})).settled()
    )
    seconds = seconds_left(plan, dict.fromkeys((job.key for job in plan.jobs), "absent"))
    (pool,) = (job for job in plan.jobs if job.kind == "pool")
    (targets,) = (job for job in plan.jobs if job.kind == "targets")
    assert len(pool.sources) == 2
    assert seconds[pool.key] > seconds[targets.key], "more than what every job takes"


def test_keys_are_written_and_read_back(photos, tmp_path):
    for unlabelled in (str(tmp_path / "more"), {"source": "images", "path": str(tmp_path / "more"), "resolution": 16}):
        source = as_source({"source": "images", "path": str(photos), "unlabelled": unlabelled})
        written = as_keys(source)
        assert as_keys(as_source(yaml.safe_load(yaml.safe_dump(written)))) == written
    assert "unlabelled" not in as_keys(SOURCES["images"](path=photos))
    assert "unlabelled" not in json.dumps(SOURCES["images"](path=photos).identity())


def test_a_folder_called_so_is_unlabelled(photos, tmp_path):
    put(photos / "unlabelled", 4)
    source = SOURCES["images"](path=photos)
    info = source.info()
    assert (sum(info.counts.values()), info.unlabelled, info.classes) == (36, 4, ("a", "b"))
    assert (
        "unlabelled: 4 pictures, of which pretraining alone sees any (they lie in folders of that name)" in info.guesses
    )
    assert len(source.pool()) == 1
    assert any(job.kind == "pool" for job in jobs(study(source)))
    manifest = import_folder(photos, tmp_path / "out")
    assert manifest.images == 36
    assert read_manifest(tmp_path / "out" / "unlabelled").images == 4
    folder = SOURCES["folder"](path=tmp_path / "out")
    assert folder.info().unlabelled == 4
    store = Store(tmp_path / "store")
    for one in (source, folder):
        plan = jobs(study(one))
        for job in plan:
            if job.kind in ("dataset", "pool"):
                store.run(job)
        (pool,) = (job for job in plan if job.kind == "pool")
        assert len(np.load(store.folder(pool) / "images.npy")) == 28


def test_pictures_outside_are_unlabelled_if_that_is_said(photos):
    put(photos / "extra", 4)
    put(photos, 2)
    with pytest.raises(DataError, match=r"is in none of train, val and test: .*`outside=unlabelled`"):
        SOURCES["images"](path=photos).info()
    info = SOURCES["images"](path=photos, outside="unlabelled").info()
    assert (info.counts["train"], info.unlabelled) == (24, 6)
    assert any("they lie outside of the folders of splits and classes" in guess for guess in info.guesses)


def test_tables_tell_them(tmp_path):
    put(tmp_path, 12)
    names = [f"{number}.png" for number in range(10)]
    frame = pd.DataFrame(
        {"file": names, "label": ["a", "b", *["a"] * 6, "", ""], "split": ["train"] * 8 + ["unlabeled"] * 2}
    )
    frame.to_csv(tmp_path / "labels.csv", index=False)
    reader = open_reader(tmp_path, "table", {})
    assert [one.file for one in reader.account.skipped] == ["10.png", "11.png"]
    assert SOURCES["table"](path=tmp_path).info().unlabelled == 2
    frame.drop(columns="split").to_csv(tmp_path / "labels.csv", index=False)
    with pytest.raises(DataError, match=r"row 10 has no class for '8.png': .*`outside=unlabelled`"):
        open_reader(tmp_path, "table", {})
    info = SOURCES["table"](path=tmp_path, outside="unlabelled").info()
    assert (sum(info.counts.values()), info.unlabelled, info.left_out) == (8, 4, "")


def test_arrays_tell_them(tmp_path):
    images = RANDOM.integers(0, 256, (30, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x_train=images[:20], y_train=np.arange(20) % 2, x_unlabelled=images[20:])
    source = SOURCES["arrays"](path=tmp_path / "a.npz")
    assert source.info().unlabelled == 10
    made = source.pool()[0].materialise(tmp_path / "made", workers=1, progress=None)
    assert read_manifest(made).images == 10
    assert read_manifest(source.materialise(tmp_path / "rest", workers=1, progress=None)).images == 20


@pytest.mark.parametrize(
    ("dataset", "more", "message"),
    [
        ({"unlabelled": "gray"}, {"pretrain_dataset": {"images": 36, "resolution": 16}}, "name it as"),
        ({"unlabelled": "four"}, {}, r"dataset.unlabelled \('four'\): channels is 4, and that of the dataset 3"),
        ({"unlabelled": {"source": "images", "path": "gray", "resolution": 8}}, {}, "resolution is 8, and that of the"),
        ({"unlabelled": "nowhere"}, {}, "nowhere does not exist"),
        ({"unlabelled": {"source": "image"}}, {}, "unknown source 'image'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_before_work_starts(photos, tmp_path, monkeypatch, dataset, more, message):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "gray", 3, gray=True)
    (tmp_path / "four").mkdir()
    Image.new("RGBA", (16, 16), (1, 2, 3, 4)).save(tmp_path / "four" / "0.png")
    with pytest.raises((ConfigError, DataError), match=message):
        check_study(study({"source": "images", "path": str(photos), **dataset}, **more))


def test_files_that_are_left_out_are_told(photos, tmp_path):
    put(tmp_path / "more", 10)
    (tmp_path / "more" / "a.heic").write_bytes(b"no picture")
    config = study(as_source({"source": "images", "path": photos, "unlabelled": str(tmp_path / "more")}))
    assert any("'more'" in note and "1 " in note for note in check_study(config, networks=False))


def test_what_else_lies_in_a_dataset_folder_does_not_change_it(photos, tmp_path):
    import_folder(photos, tmp_path / "set")
    source = as_source({"source": "images", "path": photos, "unlabelled": str(tmp_path / "set")}).unlabelled
    before = source.identity()
    (tmp_path / "set" / "preview.png").write_bytes(b"a picture")
    assert source.identity() == before


def test_pictures_that_the_dataset_has_are_no_pool(photos, tmp_path):
    plan = jobs(study({"source": "images", "path": photos, "unlabelled": str(photos / "train")}))
    (pool,) = (job for job in plan if isinstance(job, PoolJob))
    store = Store(tmp_path / "store")
    store.run(pool.dataset)
    with pytest.raises(DataError, match="all 24 unlabelled images are in the dataset itself"):
        store.run(pool)


def test_the_check_of_data_looks_at_labelled_pictures(photos):
    put(photos / "unlabelled", 4)
    (photos / "val" / "a" / "1.png").write_bytes(b"broken")
    seen = inspect(photos)
    assert len(seen.observed.rows) == 35
    assert [bad.file for bad in seen.bad] == ["val/a/1.png"]
    assert seen.name(35 - 1) == "val/b/2.png"
