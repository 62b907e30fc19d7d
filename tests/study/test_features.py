"""Frozen networks are read from features that are computed once, and say what they say of images."""

import json
from pathlib import Path

import pytest
import torch

from headstart.seeding import derive_seed, torch_generator
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.answers import ANSWERS, read_answers, shown_rows
from headstart.study.jobs.dataset import open_dataset
from headstart.study.jobs.hits import HITS, read_hits
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store
from headstart.tasks import TASKS
from headstart.training import answers, evaluate_images, fit

LEARN = {"min_steps": 5, "batch_size": 8, "precision": "float32"}


def planned(budgets=(12, 30), trials=1):
    config = StudyConfig(
        name="features",
        dataset={"images": 120, "resolution": 16, "samples": 1, "targets": "all"},
        backbone={"options": {"width": 4}},
        tasks=("classification", "depth"),
        arms={"rotation": {}},
        pretrain={"steps": 3, "batch_size": 8, "precision": "float32"},
        protocols={"finetune": LEARN, "linear": LEARN},
        device="cpu",
        budgets=budgets,
        trials=trials,
    )
    return make_plan(as_suite(config).settled())


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    plan, store = planned(), Store(tmp_path_factory.mktemp("store"))
    for job in plan.jobs:
        if job.kind in ("dataset", "targets", "pretrain", "features"):
            store.run(job)
    return plan, store


def trial(plan, arm: str, task: str):
    found = {(point.arm, point.job.task): point.job for point in plan.points if point.protocol == "linear"}
    return found[arm, task]


@pytest.mark.parametrize("task", ["classification", "depth"])
@pytest.mark.parametrize("arm", ["rotation", "random"])
def test_what_features_say_is_what_images_say(study, arm: str, task: str) -> None:
    plan, store = study
    job = trial(plan, arm, task)
    store.run(job)
    folder = store.folder(job)
    model, test = from_images(job, store)
    found = evaluate_images(model, test, precision="float32")
    kept = {row["metric"]: row["value"] for row in json.loads((folder / "records.json").read_text())["records"]
            if row["split"] == "test"}  # fmt: skip
    assert kept == pytest.approx(found.metrics, rel=1e-4)
    if found.hits is not None:
        assert read_hits(folder / HITS).tolist() == found.hits.tolist()
    if model.task.per_location:
        rows, maps = read_answers(folder / ANSWERS)
        (output,) = answers(model, test.subset(shown_rows(len(test))), precision="float32")
        assert rows.tolist() == shown_rows(len(test)).tolist()
        torch.testing.assert_close(maps.float(), model.task.answer(output, (16, 16)), rtol=1e-2, atol=1e-2)


def from_images(job, store: Store):
    """The same run by ``fit`` and a backbone, without any features that were kept."""
    dataset = open_dataset(store.folder(job.dataset), job.start.input, torch.device("cpu"))
    backbone = job.start.build(3, torch_generator(job.seed, "trial", job.trial, "backbone"))
    if job.start.pretrain_source:
        job.start.pretrain_source.load_weights(backbone, store.folder(job.start.pretrain_source))
    task = TASKS[job.task](dataset.classes)
    seed = derive_seed(job.seed, "trial", dataset.fingerprint, job.task, job.labels, job.trial)
    model, _ = fit("linear", backbone, task, job.labelled(dataset, task), job.train, seed=seed, augment=job.augment)
    return model, dataset.splits["test"]


def test_a_network_that_all_trials_share_is_read_without_its_images(study, tmp_path: Path) -> None:
    plan, store = study
    job = trial(plan, "rotation", "classification")
    images = store.folder(job.dataset) / "images.npy"
    size = images.stat().st_size
    from_pixels = images.read_bytes()
    try:
        images.write_bytes(from_pixels[:128] + bytes(size - 128))  # black ones
        images.parent.with_name(f"{job.dataset.key}.json").write_text('{"seconds": 0}')  # without checksums
        (store.root / "trial" / f"{job.key}.json").unlink(missing_ok=True)
        store.run(job)
        blackened = job.outcome(store.folder(job))
    finally:
        images.write_bytes(from_pixels)
    (store.root / "trial" / f"{job.key}.json").unlink()
    store.run(job)
    assert job.outcome(store.folder(job)) == blackened


def test_features_serve_every_budget_and_trial_and_more_of_them_change_no_key() -> None:
    few, many = planned(), planned(budgets=(12, 20, 30), trials=3)
    kinds = [job.kind for job in many.jobs]
    shared, drawn = 2, 2 * 3  # each for whole images and for locations; drawn ones per trial
    assert kinds.count("features") == shared + drawn
    assert {point.job.key for point in few.points} <= {point.job.key for point in many.points}
