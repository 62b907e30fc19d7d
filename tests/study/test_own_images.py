"""Pictures of every kind go through a study as they came: folder, dataset, pretraining, trials."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from headstart.api import prepare_study
from headstart.data.batches.stored import read_about
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.answers import shown_rows
from headstart.study.jobs.dataset import SAMPLES

SIDE = 16
KINDS = {
    "gray": (1, "uint8"),
    "16 bits": (1, "uint16"),
    "rgb": (3, "uint8"),
    "rgba": (4, "uint8"),
    "five": (5, "float32"),
}


def pictures(folder, channels, dtype):
    """24 to learn from, 6 to choose by and 6 to be tested on, of three classes that differ in brightness."""
    random = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 6), ("test", 6)):
        for number in range(count):
            path = folder / split / "abc"[number % 3] / f"{number:02d}.{'npy' if channels == 5 else 'png'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            share = (number % 3 + random.random((SIDE, SIDE, channels))) / 3
            values = (share * {"uint8": 255, "uint16": 65535, "float32": 7.0}[dtype]).astype(dtype)
            if channels == 5:
                np.save(path, values)
            else:
                Image.fromarray(values.squeeze()).save(path)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_go_through_a_study(tmp_path, kind):
    channels, dtype = KINDS[kind]
    config = StudyConfig(
        name="own",
        dataset={"source": "images", "path": pictures(tmp_path / "pictures", channels, dtype)},
        backbone={"name": "resnet9", "options": {"width": 4}},
        arms={"rotation": {}},
        controls=(),
        pretrain={"steps": 3, "batch_size": 8},
        protocols={"finetune": {"min_steps": 3, "batch_size": 8}},
        budgets=(6, 12),
        trials=1,
    )
    prepared = prepare_study(config, out=tmp_path, store=tmp_path / "store")
    (dataset,) = (job for job in prepared.plan.jobs if job.kind == "dataset")
    prepared.store.run(dataset)
    (tmp_path / "pictures").rename(tmp_path / "gone")
    for job in prepared.plan.jobs:
        prepared.store.run(job)
    folder = prepared.store.folder(dataset)
    about = read_about(folder)
    assert (about["channels"], about["dtype"], about["classes"]) == (channels, dtype, ["a", "b", "c"])
    assert not (folder / "made").exists()
    for job in prepared.plan.jobs:
        found = job.outcome(prepared.store.folder(job))
        assert found.get("failure") is None
        if job.kind == "trial":
            assert all(0 <= one["value"] <= 1 for one in found["records"] if one["metric"] == "accuracy")


def test_what_a_report_shows_is_kept_raw(tmp_path):
    config = StudyConfig(
        name="shown",
        dataset={"source": "synthetic", "images": 72, "resolution": 16, "samples": 1, "targets": "all"},
        arms={"rotation": {}},
        pretrain={"steps": 1},
        protocols={"finetune": {}},
        budgets=(10, 20),
    )
    prepared = prepare_study(config, out=tmp_path, store=tmp_path / "store")
    (dataset,) = (job for job in prepared.plan.jobs if job.kind == "dataset")
    prepared.store.run(dataset)
    folder = prepared.store.folder(dataset)
    shown, images = load_file(folder / SAMPLES), np.load(folder / "images.npy").transpose(0, 3, 1, 2)
    targets = read_about(folder)["targets"]
    names = {f"{split}.{name}" for split in ("train", "test") for name in ("images", *(f"target.{t}" for t in targets))}
    assert set(shown) == names | {"test.rows"}
    assert {"class", "pose", "rotation", "semantic", "instance", "depth"} <= set(targets)
    assert len(shown["train.images"]) == 20
    assert shown["train.target.class"].tolist() == [*range(10), *range(10)]
    train = read_about(folder)["counts"]["train"]
    assert all((image.numpy() == images[:train]).all(axis=(1, 2, 3)).any() for image in shown["train.images"])
    rows = shown["test.rows"]
    assert torch.equal(rows, shown_rows(read_about(folder)["counts"]["test"]))
    first = sum(read_about(folder)["counts"][split] for split in ("train", "val"))
    assert np.array_equal(shown["test.images"].numpy(), images[first + rows.numpy()])
    depth = np.load(folder / "target.depth.npy")
    assert np.array_equal(shown["test.target.depth"].numpy(), depth[first + rows.numpy()])
