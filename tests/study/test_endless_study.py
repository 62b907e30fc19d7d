"""Pretraining on images without end, as a study does it."""

import pytest

from headstart.errors import ConfigError
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.base import RunContext
from headstart.study.running import plan as plans


def make_plan(config):
    return plans.make_plan(as_suite(config).settled())


def study(endless: bool, methods: tuple[str, ...] = ("rotation",)) -> StudyConfig:
    return StudyConfig(
        name="small",
        dataset={"source": "synthetic", "images": 120, "resolution": 16, "endless": endless},
        backbone={"name": "resnet9", "options": {"width": 4}},
        arms={name: {} for name in methods},
        pretrain={"steps": 12, "batch_size": 16},
        protocols={"finetune": {"min_steps": 2}},
        budgets=(10, 20),
    )


def test_the_same_images_serve_a_study_with_and_without_end_but_pretrainings_differ():
    with_end, without = make_plan(study(False)), make_plan(study(True))
    assert with_end.datasets[0].key == without.datasets[0].key
    assert with_end.pretrainings[0].job.key != without.pretrainings[0].job.key
    scratch = [[point.job.key for point in plan.points if point.arm == "scratch"] for plan in (with_end, without)]
    assert scratch[0] == scratch[1]


def test_pretraining_without_end_gives_the_same_weights_each_time(tmp_path):
    plan = make_plan(study(True))
    images = tmp_path / "images"
    images.mkdir()
    (dataset,) = plan.datasets
    dataset.run(RunContext(images, images / "checkpoints", {}))
    weights = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        plan.pretrainings[0].job.run(RunContext(folder, folder / "checkpoints", {dataset.key: images}))
        weights.append((folder / "backbone.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_a_method_that_remembers_images_is_refused():
    check_study(study(True))
    check_study(study(False, ("rotation", "cmc")))
    with pytest.raises(
        ConfigError, match=r"arms.cmc: method 'cmc' keeps a memory of every image.*set dataset.endless to false"
    ):
        check_study(study(True, ("rotation", "cmc")))
