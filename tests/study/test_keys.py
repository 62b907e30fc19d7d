"""Keys tell the truth: what can change a result changes its key, and what a job of each kind computes is on record."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from safetensors.torch import load_file

import headstart.study.jobs.hardware as hardware
from headstart.backbones import build_backbone
from headstart.data.sources import FolderSource
from headstart.data.transforms.input import ImageInput
from headstart.folder import read_manifest, write_manifest
from headstart.methods import METHODS
from headstart.registry import code_of
from headstart.render.writer import RenderConfig, render_dataset
from headstart.seeding import torch_generator
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.base import Job
from headstart.study.jobs.dataset import DatasetJob, open_dataset
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, SupervisedConfig, answers, fit

RECORDED = Path(__file__).with_name("recorded_jobs.json")
KINDS = ("dataset", "targets", "patches", "pretrain", "features", "trial", "blind")
OTHER = {
    "factors": "T---", "task": "pose", "method": "simclr", "protocol": "knn", "color": "rgb", "name": "resnet50",
    "engine": "warp", "objects": 1, "categories": ("chair", "table"), "targets": ("class", "pose"), "samples": 2,
    "mean": (1.0, 2.0, 3.0), "deviation": (1.0, 2.0, 3.0), "channels": 3, "resolution": 24, "viewpoint": 0.3,
    "lighting": 0.3, "class_color": 0.3, "scale": 0.3, "warp": 0.3, "watched": ("pose",), "weights": 123,
}  # fmt: skip
"""Another value of what is chosen among names, or is None in the jobs below."""
TOGETHER = {"mean": {"deviation": (1.0, 1.0, 1.0)}, "deviation": {"mean": (0.0, 0.0, 0.0)}}
"""What else has to be said with a field."""
NO_INPUT = {
    "endless",  # other images for pretraining alone, whose key has it
    "engine", "engine_options", "objects", "shapes", "textures", "keep_materials", "face_limit", "up_axis",
    "match_parameters", "size_option",
    "unlabelled", "pool", "teacher",  # other jobs, of tests of their own
}  # fmt: skip
"""Fields that are no input of these jobs, or have one value that works here; folders count by their content."""


@pytest.fixture(scope="module")
def plan():
    config = StudyConfig(
        name="keys",
        dataset={"images": 60, "resolution": 16, "samples": 1, "targets": "all"},
        backbone={"options": {"width": 4}},
        tasks=("depth",),  # whose error tells small changes
        arms={"rotation": {}},
        pretrain={"steps": 3, "batch_size": 8, "precision": "float32"},
        protocols={
            **{name: {"min_steps": 3, "batch_size": 8, "precision": "float32"} for name in ("finetune", "linear")},
            "ridge": {"precision": "float32"},
        },
        device="cpu",
        controls=("patches", "blind"),
        patches={"size": 3, "centroids": 8, "sample": 500},
        budgets=(10, 20),
        trials=1,
    )
    return make_plan(as_suite(config).settled())


@pytest.fixture(scope="module")
def jobs(plan) -> dict[str, Job]:
    """One job of each kind; the trial is one of a pretrained arm."""
    found = {job.kind: job for job in plan.jobs}
    return found | {"trial": next(point.job for point in plan.points if _tuned(point))}


def _tuned(point: Any) -> bool:
    return (point.arm, point.protocol) == ("rotation", "finetune")


def mutations(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every way to change one thing in ``value``, with the path of what was changed."""
    if name in NO_INPUT:
        return
    if is_dataclass(value):
        for field in fields(value):
            for path, other in mutations(getattr(value, field.name), field.name):
                yield f"{field.name}.{path}", replace(value, **TOGETHER.get(field.name, {}) | {field.name: other})
    elif isinstance(value, BaseModel):
        for key in type(value).model_fields:
            for path, other in mutations(getattr(value, key), key):
                yield f"{key}.{path}", value.model_copy(update={key: other})
    elif isinstance(value, dict):
        for key in value:
            for path, other in mutations(value[key], key):
                yield f"{key}.{path}", value | {key: other}
    else:
        yield "", changed(value, name)


def changed(value: Any, name: str) -> Any:
    if name in OTHER:
        return OTHER[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}-other"
    if isinstance(value, tuple):
        return (*value[1:], changed(value[0], name)) if value else (1,)
    raise AssertionError(f"say in OTHER how '{name}' can differ, or in NO_INPUT why it can't: it is {value!r}")


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_goes_into_a_job_is_in_its_key(jobs, kind: str) -> None:
    job = jobs[kind]
    keys = {path: other.key for path, other in mutations(job, kind)}
    assert len(keys) >= len(fields(job))
    assert [path for path, key in keys.items() if key == job.key] == []
    assert len(set(keys.values())) == len(keys), "different inputs, different keys"


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_of_a_kind_is_in_its_key(jobs, kind: str, monkeypatch) -> None:
    before = jobs[kind].key
    monkeypatch.setattr(type(jobs[kind]), "version", type(jobs[kind]).version + 1)
    assert replace(jobs[kind]).key != before


@pytest.mark.parametrize("kind", ["patches", "pretrain", "trial"])
def test_the_library_that_computes_is_in_the_key(jobs, kind: str, monkeypatch) -> None:
    before = jobs[kind].key
    monkeypatch.setattr(hardware, "_release", lambda package: "0.1")
    assert replace(jobs[kind]).key != before


def test_the_code_of_a_plugin_is_in_its_key(jobs, tmp_path: Path, monkeypatch) -> None:
    """A method in a package that is not ours, of which another file changes."""
    import importlib
    import sys

    import headstart.registry as registry

    package = tmp_path / "somebody"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text("STRENGTH = 1\n")
    (package / "method.py").write_text(
        "from headstart.methods.rotation import Rotation\n\nclass Mine(Rotation):\n    name = 'mine'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(METHODS, "mine", importlib.import_module("somebody.method").Mine)
    first = replace(jobs["pretrain"], method="mine").key
    (package / "helper.py").write_text("STRENGTH = 2\n")
    registry._fingerprint.cache_clear()
    assert replace(jobs["pretrain"], method="mine").key != first
    for name in [name for name in sys.modules if name.startswith("somebody")]:
        del sys.modules[name]


def test_what_ships_counts_by_version_and_not_by_file() -> None:
    assert code_of(METHODS["rotation"]) == {}


def test_an_arms_name_is_in_no_key(plan) -> None:
    (variant,) = plan.suite.variants
    config = variant.config.model_copy(update={"arms": {"renamed": variant.config.arms["rotation"]}, "title": "other"})
    config = config.model_copy(update={"arms": config.arms | {"scratch": variant.config.arms["scratch"]}})
    assert {job.key for job in make_plan(as_suite(config).settled()).jobs} == {job.key for job in plan.jobs}


def test_a_dataset_folder_counts_by_what_it_holds_and_not_by_where_it_lies(tmp_path: Path) -> None:
    render_dataset(tmp_path / "first", RenderConfig(images=12, resolution=8, samples=1), workers=1)
    shutil.copytree(tmp_path / "first", tmp_path / "moved")
    first, moved = (DatasetJob(FolderSource(path=tmp_path / name)) for name in ("first", "moved"))
    assert moved.key == first.key
    manifest = read_manifest(tmp_path / "moved")
    other_classes = (*reversed(manifest.classes),)
    statistics = {"rgb": {"mean": (1.0, 1.0, 1.0), "std": (2.0, 2.0, 2.0)}}
    for change in ({"classes": other_classes}, {"normalisation": statistics}):
        write_manifest(tmp_path / "moved", manifest.model_copy(update=change))
        assert DatasetJob(FolderSource(path=tmp_path / "moved")).key != first.key, change


def test_what_each_kind_computes_is_on_record(plan, jobs, tmp_path: Path) -> None:
    """Whoever changes what a kind of job computes raises its version, and records the numbers again.

    To record: ``RECORD=1 pytest tests/study/test_keys.py``.
    """
    import os

    store = Store(tmp_path)
    for job in plan.jobs:
        store.run(job)
    found = {
        "dataset": _dataset(jobs["dataset"], store.folder(jobs["dataset"])),
        "targets": {},
        "patches": _patches(store.folder(jobs["patches"])),
        "pretrain": _pretraining(store.folder(jobs["pretrain"])),
        "features": _features(store.folder(jobs["features"])),
        "trial": _records(store.folder(jobs["trial"])) | _protocols(jobs["dataset"], store),
        "blind": _records(store.folder(jobs["blind"])),
    }
    versions = {kind: type(jobs[kind]).version for kind in KINDS}
    if os.environ.get("RECORD"):
        fresh = {kind: {"version": versions[kind], "numbers": found[kind]} for kind in KINDS}
        RECORDED.write_text(json.dumps(fresh, indent=1) + "\n")
    recorded = json.loads(RECORDED.read_text())
    for kind in KINDS:
        same = found[kind] == pytest.approx(recorded[kind]["numbers"], rel=5e-3, abs=1e-3)
        assert same, f"jobs of kind '{kind}' compute other numbers: raise the version of their class, then record again"
        assert versions[kind] == recorded[kind]["version"], f"version of '{kind}' was raised: record its numbers again"


def _dataset(job: Any, folder: Path) -> dict[str, float]:
    dataset = open_dataset(folder, ImageInput("lab"), torch.device("cpu"))
    numbers = {f"mean {channel}": value for channel, value in enumerate(dataset.normalisation["lab"].mean)}
    numbers |= {split: float(len(images)) for split, images in dataset.splits.items()}
    return numbers | {"pixels": float(dataset.train.images[:4].double().mean())}


def _patches(folder: Path) -> dict[str, float]:
    weights = load_file(folder / "patches.safetensors")
    return {f"size of {name}": float(value.double().abs().mean()) for name, value in weights.items()}


def _pretraining(folder: Path) -> dict[str, float]:
    history = json.loads((folder / "history.json").read_text())
    return {f"loss {index}": row["loss"] for index, row in enumerate(history["rows"])}


def _features(folder: Path) -> dict[str, float]:
    return {path.stem: float(np.abs(np.load(path)).mean()) for path in folder.glob("*.npy")}


def _protocols(job: Any, store: Store) -> dict[str, float]:
    """How far the answers differ of models that each protocol makes; accuracy on few images tells no small change."""
    dataset = open_dataset(store.folder(job), ImageInput("lab"), torch.device("cpu"))
    task, labelled = TASKS["classification"](dataset.classes), dataset.train.first(30)
    spreads = {}
    for name, protocol in PROTOCOLS.items():
        learn = {"min_steps": 3, "batch_size": 8} if issubclass(protocol.Config, SupervisedConfig) else {}
        settings = protocol.Config(**learn, precision="float32").for_labels(30)
        backbone = build_backbone("resnet9", {"width": 4}, in_channels=3, generator=torch_generator("recorded"))
        model, _ = fit(name, backbone, task, labelled, settings, seed=1)
        outputs = torch.cat(answers(model, dataset.splits["test"], precision="float32"))
        spreads[f"spread of answers by {name}"] = float(outputs.double().clamp_min(-30).std())
    return spreads


def _records(folder: Path) -> dict[str, float]:
    records = json.loads((folder / "records.json").read_text())["records"]
    return {f"{record['split']} {record['metric']}": record["value"] for record in records}
