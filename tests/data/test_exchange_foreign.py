"""What other people made: plain pictures, bare HDF5, other writers' shards and datasets; and nothing in them is run."""

import io
import json
import os
import pickle
import shutil
import tarfile

import datasets
import h5py
import numpy as np
import pytest
import torch
import webdataset
from PIL import Image

from headstart.data.exchange.fingerprints import fingerprint_of
from headstart.data.exchange.kinds import RGB
from headstart.data.exchange.pictures import fitted
from headstart.data.exchange.reference_lab import LAB_MEAN, LAB_STD, from_normalised, to_normalised
from headstart.data.exchange.transfer import export_folder, guess_format, import_folder, open_reader
from headstart.data.sources import SOURCES
from headstart.errors import DataError
from headstart.folder import read_folder
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset
from headstart.seeding import numpy_generator

CLASSES = ("cat", "dog")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    render_dataset(folder, RenderConfig(images=24, resolution=16, samples=1, targets="all"), workers=1)
    return folder


def photo(path, seed, size=(24, 24)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = numpy_generator("photo", seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def by_class(tmp_path):
    for label in CLASSES:
        for number in range(20):
            photo(tmp_path / "photos" / label / f"{number}.png", number, (30, 24))
    return tmp_path / "photos"


def brought(path, out, **options):
    import_folder(path, out, options=options)
    return read_folder(out)


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


def bare(rendered, folder):
    """An HDF5 export without all that only we put there."""
    export_folder(rendered, "hdf5", folder)
    (folder / "provenance.json").unlink()
    for path in folder.glob("*.h5"):
        with h5py.File(path, "a") as file:
            for name in ("images", "index", "pose", "semantic", "instance", "depth"):
                del file[name]
            del file.attrs["classes"]
            for name in ("space", "mean", "std"):
                del file["data"].attrs[name]
    return folder


def test_hdf5_of_the_original_layout_becomes_pictures_labels_and_poses(rendered, tmp_path):
    expected = read_folder(rendered)[1]
    manifest, found = brought(bare(rendered, tmp_path / "bare"), tmp_path / "out")
    order = torch.cat([torch.nonzero(expected["split"] == split).flatten() for split in (2, 0, 1)])  # test, train, val
    assert manifest.counts == {"train": 20, "val": 2, "test": 2}
    for name in ("target.class", "target.pose", "target.rotation", "split"):
        assert found[name].equal(expected[name][order]), name
    apart = (found["images"].int() - expected["images"][order].int()).abs()
    assert apart.max() <= 2
    assert (apart > 0).float().mean() < 0.02


def test_half_precision_holds_every_byte_of_rgb_but_not_of_lab():
    """Why the pictures themselves are stored beside the reference's ``data``."""
    colors = torch.cartesian_prod(*[torch.arange(0, 256, 5, dtype=torch.uint8)] * 3)
    images = colors.T.reshape(1, 3, 52, -1).numpy()
    back = from_normalised(to_normalised(images, LAB_MEAN, LAB_STD), "lab", LAB_MEAN, LAB_STD)
    apart = np.abs(back.astype(int) - images)
    assert 0 < (apart > 0).mean() < 0.2
    assert apart.max() < 16
    mean, std = (120.0, 110.0, 100.0), (60.0, 50.0, 40.0)
    column = np.array(mean, dtype=np.float32).reshape(1, 3, 1, 1), np.array(std, dtype=np.float32).reshape(1, 3, 1, 1)
    assert np.array_equal(from_normalised(((images - column[0]) / column[1]).astype("f2"), "rgb", mean, std), images)


def test_hdf5_normalised_otherwise_is_refused_until_told_how(rendered, tmp_path):
    folder = bare(rendered, tmp_path / "bare")
    mean, std = (120.0, 110.0, 100.0), (20.0, 20.0, 20.0)
    pixels = {}
    for name in ("train", "val", "test"):
        with h5py.File(folder / f"{name}.h5", "a") as file:
            pixels[name] = numpy_generator("pixels", name).integers(0, 256, file["data"].shape)
            file["data"][:] = (pixels[name] - np.reshape(mean, (1, 3, 1, 1))) / 20
    with pytest.raises(DataError, match="give the mean, std and space it has"):
        brought(folder, tmp_path / "out")
    _, tensors = brought(folder, tmp_path / "out", space="rgb", mean=mean, std=std)
    for split, name in enumerate(("train", "val", "test")):
        assert np.array_equal(tensors["images"][tensors["split"] == split], pixels[name])


def test_hdf5_that_leads_to_other_files_or_has_no_images_is_refused(rendered, tmp_path):
    folder = bare(rendered, tmp_path / "bare")
    with h5py.File(folder / "val.h5", "a") as file:
        del file["data"]
        file["data"] = h5py.ExternalLink(str(folder / "train.h5"), "data")
    with pytest.raises(DataError, match=r"val.h5: `data` is no dataset of the file itself"):
        brought(folder, tmp_path / "out")
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file["x"] = [1]
    with pytest.raises(DataError, match="neither `data` nor `images`, only x"):
        brought(tmp_path / "empty.h5", tmp_path / "out")
    (tmp_path / "empty.h5").write_bytes(b"no hdf5")
    with pytest.raises(DataError, match=r"empty.h5 is no whole HDF5 file"):
        brought(tmp_path / "empty.h5", tmp_path / "out")


class Trap:
    """Unpickling it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def tar_of(path, members):
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def test_other_peoples_tar_files_are_read_and_their_pickles_are_not(tmp_path):
    photo(tmp_path / "one.jpg", 3)
    picture, trap = (tmp_path / "one.jpg").read_bytes(), pickle.dumps(Trap(str(tmp_path / "sprung")))
    for split, count in (("train", 12), ("val", 3), ("test", 2)):
        members = {}
        for number in range(count):
            members |= {f"{number}.jpg": picture, f"{number}.cls": str(number % 3).encode(), f"{number}.pyd": trap}
            members |= {f"{number}.npy": b"\x93NUMPY garbage", f"{number}.pickle": trap}
        (tmp_path / "shards").mkdir(exist_ok=True)
        tar_of(tmp_path / "shards" / f"{split}-000.tar", members)
    manifest, tensors = brought(tmp_path / "shards", tmp_path / "out")
    assert manifest.counts == {"train": 12, "val": 3, "test": 2}
    assert manifest.classes == ("0", "1", "2")
    assert tensors["images"][0].numpy().tolist() == fitted(picture, 24, RGB).tolist()
    assert not (tmp_path / "sprung").exists()


@pytest.fixture
def pictured(tmp_path):
    """Writes a tar file of so many labelled pictures, whatever they are called."""
    photo(tmp_path / "one.jpg", 3)
    picture = (tmp_path / "one.jpg").read_bytes()

    def write(name, count, called="{number}", classes=(0, 1, 2), more=()):
        members = {}
        for number in range(count):
            key = called.format(number=number)
            members |= {f"{key}.jpg": picture, f"{key}.cls": str(classes[number % len(classes)]).encode()}
            members |= {f"{key}.{ending}": picture for ending in more}
        (tmp_path / "shards" / name).parent.mkdir(parents=True, exist_ok=True)
        tar_of(tmp_path / "shards" / name, members)
        return tmp_path / "shards"

    return write


@pytest.mark.parametrize("name", ["{split}/0.tar", "pets-{split}-0.tar", "pets_{split}.TAR", "x/{split}0/0.tar"])
def test_splits_are_told_by_words_in_names_of_tar_files_and_their_folders(pictured, tmp_path, name):
    for split, count in (("train", 12), ("validation", 3), ("test", 2)):
        shards = pictured(name.format(split=split), count)
    manifest = import_folder(shards, tmp_path / "out", form="webdataset")
    assert manifest.counts == {"train": 12, "val": 3, "test": 2}


def test_a_tar_file_whose_name_tells_two_splits_is_refused(pictured, tmp_path):
    with pytest.raises(DataError, match=r"test-of-train\.tar tells the splits train and test: rename it"):
        import_folder(pictured("test-of-train.tar", 24), tmp_path / "out")


def test_shards_in_folders_of_splits_are_recognised(pictured):
    assert guess_format(pictured("train/0.tar", 1)) == "webdataset"


def test_numbers_of_classes_may_be_any(pictured, tmp_path):
    shards = pictured("a.tar", 24, classes=(900_000_002, 7, 900_000_001))
    manifest, tensors = brought(shards, tmp_path / "out")
    assert manifest.classes == ("7", "900000001", "900000002")
    assert tensors["target.class"][:3].tolist() == [2, 0, 1]


def test_names_with_dots_are_whole_and_fields_of_a_sample_are_no_pictures(pictured):
    shards = pictured("a.tar", 12, "cam_v1.2_{number}", more=("mask.png", "txt"))
    pictured("b.tar", 12, "{number}", more=("mask.png",))
    reader = open_reader(shards, "webdataset", {})
    assert [sample.key for sample in reader.samples[:2]] == ["a.tar/cam_v1.2_0", "a.tar/cam_v1.2_1"]
    assert len(reader) == 24
    assert reader.account.used == 48
    field = "a further field of the sample whose name ends at an earlier dot"
    assert reader.account.reasons == {field: 24, "an ending that is not read": 12}
    assert reader.account.skipped[0].file == "a.tar/cam_v1.2_0.mask.png"
    assert [guess.what for guess in reader.account.guesses] == ["split", "class"]


def test_a_pickled_depth_map_is_refused(rendered, tmp_path):
    export_folder(rendered, "folder", tmp_path / "out")
    victim = tmp_path / "out" / "targets" / "depth" / "00000003.npy"
    np.save(victim, np.array([Trap(str(tmp_path / "sprung"))], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"1 files of .*targets/depth/00000003.npy \(Object .*\); mend or"):
        import_folder(tmp_path / "out", tmp_path / "back")
    assert not (tmp_path / "sprung").exists()


def test_a_truncated_tar_file_is_named(rendered, tmp_path):
    export_folder(rendered, "webdataset", tmp_path / "out")
    path = tmp_path / "out" / "train-000000.tar"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"train-000000|00000000|files of"):
        import_folder(tmp_path / "out", tmp_path / "back")


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the library leaves its tar file to the collector
def test_the_webdataset_library_reads_what_is_written(rendered, tmp_path):
    export_folder(rendered, "webdataset", tmp_path / "out")
    expected = read_folder(rendered)[1]
    shards = str(tmp_path / "out" / "train-000000.tar")
    samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8"))
    assert len(samples) == 20
    for sample in samples:
        row = sample["json"]["index"]
        assert sample["png"].transpose(2, 0, 1).tolist() == expected["images"][row].tolist()
        assert sample["cls"] == expected["target.class"][row]
        assert np.array_equal(sample["depth.npy"], expected["target.depth"][row].numpy())


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


def test_members_of_one_name_are_told(tmp_path):
    photo(tmp_path / "a.png", 0)
    picture = (tmp_path / "a.png").read_bytes()
    members = {f"{number}.{ending}": data for number in range(24) for ending, data in (("png", picture), ("cls", b"0"))}
    tar_of(tmp_path / "a.tar", members)
    with tarfile.open(tmp_path / "a.tar", "a") as tar:
        info = tarfile.TarInfo("3.png")
        info.size = len(picture)
        tar.addfile(info, io.BytesIO(picture))
    reader = open_reader(tmp_path / "a.tar", "webdataset", {})
    assert len(reader) == 24
    assert [str(one.file) for one in reader.account.skipped] == ["a.tar/3.png"]


def test_the_name_of_a_tar_file_by_which_splits_are_drawn_is_part_of_what_it_is(pictured, tmp_path):
    one = pictured("one.tar", 24) / "one.tar"
    two = shutil.copy(one, tmp_path / "two.tar")
    first, second = (SOURCES["webdataset"](path=path) for path in (one, two))
    assert first.reader().splits.tolist() != second.reader().splits.tolist()
    assert first.identity() != second.identity()


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


@pytest.mark.parametrize("told", [["cat", "dog"], '["cat", "dog"]'])
def test_names_of_classes_in_hdf5_may_be_an_array(rendered, tmp_path, told):
    images = np.random.default_rng(0).integers(0, 255, (24, 3, 8, 8)).astype(np.uint8)
    with h5py.File(tmp_path / "a.H5", "w") as file:
        file["images"], file["targets"] = images, np.arange(24) % 2
        file.attrs["classes"] = told
    assert guess_format(tmp_path / "a.H5") == "hdf5"
    assert open_reader(tmp_path / "a.H5", "hdf5", {}).manifest.classes == ("cat", "dog")
    with h5py.File(tmp_path / "a.H5", "a") as file:
        del file["targets"]
        file["targets"] = ["cat", "dog"] * 12
    with pytest.raises(DataError, match=r"`targets` holds no numbers \(object\), and classes are"):
        open_reader(tmp_path / "a.H5", "hdf5", {})
