"""One set of pictures is one dataset in every format: what a study measures does not depend on the files."""

import io
import json
import tarfile
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from in_process import Here
from PIL import Image

import headstart
from headstart.api import prepare_study
from headstart.study.config.study import StudyConfig
from headstart.study.results.records import collect_history, collect_results

SIDE, CLASSES = 16, ("9", "ape", "bee")
SPLITS = np.repeat(["train", "val", "test"], [24, 6, 6])
RANDOM = np.random.default_rng(0)
LABELS = np.arange(36) % 3
PIXELS = ((LABELS[:, None, None, None] + RANDOM.random((36, SIDE, SIDE, 3))) / 3 * 255).astype(np.uint8)
SHUFFLED = RANDOM.permutation(36)


def encoded(row):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS[row]).save(buffer, "PNG")
    return buffer.getvalue()


def folder(root):
    for row in range(36):
        path = root / SPLITS[row] / CLASSES[LABELS[row]] / f"{row:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(row))
    return {"source": "images"}


def table(root):
    root.mkdir()
    for row in range(36):
        (root / f"{row:02d}.png").write_bytes(encoded(row))
    rows = SHUFFLED
    frame = pd.DataFrame({"file": [f"{row:02d}.png" for row in rows], "label": np.array(CLASSES)[LABELS[rows]]})
    frame.assign(split=SPLITS[rows]).to_csv(root / "labels.csv", index=False)
    return {"source": "table"}


def huggingface(root):
    datasets = pytest.importorskip("datasets")
    names = CLASSES[::-1]
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list(names))})
    parts = {}
    for split in ("test", "train", "val"):
        rows = [row for row in SHUFFLED if SPLITS[row] == split]
        examples = [{"image": {"bytes": encoded(row), "path": None}, "label": 2 - LABELS[row]} for row in rows]
        parts[split] = datasets.Dataset.from_list(examples, features=features)
    datasets.disable_progress_bars()
    datasets.DatasetDict(parts).save_to_disk(str(root))
    return {"source": "huggingface"}


def webdataset(root):
    root.mkdir()
    for split in ("train", "val", "test"):
        with tarfile.open(root / f"{split}-0.tar", "w") as tar:
            for row in (row for row in SHUFFLED if SPLITS[row] == split):
                for ending, data in (("png", encoded(row)), ("cls", str(LABELS[row]).encode())):
                    member = tarfile.TarInfo(f"{99 - row}.{ending}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
    return {"source": "webdataset"}


def hdf5(root):
    h5py = pytest.importorskip("h5py")
    root.mkdir()
    for split in ("train", "val", "test"):
        rows = [row for row in SHUFFLED if SPLITS[row] == split]
        with h5py.File(root / f"{split}.h5", "w") as file:
            file.attrs["classes"] = json.dumps(CLASSES)
            file["images"], file["targets"] = PIXELS[rows].transpose(0, 3, 1, 2), LABELS[rows]
    return {"source": "hdf5"}


def arrays(root):
    root.mkdir()
    np.savez(root / "a.npz", x=PIXELS[SHUFFLED], y=np.array(CLASSES)[LABELS[SHUFFLED]], split=SPLITS[SHUFFLED])
    return {"source": "arrays", "path": root / "a.npz"}


def imported(root):
    headstart.import_arrays(PIXELS, LABELS, out=root, split=SPLITS)
    return {"source": "folder"}


def study(dataset):
    return StudyConfig(
        name="same",
        dataset=dataset,
        backbone={"options": {"width": 4}},
        arms={"rotation": {}},
        controls=(),
        pretrain={"steps": 2, "batch_size": 8},
        protocols={"finetune": {"steps": 2, "batch_size": 8}, "ridge": {}},
        budgets=(6, 12),
        trials=1,
        device="cpu",
    )


FORMATS = {form.__name__: form for form in (folder, table, huggingface, webdataset, hdf5, arrays, imported)}
OTHER = ["dataset", "pretrain_dataset", "seconds", "job", "pretraining"]
"""Columns that tell which files and jobs numbers come from."""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root, found = tmp_path_factory.mktemp("same"), {}
    for name, write in FORMATS.items():
        if name in ("huggingface", "hdf5") and not find_spec({"huggingface": "datasets", "hdf5": "h5py"}[name]):
            continue
        source = {"path": root / name} | write(root / name)
        prepared = prepare_study(study(source), out=root / f"runs {name}", store=root / "store")
        prepared.launcher = Here(prepared.store)
        prepared.execute()
        outcomes = prepared.run.outcomes()
        found[name] = collect_results(prepared.run, outcomes), collect_history(prepared.run, outcomes)
    return found


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "folder"])
def test_every_format_of_the_same_pictures_gives_the_same_results(results, name):
    if name not in results:
        pytest.skip("its extra is not installed")
    for table, expected in zip(results[name], results["folder"], strict=True):
        same = table.drop(columns=OTHER, errors="ignore"), expected.drop(columns=OTHER, errors="ignore")
        pd.testing.assert_frame_equal(*same, check_exact=True)
        assert expected["value"].notna().all()
    assert results["folder"][1]["value"].nunique() > 5, "losses, which tell what accuracy on six images does not"
