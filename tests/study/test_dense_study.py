"""A study of tasks that ask about every pixel ends in a report that shows what its networks said."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from headstart.api import Study, prepare_study
from headstart.data.batches.stored import map_dataset
from headstart.report import galleries
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.answers import ANSWERS, SHOWN, read_answers
from headstart.study.results.predictions import collect_predictions

ARMS = ["blind", "scratch", "rotation"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def study(tmp_path_factory, store):
    config = StudyConfig(
        name="dense",
        dataset={"source": "synthetic", "images": 72, "resolution": 16, "objects": 2, "samples": 1},
        backbone={"name": "resnet9", "options": {"width": 4}},
        tasks=("segmentation", "depth"),
        arms={"rotation": {}},
        pretrain={"steps": 3, "batch_size": 8},
        protocols={"finetune": {"min_steps": 2, "batch_size": 8}, "linear": {"min_steps": 2, "batch_size": 8}},
        budgets=(10, 20),
        trials=2,
    )
    folder = tmp_path_factory.mktemp("dense")
    prepared = prepare_study(config, out=folder, store=store)
    for job in prepared.plan.jobs:
        prepared.store.run(job)
        prepared.run.keep(job, prepared.store.folder(job), prepared.store.seconds(job))
    return Study(prepared.run)


@pytest.fixture(scope="module")
def shown(study):
    """Of each gallery on the page: its headings, and its pictures by the words that stand for them."""
    page = study.report().read_text().split('<h2 id="predictions">')[1].split("</section>")[0]
    return [pictures_of(gallery) for gallery in page.split('<div class="gallery"')[1:]]


def pictures_of(gallery):
    found = re.findall(r'<img src="data:image/png;base64,([^"]*)" alt="([^"]*)">', gallery)
    headings = re.findall(r'<th scope="col"[^>]*>([^<]*)(?:<small>([^<]*)</small>)?', gallery)
    return dict(headings), {alt: Image.open(io.BytesIO(base64.b64decode(data))) for data, alt in found}


def shrunk(picture):
    """Its pixels as they were before enlarging."""
    return np.asarray(picture.resize((16, 16), Image.Resampling.NEAREST))


def test_every_finished_point_keeps_its_answers(study):
    for job in study.run.points["job"]:
        assert study.run.keepsake(job, ANSWERS).exists()


def test_pictures_stand_beside_the_truth_with_the_score_of_their_network(study, shown):
    test = study.results[(study.results["split"] == "test") & (study.results["metric"] == "miou")]
    scores = test[(test["labels"] == 20) & (test["trial"] == 0) & (test["protocol"] != "linear")].set_index("arm")
    assert len(shown) == 2
    for headings, pictures in shown:
        assert list(headings) == ["image", "truth", "blind guess", "from scratch", "rotation"]
        assert len(pictures) == SHOWN * 5
    said = shown[0][0]
    for arm, title in zip(ARMS, ["blind guess", "from scratch", "rotation"], strict=True):
        assert said[title].replace("\u00a0", " ") == f"{100 * scores.loc[arm, 'value']:.1f} %"


def test_the_blind_guess_is_flat_and_the_truth_is_not(shown):
    _, pictures = shown[1]
    for number in range(1, SHOWN + 1):
        names = "depth by blind guess", "true depth"
        flat, truth = (np.asarray(pictures[f"test image {number}, {name}"]) for name in names)
        assert (flat == flat[0, 0]).all()
        assert not (truth == truth[0, 0]).all()


def test_images_and_truth_are_those_of_the_dataset(study, store, shown):
    """The images as they came, and color where the mask is."""
    test = map_dataset(next((store / "dataset").glob("*/"))).splits["test"]
    kept = read_answers(study.run.keepsake(study.run.points["job"].iloc[0], ANSWERS)).rows
    for number, row in enumerate(kept.tolist(), start=1):
        for _, pictures in shown:
            image = shrunk(pictures[f"test image {number}"])
            assert (image == test.images[row].permute(1, 2, 0).numpy()).all()
        mask = shrunk(shown[0][1][f"test image {number}, true segmentation"])
        colored = mask.max(axis=2) != mask.min(axis=2)
        assert (colored == (test.targets["semantic"][row] > 0).numpy()).all()


def test_an_arm_that_kept_nothing_is_left_out_and_named(study):
    """As jobs that an earlier version finished: another trial serves where one is whole, else the arm is missing."""
    points = study.run.points.query("task == 'depth' and labels == 20 and arm == 'rotation' and protocol == 'finetune'")
    kept = {row.trial: study.run.keepsake(row.job, ANSWERS) for row in points.itertuples()}
    outcomes = study.run.outcomes()
    for missing, trial, absent in ((0, 1, ()), (1, 0, ("rotation",))):
        kept[missing].unlink()
        found = collect_predictions(study.run, outcomes)
        assert (found[1].trial, found[1].absent) == (trial, absent)
        assert [arm.arm for arm in found[1].arms] == [arm for arm in ARMS if arm not in absent]
    gallery = galleries(found, study.results)[1]
    assert [cell.text for cell in gallery.header] == ["image", "truth", "blind guess", "from scratch"]
    assert "Not here: rotation" in gallery.caption
