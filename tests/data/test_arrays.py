"""Arrays as sets of images: names, axes, types, and a sentence for what is none."""

import warnings

import numpy as np
import pytest
import torch

import headstart
from headstart.data.exchange.transfer import guess_format, import_folder, open_reader
from headstart.data.sources import SOURCES
from headstart.errors import DataError
from headstart.folder import read_folder

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(30) % 3


def guesses(reader):
    return [str(guess) for guess in reader.account.guesses]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_of_train_and_test(tmp_path, save):
    save(tmp_path / "m.npz", x_train=IMAGES[:20], y_train=LABELS[:20], x_test=IMAGES[20:], y_test=LABELS[20:])
    assert guess_format(tmp_path / "m.npz") == "arrays"
    reader = open_reader(tmp_path / "m.npz", "arrays", {})
    assert reader.manifest.classes == ("0", "1", "2")
    assert set(reader.splits[:20]) == {0, 1}, "validation is drawn from training images"
    assert set(reader.splits[20:]) == {2}
    assert any(guess.startswith("layout: NHWC") for guess in guesses(reader))
    for start, stop in ((0, 30), (18, 23), (2, 4)):  # back and forth
        arrays = reader.read(start, stop)
        assert np.array_equal(arrays["images"], IMAGES[start:stop].transpose(0, 3, 1, 2))
        assert np.array_equal(arrays["target.class"], LABELS[start:stop])


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (IMAGES, (3, 8, 8)),
        (IMAGES.transpose(0, 3, 1, 2), (3, 8, 8)),
        (IMAGES[..., 0], (1, 8, 8)),
        (IMAGES[..., :1].astype(np.float64) / 255, (1, 8, 8)),
        (IMAGES.astype(np.uint16) * 257, (3, 8, 8)),
        (np.asfortranarray(IMAGES), (3, 8, 8)),
    ],
)
def test_images_are_told_by_their_axes_and_stay_what_they_are(tmp_path, images, shape):
    np.savez(tmp_path / "a.npz", images=images, labels=LABELS)
    import_folder(tmp_path / "a.npz", tmp_path / "out")
    found = read_folder(tmp_path / "out")[1]["images"].numpy()
    assert found.shape[1:] == shape
    expected = images[:, None] if images.ndim == 3 else images if images.shape[1] == 3 else images.transpose(0, 3, 1, 2)
    assert np.array_equal(found, expected.astype(np.float32) if images.dtype == np.float64 else expected)


def test_which_axis_is_channels_may_be_said(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((30, 8, 8, 8), np.uint8), labels=LABELS)
    assert open_reader(tmp_path / "a.npz", "arrays", {}).layout.channels == 3
    assert open_reader(tmp_path / "a.npz", "arrays", {"layout": "NCHW"}).layout.channels == 1
    with pytest.raises(DataError, match=r"\[30, 8, 8, 8\], which is not NHW: correct `layout`"):
        open_reader(tmp_path / "a.npz", "arrays", {"layout": "NHW"})


def test_a_npy_file_with_labels_beside_it_is_mapped(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    np.save(folder / "photos.npy", IMAGES)
    np.save(folder / "photos_labels.npy", np.array(["cat", "dog", "ape"])[LABELS])
    source = SOURCES["arrays"](path=folder / "photos.npy")
    assert source.info().classes == ("ape", "cat", "dog")
    reader = open_reader(folder / "photos.npy", "arrays", {})
    assert np.array_equal(reader.read(3, 7)["images"], IMAGES[3:7].transpose(0, 3, 1, 2))
    identity = source.identity()
    (folder / "photos.npy").rename(folder / "moved.npy")
    (folder / "photos_labels.npy").rename(folder / "moved_labels.npy")
    np.save(folder / "moved_labels.npy", LABELS)
    assert SOURCES["arrays"](path=folder / "moved.npy").identity() != identity, "labels count"


def test_a_folder_of_arrays_is_no_folder_of_pictures(tmp_path):
    for split, rows in (("train", slice(20)), ("test", slice(20, 30))):
        np.savez(tmp_path / f"{split}.npz", images=IMAGES[rows], labels=LABELS[rows][:, None], extra=LABELS[rows])
    assert guess_format(tmp_path) == "arrays"
    reader = open_reader(tmp_path, "arrays", {})
    assert (len(reader), reader.manifest.counts["test"]) == (30, 10)
    assert sorted(one.file for one in reader.account.skipped) == ["test_extra", "train_extra"]
    pictures = tmp_path / "pictures"
    for number in range(4):
        (pictures / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        np.save(pictures / "ab"[number % 2] / f"{number}.npy", IMAGES[number])
    assert guess_format(pictures) == "folder"


def test_all_annotations_and_options(tmp_path):
    photos = IMAGES.repeat(2, axis=1).repeat(2, axis=2)
    masks = (photos[..., 0] > 128).astype(np.uint8) * 255
    split = np.array(["train", "val", "testing"])[np.arange(30) % 3]
    np.savez(
        tmp_path / "a.npz", photos=photos, kind=np.eye(3, dtype=int)[LABELS], split=split, mask=masks[..., None],
        depth=photos[..., 1].astype(np.uint16), pose=LABELS[:, None], class_names=np.array(["c", "b", "a"]),
    )  # fmt: skip
    keys = {"image_key": "photos", "class_key": "kind", "resolution": 8, "depth_scale": 0.001, "depth_missing": 9}
    with pytest.raises(DataError, match="holds 255, and masks hold 0 for nothing and 1 to 3 for the classes"):
        open_reader(tmp_path / "a.npz", "arrays", keys)
    import_folder(tmp_path / "a.npz", tmp_path / "out", options=keys | {"class_key": "none", "names_key": "none"})
    manifest, tensors = read_folder(tmp_path / "out")
    assert manifest.classes == ("255",)
    assert manifest.counts == {"train": 10, "val": 10, "test": 10}
    assert np.array_equal(tensors["target.semantic"].numpy(), masks[:, ::2, ::2] // 255)
    depth = IMAGES[..., 1] / 1000
    assert np.allclose(tensors["target.depth"].numpy(), np.where(depth > 0, depth, 9), rtol=1e-3)
    assert tensors["target.pose"].tolist() == LABELS.tolist()
    reader = open_reader(tmp_path / "a.npz", "arrays", keys | {"mask_key": "none"})
    assert reader.manifest.classes == ("c", "b", "a")


FEW = {"images": IMAGES, "labels": LABELS}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES, "labels": LABELS[:29]}, "'labels' has 29 rows and 'images' 30: give one for each image"),
        ({"images": np.array([1, "a"], object)}, r"'images' holds Python objects, which only pickle.*np.stack"),
        ({"images": IMAGES, "labels": np.where(LABELS, LABELS, np.nan)}, "'labels', row 0 is nan, which is no class"),
        ({"images": IMAGES, "labels": LABELS - 1}, "'labels', row 0 is -1, and classes are 0 or above"),
        ({"images": IMAGES, "labels": LABELS / 2}, "'labels', row 1 is 0.5, and classes are whole numbers"),
        ({"images": IMAGES, "labels": IMAGES[:, 0, :, 0]}, r"'labels' has the shape \[30, 8\], and there is one class"),
        (
            {"b": LABELS, "c": LABELS},
            r"no array of images \(images, .*\), only b \[30\], c \[30\]: name it",
        ),
        ({"images": IMAGES[None], "labels": LABELS[:1]}, r"\[1, 30, 8, 8, 3\], and images are \[N, H, W\]"),
        ({"images": IMAGES.reshape(30, -1), "labels": LABELS}, r"\[30, 192\], .*reshape them, such as"),
        ({"images": IMAGES.astype(int), "labels": LABELS}, "is of int64, and images are uint8, uint16, float32: conv"),
        ({"images": IMAGES[:, :6], "labels": LABELS}, "8×6 pixels, and images are square: give a resolution"),
        ({"images": IMAGES, "x": IMAGES}, "has 'images' and 'x', and both could be the images: name one"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, r"class for other splits \(y_train\) than images"),
        ({"x_train": IMAGES, "x_test": IMAGES[:, :4]}, r"'x_test' uint8 \[30, 4, 8, 3\], and those of all splits are"),
        (
            {**FEW, "mask": IMAGES[:, :4, :, 0]},
            r"semantic has the shape \[30, 4, 8\], and not a number for each",
        ),
        ({**FEW, "depth": IMAGES[..., 0]}, "depth of image 0 .holds whole numbers, whose unit nothing tells: give dep"),
        ({**FEW, "pose": LABELS + 5}, "'pose' runs from 5 to 7, and not from 0 to 4"),
        ({**FEW, "split": LABELS + 2}, "row 1 is 3, none of train, val and test"),
        ({"images": np.full((30, 8, 8), np.nan, np.float32), "labels": LABELS}, r"image 0 \(numbers that are not fin"),
    ],
)
def test_what_is_no_set_of_images_is_refused(tmp_path, arrays, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        import_folder(tmp_path / "a.npz", tmp_path / "out", form="arrays")


def test_a_cut_archive_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", **FEW)
    data = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(data[:-100])
    with pytest.raises(DataError, match=r"a.npz is no whole array file"):
        open_reader(tmp_path / "a.npz", "arrays", {})
    (tmp_path / "b.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=r"b.npy is no whole array file"):
        open_reader(tmp_path / "b.npy", "arrays", {})


@pytest.mark.parametrize("images", [IMAGES, torch.from_numpy(IMAGES.transpose(0, 3, 1, 2).copy()), list(IMAGES)])
def test_arrays_and_tensors_in_memory_become_a_dataset(tmp_path, images):
    names = ["cat", "dog", "ape"]
    heard = []
    manifest = headstart.import_arrays(
        images, [names[label] for label in LABELS], out=tmp_path / "out", split=LABELS, tell=heard.append
    )
    assert manifest.classes == ("ape", "cat", "dog")
    assert manifest.counts == {"train": 10, "val": 10, "test": 10}
    tensors = read_folder(tmp_path / "out")[1]
    assert np.array_equal(tensors["images"].numpy(), IMAGES.transpose(0, 3, 1, 2))
    assert SOURCES["folder"](path=tmp_path / "out").info().targets == ("class",)
    assert any(guess.what == "layout" for guess in heard[0].guesses)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ([IMAGES[0], IMAGES[1, :4]], [0, 1], r"images: row 0 has the shape \[8, 8, 3\] and row 1 \[4, 8, 3\]"),
        (IMAGES, [None, *LABELS[1:]], "row 0 is None, which is no class"),
        (IMAGES, ["a", *LABELS[1:] / 2], r"row 1 is .*0.5.*, which is no class"),
        (IMAGES, LABELS[:3], "'labels' has 3 rows and 'images' 30"),
    ],
)
def test_what_is_wrong_in_memory_is_refused(tmp_path, images, labels, message):
    with pytest.raises(DataError, match=message):
        headstart.import_arrays(images, labels, out=tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_groups_of_arrays_stay_together(tmp_path):
    scene = np.array([f"scene {row // 5}" for row in range(30)])
    headstart.import_arrays(IMAGES, LABELS, out=tmp_path / "out", groups=scene)
    manifest, tensors = read_folder(tmp_path / "out")
    assert manifest.groups == tuple(sorted(set(scene)))
    assert tensors["target.group"].tolist() == [row // 5 for row in range(30)]
    assert all(len(set(tensors["split"][row : row + 5].tolist())) == 1 for row in range(0, 30, 5))
    assert sorted(set(tensors["split"].tolist())) == [0, 1, 2]


@pytest.mark.parametrize("none", [None, float("nan"), " "])
def test_an_image_of_no_group_is_refused_and_numbers_are_whole(tmp_path, none):
    groups = np.array([0.0, 1.0, 2.0] * 10, dtype=object)
    manifest = headstart.import_arrays(IMAGES, LABELS, out=tmp_path / "out", groups=groups)
    assert manifest.groups == ("0", "1", "2")
    groups[7] = none
    with pytest.raises(DataError, match=r"row 7 has no group: fill it in, or leave groups out"):
        headstart.import_arrays(IMAGES, LABELS, out=tmp_path / "other", groups=groups)


def test_two_files_that_hold_arrays_of_one_name_are_refused(tmp_path):
    for number, rows in enumerate((slice(15), slice(15, 30))):
        np.savez(tmp_path / f"batch_{number}.npz", images=IMAGES[rows], labels=LABELS[rows])
    with pytest.raises(DataError, match=r"batch_0.npz and .*batch_1.npz both hold 'images': call them train and test"):
        open_reader(tmp_path, "arrays", {})
