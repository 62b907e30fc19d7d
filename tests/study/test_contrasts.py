"""Images that two arms differ on, and maps of features: what is kept of them, and what is told."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from headstart.errors import StoreError
from headstart.report import contrasts
from headstart.study.jobs.hits import HITS, keep_hits
from headstart.study.results.contrasts import KEPT, KeptImages, collect_contrasts, read_images
from headstart.study.results.maps import flatten

ARMS = {"scratch": "baseline", "rotation": "compared", "cmc": "compared", "random": "control"}
RIGHT = {
    "scratch": ["11110000", "11110000", "11100000"],
    "rotation": ["11000110", "11001110", "11011110"],
    "cmc": ["00000000", "00000000", "00000000"],
    "random": ["11111111", "11111111", "11111111"],
}
"""By arm and trial, which of eight test images are right."""


@pytest.fixture
def run(tmp_path):
    """Three trials of each arm with 20 labels, and of some other images, all wrong, with 10."""
    rows = []
    for arm, role in ARMS.items():
        for labels in (10, 20):
            for trial, bits in enumerate(RIGHT[arm]):
                job = f"{arm}-{labels}-{trial}"
                rows.append(
                    {"variant": 0, "dataset": "d", "task": "classification", "arm": arm, "method": arm, "role": role}
                    | {"protocol": "finetune", "labels": labels, "trial": trial, "job": job}
                )
                (tmp_path / job).mkdir()
                keep_hits(tmp_path / job, torch.tensor([bit == "1" and labels == 20 for bit in bits]))
    info = SimpleNamespace(varied=(), seed=0, datasets={"key": "d"})
    return SimpleNamespace(points=pd.DataFrame(rows), info=info, keepsake=lambda job, name: tmp_path / job / name)


def test_the_best_arm_and_the_baseline_differ_on_what_most_trials_say(run):
    (found,) = collect_contrasts(run)
    assert (found.best.arm, found.baseline.arm, found.labels) == ("rotation", "scratch", 20)
    assert found.won.shown[:2] in ((5, 6), (6, 5)), "three of three trials before two of three"
    assert (found.won.shown[2], found.won.all) == (4, 3)
    assert (set(found.lost.shown), found.lost.all) == ({2, 3}, 2)
    assert found.lost.shown[0] == 2, "which scratch had right in every trial"
    assert found.best.rights.tolist() == [3, 3, 0, 1, 2, 3, 3, 0]


def test_pictures_say_their_class_and_how_often_each_arm_was_right(run):
    images = {row: torch.full((3, 4, 4), row, dtype=torch.uint8) for row in (2, 4, 5, 6)}
    kept = {"d": (KeptImages(images, dict.fromkeys(images, 1)), ("chair", "<b>lamp</b>"))}
    won, lost = contrasts(collect_contrasts(run), kept)
    assert won.title == "Rotation right, from scratch wrong"
    assert won.caption.endswith("so with 3 of 8 test images.")
    assert [one.below for one in won.samples][2] == "rotation 2 of 3 trials, from scratch 0 of 3"
    assert [(one.caption, one.below) for one in lost.samples] == [
        ("<b>lamp</b>", "from scratch 3 of 3 trials, rotation 0 of 3")
    ], "of the other no picture is kept"


def test_nothing_differs_where_nothing_is_known(run):
    for job in run.points["job"]:
        run.keepsake(job, HITS).unlink()
    assert collect_contrasts(run) == ()


def test_damaged_pictures_are_named(run, tmp_path):
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / KEPT).write_bytes(b"cut")
    with pytest.raises(StoreError, match=rf"{KEPT} is damaged"):
        read_images(run, {"key": SimpleNamespace(found={"classes": []})})


def test_a_map_has_the_two_directions_in_which_features_differ_most():
    """A plane of two directions, turned into twenty, and a little noise."""
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(300, 2)) * [3.0, 1.0]
    turned = np.linalg.qr(rng.normal(size=(20, 20)))[0][:2]
    points, shares = flatten((plane @ turned + 0.05 * rng.normal(size=(300, 20)) + 7).astype(np.float32))
    assert points.dtype == np.uint16
    assert points.max() == 1000
    assert points.min(axis=0).tolist() == [0, 0]
    assert np.abs(np.corrcoef(points.T.astype(float), plane.T)[:2, 2:]).diagonal().min() > 0.99
    assert shares == pytest.approx([0.9, 0.1], abs=0.03)
    first, second = np.ptp(points, axis=0)
    assert second / first == pytest.approx(np.ptp(plane, axis=0)[1] / np.ptp(plane, axis=0)[0], rel=0.1)


@pytest.mark.parametrize("features", [np.ones((5, 4)), np.full((5, 4), np.nan), np.arange(5.0)[:, None]])
def test_features_that_differ_in_no_two_directions_have_no_map(features):
    assert flatten(features.astype(np.float32)) is None
