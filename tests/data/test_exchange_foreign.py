"""What other people made: plain pictures and saved datasets."""

import json
import os
import shutil

import datasets
import numpy as np
import pytest
from foreign import CLASSES, brought, photo
from PIL import Image

from headstart.data.exchange.fingerprints import fingerprint_of
from headstart.data.exchange.kinds import RGB
from headstart.data.exchange.pictures import fitted
from headstart.data.exchange.transfer import export_folder, guess_format, open_reader
from headstart.errors import DataError
from headstart.folder import read_folder


@pytest.fixture
def by_class(tmp_path):
    for label in CLASSES:
        for number in range(20):
            photo(tmp_path / "photos" / label / f"{number}.png", number, (30, 24))
    return tmp_path / "photos"


def test_folders_by_class_are_split_by_the_hash_of_the_name_wherever_they_lie(by_class, tmp_path):
    manifest, tensors = brought(by_class, tmp_path / "a", resolution=12)
    assert manifest.classes == CLASSES
    assert tensors["images"].shape == (40, 3, 12, 12)
    assert tensors["target.class"].bincount().tolist() == [20, 20]
    assert manifest.counts["train"] > 25
    moved = tmp_path / "elsewhere" / "wrapped"
    shutil.copytree(by_class, moved)
    assert brought(moved.parent, tmp_path / "b", resolution=12)[1]["split"].equal(tensors["split"])
    assert not brought(by_class, tmp_path / "c", resolution=12, seed=1)[1]["split"].equal(tensors["split"])


def test_pictures_are_cut_to_their_centre(tmp_path):
    pixels = photo(tmp_path / "wide.png", 0, (40, 20))
    centre = pixels[:, 10:30].transpose(2, 0, 1)
    assert np.array_equal(fitted((tmp_path / "wide.png").read_bytes(), 20, RGB), centre)


def test_folders_of_splits_are_believed_and_a_missing_split_comes_from_training(tmp_path):
    for number in range(60):
        photo(tmp_path / "set" / "train" / "cat" / f"{number}.jpg", number)
    photo(tmp_path / "set" / "valid" / "dog" / "0.jpg", 1)
    manifest, tensors = brought(tmp_path / "set", tmp_path / "out")
    assert manifest.resolution == 24
    assert tensors["target.class"][tensors["split"] == 1].tolist() == [1]
    assert 0 < manifest.counts["test"] < 15
    assert manifest.counts["train"] + manifest.counts["test"] == 60


def test_pictures_without_folders_have_no_class(tmp_path):
    for number in range(30):
        photo(tmp_path / "set" / f"{number}.png", number)
    manifest, tensors = brought(tmp_path / "set", tmp_path / "out")
    assert manifest.classes == ()
    assert set(tensors) == {"images", "split"}


def test_names_that_are_no_text_are_read_and_shown_by_their_bytes(tmp_path):
    source = tmp_path / os.fsdecode(b"alb\xe9m")
    for number in range(40):
        photo(source / os.fsdecode(b"caf\xe9" if number % 2 else b"bar") / f"{number}.png", number)
    manifest, tensors = brought(source, tmp_path / "out")
    assert manifest.classes == ("bar", "caf\\xe9")
    assert manifest.name == "alb\\xe9m"
    assert tensors["target.class"].bincount().tolist() == [20, 20]
    assert fingerprint_of(source) == fingerprint_of(source)
    export_folder(tmp_path / "out", "folder", tmp_path / "exported")
    assert brought(tmp_path / "exported", tmp_path / "back")[0].classes == manifest.classes


def test_an_archive_of_pictures_is_read_in_place(by_class, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", by_class)
    expected = brought(by_class, tmp_path / "a", resolution=12)[1]
    found = brought(tmp_path / "packed.zip", tmp_path / "b", resolution=12)[1]
    assert archive.endswith("packed.zip")
    assert all(found[name].equal(expected[name]) for name in expected)


def test_every_unreadable_picture_is_named(by_class, tmp_path):
    (by_class / "cat" / "0.png").write_bytes(b"nothing")
    whole = (by_class / "dog" / "7.png").read_bytes()
    (by_class / "dog" / "7.png").write_bytes(whole[: len(whole) // 2])
    (by_class / "dog" / "8.png").write_bytes(b"")
    message = (
        r"3 files of 'photos' .*cat/0.png \(no picture\), dog/7.png \(.*truncated.*\), dog/8.png \(no picture\); mend"
    )
    with pytest.raises(DataError, match=message):
        brought(by_class, tmp_path / "out", resolution=12)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("extra", "size", "message"),
    [
        ("cat/x.png", (30, 30), "give a resolution for all"),
        ("cat/x.png", (30, 24), "30×24 pixels.*give a resolution"),
        ("x.png", (24, 24), "'x.png' is in none: move or remove it"),
        ("train/cat/x.png", (24, 24), "is in none of train, val and test"),
    ],
)
def test_folders_that_tell_no_one_story_are_refused(tmp_path, extra, size, message):
    for label in CLASSES:
        photo(tmp_path / "set" / label / "1.png", 1)
    photo(tmp_path / "set" / extra, 2, size)
    with pytest.raises(DataError, match=message):
        brought(tmp_path / "set", tmp_path / "out")


def test_the_datasets_library_reads_what_is_written(rendered, tmp_path):
    export_folder(rendered, "huggingface", tmp_path / "out")
    manifest, expected = read_folder(rendered)
    found = datasets.load_from_disk(str(tmp_path / "out"))
    assert {name: len(part) for name, part in found.items()} == {"train": 20, "validation": 2, "test": 2}
    row = found["test"][1]
    assert found["test"].features["class"].names == list(manifest.classes)
    assert row["class"] == expected["target.class"][row["index"]]
    assert np.asarray(row["image"]).transpose(2, 0, 1).tolist() == expected["images"][row["index"]].tolist()


def test_a_saved_dataset_of_others_is_read(tmp_path):
    pictures = [Image.fromarray(photo(tmp_path / f"{n}.png", n, (24, 18))) for n in range(40)]
    features = datasets.Features({"img": datasets.Image(), "label": datasets.ClassLabel(names=list(CLASSES))})
    rows = datasets.Dataset.from_dict({"img": pictures, "label": [n % 2 for n in range(40)]}, features=features)
    rows.save_to_disk(str(tmp_path / "saved"))
    assert guess_format(tmp_path / "saved") == "huggingface"
    manifest, tensors = brought(tmp_path / "saved", tmp_path / "out", resolution=16)
    assert manifest.classes == CLASSES
    assert manifest.counts["train"] > 25
    assert tensors["target.class"].tolist() == [n % 2 for n in range(40)]
    assert tensors["images"][5].numpy().tolist() == fitted((tmp_path / "5.png").read_bytes(), 16, RGB).tolist()


def test_a_saved_dataset_that_names_pictures_elsewhere_is_refused(tmp_path):
    features = datasets.Features({"img": datasets.Image(decode=False)})
    row = {"bytes": b"", "path": None}
    datasets.Dataset.from_dict({"img": [row]}, features=features).save_to_disk(str(tmp_path / "saved"))
    (arrow,) = (tmp_path / "saved").glob("*.arrow")
    with datasets.arrow_writer.ArrowWriter(features=features, path=str(arrow)) as writer:
        writer.write_batch({"img": [{"bytes": None, "path": "https://example.invalid/a.png"}]})
        writer.finalize()
    with pytest.raises(DataError, match=r"names the picture 'https://example.invalid/a.png' in place of holding it"):
        brought(tmp_path / "saved", tmp_path / "out")


def test_an_edited_table_is_believed_and_the_images_are_marked_as_changed(rendered, tmp_path):
    export_folder(rendered, "folder", tmp_path / "out")
    table = tmp_path / "out" / "annotations.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], *lines[3:]]) + "\n")
    manifest, tensors = brought(tmp_path / "out", tmp_path / "back")
    assert len(tensors["split"]) == 22
    assert manifest.counts["train"] == 18
    assert manifest.ingredients["changed"] == "since its export"
    table.write_text("\n".join([lines[0], lines[1].replace("train/", "../train/", 1)]) + "\n")
    with pytest.raises(DataError, match="lies outside"):
        brought(tmp_path / "out", tmp_path / "again")
    table.write_text("\n".join([lines[0], lines[1].replace(",train,", ",trian,")]) + "\n")
    with pytest.raises(DataError, match=r"annotations.csv, line 2: split is not as expected"):
        brought(tmp_path / "out", tmp_path / "again")


def test_provenance_of_newer_make_is_refused(rendered, tmp_path):
    export_folder(rendered, "folder", tmp_path / "out")
    file = tmp_path / "out" / "provenance.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"exchange": 99}))
    with pytest.raises(DataError, match="has version 99"):
        guess_format(tmp_path / "out")


def test_a_saved_dataset_has_pictures_without_labels(tmp_path):
    pictures = [Image.fromarray(photo(tmp_path / f"{n}.png", n)) for n in range(40)]
    features = datasets.Features({"img": datasets.Image(), "label": datasets.ClassLabel(names=list(CLASSES))})
    parts = {"train": (slice(0, 20), 1), "test": (slice(20, 30), 1), "unlabelled": (slice(30, 40), None)}
    datasets.DatasetDict(
        {
            name: datasets.Dataset.from_dict(
                {"img": pictures[rows], "label": [label and n % 2 for n in range(len(pictures[rows]))]},
                features=features,
            )
            for name, (rows, label) in parts.items()
        }
    ).save_to_disk(str(tmp_path / "saved"))
    reader = open_reader(tmp_path / "saved", "huggingface", {})
    assert any("10 pictures, of which pretraining alone sees any" in str(guess) for guess in reader.account.guesses)
    manifest, tensors = brought(tmp_path / "saved", tmp_path / "out")
    assert (manifest.images, len(tensors["target.class"])) == (30, 30)
    assert read_folder(tmp_path / "out" / "unlabelled")[0].images == 10


def test_a_split_without_images_is_exported_and_read_back(by_class, tmp_path):
    few = tmp_path / "few"
    for number, label in enumerate(CLASSES):
        photo(few / label / f"{number}.png", number)
    manifest, _ = brought(few, tmp_path / "set")
    assert 0 in manifest.counts.values()
    export_folder(tmp_path / "set", "huggingface", tmp_path / "saved")
    assert brought(tmp_path / "saved", tmp_path / "back")[0].counts == manifest.counts
