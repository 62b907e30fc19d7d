"""Annotations that are no answers are refused before anything is learned from them, and what can work is not."""

import math

import numpy as np
import pytest
import torch

from headstart.api import prepare_study
from headstart.backbones.resnet9 import ResNet9
from headstart.data.sources import ArraysSource
from headstart.errors import ConfigError, HeadstartError
from headstart.folder import Manifest, write_manifest, write_shard
from headstart.study.config.settle import settle
from headstart.study.config.study import StudyConfig

IMAGES, SIDE = 60, 16
LABELS = torch.arange(IMAGES) % 3
MASKS = (torch.arange(IMAGES)[:, None, None] % 4).expand(-1, SIDE, SIDE).to(torch.uint8)
DEPTHS = 1 + torch.arange(IMAGES)[:, None, None].expand(-1, SIDE, SIDE).half()


def write(folder, **targets):
    """A dataset folder of noise: 40 images to learn from, 10 to choose by, 10 to be tested on."""
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (IMAGES, 3, SIDE, SIDE), dtype=torch.uint8, generator=generator)
    split = torch.tensor([0] * 40 + [1] * 10 + [2] * 10, dtype=torch.uint8)
    named = {f"target.{name}": values.clone() for name, values in targets.items()}
    shard = write_shard(folder, 0, {"images": images, "split": split, **named})
    made = {"name": "noise", "created_by": "a test", "made_by": {}, "seed": 0, "engine": "none", "resolution": SIDE}
    counts = {"train": 40, "val": 10, "test": 10}
    manifest = Manifest(**made, channels=3, classes=("ball", "box", "cone"), counts=counts, shards=(shard,))
    write_manifest(folder, manifest)
    return folder


def study(path, **changes):
    base = {
        "name": "noise",
        "dataset": {"source": "folder", "path": path},
        "backbone": {"name": "vit", "options": {"width": 8, "heads": 1, "depth": 2, "patch": 4}},
        "arms": {"rotation": {}},
        "controls": (),
        "pretrain": {"steps": 2, "batch_size": 4},
        "protocols": {"finetune": {"min_steps": 2, "batch_size": 4}},
        "budgets": (6, 12),
        "trials": 1,
    }
    return StudyConfig.model_validate(base | changes)


def one(values, row, value):
    """``values`` but for one row."""
    changed = values.clone()
    changed[row] = value
    return changed


@pytest.mark.parametrize(
    ("task", "target", "values", "message"),
    [
        ("classification", "class", one(LABELS, 7, 3), "1 images have no label between 0 and 2, .* row 7 with 3"),
        ("classification", "class", one(LABELS, 55, -1), "no label between 0 and 2, .* row 5 with -1"),
        ("classification", "class", LABELS.float(), r"target 'class' is float32 \[40\] and must be a whole number"),
        ("classification", "class", LABELS[:, None], r"target 'class' is int64 \[40, 1\] and must be a whole number"),
        ("classification", "class", 0 * LABELS, "every image has class 0, so there is nothing to learn"),
        ("classification", "class", LABELS.clamp(max=1), "class 'cone' has no training image, so no budget can hold"),
        ("pose", "pose", 0 * LABELS, r"every image has pose 0, .* viewpoint factor on \(V in factors\)"),
        ("segmentation", "semantic", MASKS[:, :8, :8], "maps of 8 x 8 for images of 16 x 16 pixels"),
        ("segmentation", "semantic", one(MASKS, 7, 255), "1 masks hold numbers that are not 0 to 3, .* row 7 with 255"),
        ("segmentation", "semantic", one(MASKS.short(), 7, -1), "not 0 to 3, .* row 7 with -1"),
        (
            "segmentation",
            "semantic",
            MASKS.float(),
            "'semantic' is float32 and must be a whole number per pixel",
        ),
        ("segmentation", "semantic", 0 * MASKS, "every image has semantic 0 everywhere, so there is nothing to learn"),
        ("depth", "depth", one(DEPTHS, 7, 0), "1 maps hold depths that are not above 0 and finite, .* row 7 with 0"),
        ("depth", "depth", one(DEPTHS, 7, math.inf), "not above 0 and finite, .* row 7 with inf"),
        ("depth", "depth", one(DEPTHS, 7, math.nan), "not above 0 and finite, .* row 7 with nan"),
    ],
)
def test_annotations_that_are_no_answers_end_a_study_before_it_learns(tmp_path, task, target, values, message):
    path = write(tmp_path / "noise", **{target: values})
    run = prepare_study(study(path, tasks=(task,)), out=tmp_path / "runs", store=tmp_path / "store", workers=1)
    with pytest.raises(HeadstartError, match=f"^task '{task}': .*{message}") as refusal:
        run.execute()
    assert "\n" not in str(refusal.value)
    assert not (run.store.root / "pretrain").exists()
    assert not (run.store.root / "trial").exists()


@pytest.mark.parametrize(
    ("split", "use"), [("val", "validation images, on which steps are chosen"), ("test", "test images, on which arms")]
)
def test_a_dataset_without_images_to_choose_or_to_measure_by_is_refused(tmp_path, split, use):
    path = write(tmp_path / "noise", **{"class": LABELS})
    manifest = Manifest.model_validate_json((path / "dataset.json").read_text())
    write_manifest(path, manifest.model_copy(update={"counts": manifest.counts | {split: 0}}))
    config = study(path, protocols={"finetune": {"steps": "auto"}})
    with pytest.raises(ConfigError, match=f"'noise' has no {use}.*: move some of its training images .*'{split}'"):
        prepare_study(config, out=tmp_path / "runs", store=tmp_path / "store", workers=1)


def test_shards_with_different_annotations_are_refused_by_name(tmp_path):
    first, second = write(tmp_path / "first", **{"class": LABELS}), write(tmp_path / "second", pose=LABELS)
    (second / "shard-00000.safetensors").replace(first / "shard-00001.safetensors")
    manifests = [Manifest.model_validate_json((folder / "dataset.json").read_text()) for folder in (first, second)]
    shards = manifests[0].shards[0], manifests[1].shards[0].model_copy(update={"file": "shard-00001.safetensors"})
    counts = {split: 2 * count for split, count in manifests[0].counts.items()}
    write_manifest(first, manifests[0].model_copy(update={"shards": shards, "counts": counts}))
    run = prepare_study(study(first), out=tmp_path / "runs", store=tmp_path / "store", workers=1)
    message = r"shard-00001.* shard-00000.* not hold the same .*target.class, target.pose"
    with pytest.raises(HeadstartError, match=message):
        run.execute()


def test_one_image_a_batch_is_enough_where_nothing_needs_a_second(tmp_path):
    path = write(tmp_path / "noise", **{"class": LABELS.int(), "semantic": MASKS})
    config = study(
        path,
        tasks=("classification", "segmentation"),
        arms={"rotation": {}, "cmc": {}, "simmim": {}},
        pretrain={"steps": 6, "batch_size": 1},
        protocols={name: {"min_steps": 6, "batch_size": 1} for name in ("finetune", "linear")},
    )
    run = prepare_study(config, out=tmp_path / "runs", store=tmp_path / "store")
    for job in run.plan.jobs:
        run.store.run(job)
    assert len(run.plan.pretrainings) == 3
    outcomes = [one.job.outcome(run.store.folder(one.job)) for one in run.plan.points]
    assert not [outcome for outcome in outcomes if outcome["failure"]]


def test_a_network_that_takes_no_images_of_this_size_is_refused(tmp_path, monkeypatch):
    def made_for_one_size(network, images):
        raise AttributeError("Input height (16) doesn't match model (224)\nand more")

    monkeypatch.setattr(ResNet9, "features", made_for_one_size)
    with pytest.raises(
        ConfigError, match=r"backbone: resnet9 takes no images of 16 px \(Input height .* \(224\)\): say"
    ):
        prepare_study(
            study(write(tmp_path / "set", **{"class": LABELS}), backbone={"name": "resnet9"}), store=tmp_path / "store"
        )


def test_floats_are_no_colors_until_a_study_says_so(tmp_path):
    np.savez(tmp_path / "set.npz", images=np.random.default_rng(0).normal(size=(60, 16, 16, 3)), labels=LABELS)
    folder = write(tmp_path / "folder", **{"class": LABELS})
    config = study(folder).model_copy(update={"dataset": ArraysSource(path=tmp_path / "set.npz")})
    assert settle(config).color == "rgb"
    assert settle(config.model_copy(update={"color": "lab"})).color == "lab"
