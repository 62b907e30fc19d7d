"""The control of patches beside arms: what is measured of it, what is shared, and what is refused before any work."""

import pytest
import torch

from headstart.api import Study, prepare_study
from headstart.backbones.shipped import PatchesConfig
from headstart.errors import ConfigError
from headstart.seeding import numpy_generator
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.patches import sample_patches
from headstart.study.running.plan import make_plan
from headstart.testing import toy_images

PATCHES = {"size": 4, "centroids": 6, "sample": 500}


def study(**changes):
    base = {
        "name": "patches",
        "dataset": {"images": 60, "resolution": 16, "samples": 1, "targets": "all"},
        "backbone": {"options": {"width": 2}},
        "tasks": ("classification", "segmentation"),
        "arms": {"rotation": {}},
        "controls": ("patches", "blind"),
        "patches": PATCHES,
        "pretrain": {"steps": 2, "batch_size": 8},
        "protocols": {"finetune": {"min_steps": 2, "batch_size": 8}, "ridge": {}},
        "budgets": (10, 20),
        "trials": 2,
    }
    return StudyConfig.model_validate(base | changes)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Study:
    folder = tmp_path_factory.mktemp("patches")
    prepared = prepare_study(study(), out=folder, store=folder / "store")
    for job in prepared.plan.jobs:
        prepared.store.run(job)
        prepared.run.keep(job, prepared.store.folder(job), prepared.store.seconds(job))
    return Study(prepared.run)


def test_it_is_measured_by_what_freezes_a_backbone_and_found_once(finished):
    rows = finished.results[finished.results["arm"] == "patches"]
    assert set(rows["protocol"]) == {"ridge"}
    assert set(rows["role"]) == {"control"}
    assert set(rows["method"]) == {"patches"}
    assert set(rows["backbone"]) == {"patches size=4 centroids=6"}
    assert set(rows["task"]) == {"classification", "segmentation"}
    assert rows["value"].notna().all()
    jobs = finished.run.jobs
    assert (jobs["kind"] == "patches").sum() == 1


def test_the_page_shows_it_beside_the_arms_and_utility_is_not_read_from_it(finished):
    assert "patches" not in set(finished.utility["arm"])
    page = finished.report().read_text()
    assert "patch features" in page


def test_it_sees_the_images_that_pretraining_sees():
    other = {"images": 72, "resolution": 16, "samples": 1, "targets": "all"}
    plan = make_plan(as_suite(study(pretrain_dataset=other)).settled())
    found = [job for job in plan.jobs if job.kind == "patches"]
    assert [job.dataset.source.images for job in found] == [72]


def test_without_a_protocol_that_freezes_a_backbone_there_is_nothing_to_find():
    plan = make_plan(as_suite(study(protocols={"finetune": {"min_steps": 2}})).settled())
    assert "patches" not in {job.kind for job in plan.jobs}


@pytest.mark.parametrize(
    ("patches", "message"),
    [
        ({"size": 17}, "patches: size is 17 px and images are 16 px: set it to 16 or less"),
        ({}, "patches: sample is 20000, and 50 training images of 16 px have 6050 patches of 6 px: set it to 6050"),
    ],
)
def test_what_images_do_not_have_is_refused_up_front(patches, message):
    config = study(patches=patches)
    with pytest.raises(ConfigError, match=message):
        check_study(config)
    check_study(config.model_copy(update={"controls": ()}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patches": {"sample": 100}}, "centroids is 200 and sample, the patches that they are found from, is 100"),
        ({"patches": {"centroid": 100}}, "centroid"),
        ({"arms": {"patches": {"method": "rotation"}}}, "the arm's name 'patches' is a control's: give it another"),
    ],
)
def test_a_mistake_in_the_file_is_told(changes, message):
    with pytest.raises((ConfigError, ValueError), match=message):
        study(**changes)


def test_however_many_images_are_looked_at_together_the_patches_are_the_same(monkeypatch):
    """Images of two blocks, so that the order between blocks is looked at, too."""
    images, drawn = toy_images(1100, resolution=8), []
    for together in (1100, 256, 7):
        monkeypatch.setattr("headstart.training.features.together", lambda _, count=together: count)
        drawn.append(sample_patches(images, PatchesConfig(size=3, sample=400), numpy_generator("patches")))
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])
    assert len(drawn[0].unique(dim=0)) > 300
