"""Tar files of other writers: which members are one picture, in which split; and nothing in them is run."""

import io
import pickle
import shutil
import tarfile

import numpy as np
import pytest
import webdataset
from foreign import brought, photo

from headstart.data.exchange.kinds import RGB
from headstart.data.exchange.pictures import fitted
from headstart.data.exchange.transfer import export_folder, guess_format, import_folder, open_reader
from headstart.data.sources import SOURCES
from headstart.errors import DataError
from headstart.folder import read_folder


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
