"""Training images that validation or test has, too: told, or taken out; and labels drawn by group in a study's jobs."""

import numpy as np
import pytest
from PIL import Image

from headstart.api import prepare_study
from headstart.data.batches.stored import map_dataset, read_about
from headstart.errors import DataError
from headstart.outputs import Tables
from headstart.report.duplicates import duplicates_sentence
from headstart.study.config.study import StudyConfig
from headstart.tasks import TASKS


def pictures(folder, leaked=2):
    """24, 6 and 6 of two classes, drawn in steps that no JPEG moves; some of test are training's, saved again."""
    random = np.random.default_rng(0)
    lines = ["file,class,split,group"]
    for split, count in (("train", 24), ("val", 6), ("test", 6)):
        for number in range(count):
            path = folder / f"{split}{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(40, 216, (5, 5, 1)) + random.integers(-40, 40, (1, 1, 3))
            picture = Image.fromarray(pixels.astype(np.uint8)).resize((16, 16))
            if split == "test" and number < leaked:
                picture = Image.open(folder / f"train{number}.png")
                path = path.with_suffix(".jpg")
            picture.save(path, **({"quality": 90} if path.suffix == ".jpg" else {}))
            lines.append(f"{path.name},{'ab'[number % 2]},{split},{split} {number // 3}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def prepared(tmp_path, budgets=(4, 8), labels_by="image", **dataset):
    config = StudyConfig(
        name="own",
        dataset={"source": "table", "path": tmp_path / "pictures", **dataset},
        backbone={"name": "resnet9", "options": {"width": 4}},
        arms={"rotation": {}},
        controls=("blind",),
        pretrain={"steps": 2, "batch_size": 8},
        protocols={"finetune": {"min_steps": 2, "batch_size": 8}},
        budgets=budgets,
        labels_by=labels_by,
        trials=1,
        device="cpu",
    )
    return prepare_study(config, out=tmp_path / "runs", store=tmp_path / "store", replace=True)


def dataset_of(study):
    (job,) = (job for job in study.plan.jobs if job.kind == "dataset")
    study.store.run(job)
    return job, study.store.folder(job)


def test_duplicates_are_told_and_nothing_is_taken_out(tmp_path):
    pictures(tmp_path / "pictures")
    study = prepared(tmp_path)
    study.execute()
    job, folder = dataset_of(study)
    assert job.outcome(folder)["duplicates"] == {"train": 2, "dropped": False, "between": 0}
    assert read_about(folder)["counts"] == {"train": 24, "val": 6, "test": 6}
    told = "Of 'pictures', 2 training images are nearly or exactly the same as one of validation or test"
    assert told in Tables(study.run).verdict.detail


def test_dropped_duplicates_leave_training_alone_and_change_the_key(tmp_path):
    pictures(tmp_path / "pictures")
    (kept, before), (dropped, after) = (dataset_of(prepared(tmp_path, duplicates=how)) for how in ("keep", "drop"))
    assert kept.key == dataset_of(prepared(tmp_path))[0].key != dropped.key
    assert dropped.outcome(after)["duplicates"] == {"train": 2, "dropped": True, "between": 0}
    one, two = map_dataset(before), map_dataset(after)
    assert {name: len(split) for name, split in two.splits.items()} == {"train": 22, "val": 6, "test": 6}
    for split in ("val", "test"):
        assert one.splits[split].images.equal(two.splits[split].images)
    assert one.normalisation != two.normalisation, "statistics are those of the images that are left"
    left = {image.numpy().tobytes() for image in one.train.images} - {i.numpy().tobytes() for i in two.train.images}
    assert len(left) == 2


def test_a_budget_that_duplicates_leave_too_little_for_is_a_missing_number_with_its_reason(tmp_path):
    pictures(tmp_path / "pictures")
    study = prepared(tmp_path, budgets=(4, 24), duplicates="drop")
    _, folder = dataset_of(study)
    dataset, task = map_dataset(folder), TASKS["classification"](("a", "b"))
    small, large = (next(p.job for p in study.plan.points if p.job.labels == labels) for labels in (4, 24))
    assert len(small.labelled(dataset, task)) == 4
    with pytest.raises(DataError, match="22 training images are left, fewer than the budget of 24: lower it, or keep"):
        large.labelled(dataset, task)


def test_labels_by_group_are_whole_groups_and_other_keys(tmp_path):
    pictures(tmp_path / "pictures", leaked=0)
    study, plain = prepared(tmp_path, budgets=(6, 12), labels_by="group"), prepared(tmp_path, budgets=(6, 12))
    _, folder = dataset_of(study)
    dataset, task = map_dataset(folder), TASKS["classification"](("a", "b"))
    jobs = {point.job.labels: point.job for point in study.plan.points}
    small, large = (jobs[labels].labelled(dataset, task).targets["group"].tolist() for labels in (6, 12))
    assert [small.count(group) for group in set(small)] == [3, 3]
    assert set(small) < set(large)
    assert not {point.job.key for point in study.plan.points} & {point.job.key for point in plain.plan.points}


def test_sentences_of_duplicates():
    assert duplicates_sentence({}) == ""
    assert duplicates_sentence({"a": {"train": 0, "dropped": True, "between": 0}}) == ""
    told = duplicates_sentence({"a": {"train": 1, "dropped": False, "between": 2}})
    assert told == (
        "Of 'a', 1 training image is nearly or exactly the same as one of validation or test, so that scores may be "
        "too good: `dataset.duplicates=drop` takes them out. Of 'a', 2 validation images are nearly or exactly the "
        "same as one of test."
    )
