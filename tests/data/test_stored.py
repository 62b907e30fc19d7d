"""Raw arrays that every process maps: as they came, measured on the way, and never copied whole."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from headstart.data.batches import ahead, loader
from headstart.data.batches.loader import Loader
from headstart.data.batches.stored import is_stored, map_dataset, read_about, record_normalisation, store_dataset
from headstart.data.dataset import ImageSet
from headstart.data.sources import SOURCES
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import ImageInput
from headstart.errors import DataError, StoreError
from headstart.folder import Manifest, read_manifest, write_manifest, write_shard
from headstart.training.features import together

SPLIT = torch.tensor([2, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 0], dtype=torch.uint8)
COUNTS = {"train": 8, "val": 2, "test": 2}
LIMITS = {"uint8": 255, "uint16": 65535, "float32": 1}


def pixels(channels, dtype):
    drawn = np.random.default_rng(0).random((len(SPLIT), channels, 8, 8)) * LIMITS[dtype]
    return torch.from_numpy(drawn.astype(dtype))


def folder_of(folder, images, counts=COUNTS, **known):
    """A dataset folder of two shards, of which the second repeats the first backwards."""
    folder.mkdir()
    labels = torch.arange(len(images)) % 3
    shards = [
        write_shard(folder, number, {"images": images[rows], "split": SPLIT[rows], "target.class": labels[rows]})
        for number, rows in enumerate((torch.arange(7), torch.arange(7, 12)))
    ]
    made = {"name": "own", "created_by": "a test", "made_by": {}, "seed": 0, "engine": "none", "resolution": 8}
    kind = {"channels": images.shape[1], "dtype": str(images.dtype).removeprefix("torch.")}
    manifest = Manifest(**made, **kind, classes=("a", "b", "c"), counts=counts, shards=tuple(shards), **known)
    write_manifest(folder, manifest)
    return folder


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("channels", [1, 3, 4, 5, 16])
def test_images_stay_as_they_came(tmp_path, channels, dtype):
    images = pixels(channels, dtype)
    source = folder_of(tmp_path / "source", images)
    store_dataset(source, tmp_path / "stored")
    source.rename(tmp_path / "moved")
    dataset = map_dataset(tmp_path / "stored")
    for number, (split, count) in enumerate(COUNTS.items()):
        found, rows = dataset.splits[split], torch.nonzero(number == SPLIT).flatten()
        assert len(found) == count
        assert found.images.dtype == images.dtype
        assert torch.equal(found.raw(torch.arange(count)).double(), images.double()[rows])
        assert torch.equal(found.targets["class"], rows % 3)
    about = read_about(tmp_path / "stored")
    assert (about["channels"], about["dtype"], about["targets"]) == (channels, dtype, ["class"])
    assert sorted(about["normalisation"]) == (["lab", "rgb"] if channels == 3 else ["rgb"])


@pytest.mark.parametrize(
    ("channels", "dtype", "color"), [(1, "uint16", "rgb"), (3, "uint8", "lab"), (5, "float32", "rgb")]
)
def test_a_network_gets_images_that_are_normalised_by_the_training_split(tmp_path, channels, dtype, color):
    store_dataset(folder_of(tmp_path / "source", pixels(channels, dtype)), tmp_path / "stored")
    train = map_dataset(tmp_path / "stored").presented(ImageInput(color)).train
    batch = train.batch(torch.arange(len(train)))
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(batch.mean(dim=(0, 2, 3)), torch.zeros(channels), atol=1e-4, rtol=0)
    torch.testing.assert_close(batch.std(dim=(0, 2, 3), correction=0), torch.ones(channels), atol=1e-4, rtol=0)


def test_nothing_is_copied_to_map_to_present_or_to_choose(tmp_path):
    store_dataset(folder_of(tmp_path / "source", pixels(3, "uint8")), tmp_path / "stored")
    dataset = map_dataset(tmp_path / "stored")
    chosen = dataset.presented(ImageInput("lab")).train.subset(torch.tensor([6, 1, 3]))
    assert chosen.images.data_ptr() == dataset.train.images.data_ptr()
    assert torch.equal(chosen.raw(torch.tensor([2])), dataset.train.raw(torch.tensor([3])))
    again = chosen.subset(torch.tensor([True, False, True]))
    assert torch.equal(again.raw(torch.tensor([1])), chosen.raw(torch.tensor([2])))
    # Of the process's maps of the file, none is writable: the kernel may drop its pages whenever it likes.
    maps = Path("/proc/self/maps").read_text().splitlines()
    assert {line.split()[1] for line in maps if str(tmp_path / "stored" / "images.npy") in line} == {"r--s"}


def test_statistics_that_are_known_are_believed_and_others_are_recorded_alike(tmp_path):
    known = {"lab": {"mean": (1.0, 2, 3), "std": (4.0, 5, 6)}}
    store_dataset(folder_of(tmp_path / "source", pixels(3, "uint8"), normalisation=known), tmp_path / "stored")
    normalisation = map_dataset(tmp_path / "stored").normalisation
    assert normalisation["lab"].mean == (1.0, 2.0, 3.0)
    plain = folder_of(tmp_path / "plain", pixels(3, "uint8"))
    record_normalisation(plain)
    assert read_manifest(plain).normalisation["rgb"]["mean"] == pytest.approx(normalisation["rgb"].mean)


@pytest.mark.parametrize("changed", [{"train": 7, "val": 3}, {"train": 9, "val": 1}])
def test_shards_that_hold_other_numbers_than_told_are_refused(tmp_path, changed):
    source = folder_of(tmp_path / "source", pixels(3, "uint8"), COUNTS | changed)
    with pytest.raises(DataError, match="another number of .* images than the shards hold"):
        store_dataset(source, tmp_path / "stored")
    assert not is_stored(tmp_path / "stored")
    assert not list((tmp_path / "stored").glob("*"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": "uint16"}, "images are uint8 .*, not uint16"),
        ({"channels": 4}, r"images are uint8 \[7, 3, 8, 8\], not uint8 \[n, 4, 8, 8\]"),
        ({"counts": {"train": 8, "val": 4}}, "has no test images"),
    ],
)
def test_what_is_not_as_told_is_refused(tmp_path, change, message):
    source = folder_of(tmp_path / "source", pixels(3, "uint8"))
    write_manifest(source, read_manifest(source).model_copy(update=change))
    with pytest.raises(DataError, match=message):
        store_dataset(source, tmp_path / "stored")


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    images = pixels(2, "float32")
    images[8, 1, 2, 3] = torch.inf
    with pytest.raises(DataError, match=r"shard-00001.safetensors: values are not finite in 1 images, number 1 of"):
        store_dataset(folder_of(tmp_path / "source", images), tmp_path / "stored")


def test_damaged_files_and_places_that_cannot_be_written_are_named(tmp_path):
    source = folder_of(tmp_path / "source", pixels(3, "uint8"))
    store_dataset(source, tmp_path / "stored")
    (tmp_path / "stored" / "target.class.npy").write_bytes(b"cut")
    with pytest.raises(DataError, match="stored is damaged"):
        map_dataset(tmp_path / "stored")
    path = tmp_path / "stored" / "about.json"
    path.write_text(json.dumps({"name": "half"}))
    with pytest.raises(DataError, match="stored is damaged"):
        map_dataset(tmp_path / "stored")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file.* cannot be written"):
        store_dataset(source, tmp_path / "file" / "stored")


def test_batches_that_are_fetched_ahead_are_those_that_are_not(tmp_path, monkeypatch):
    store_dataset(folder_of(tmp_path / "source", pixels(3, "uint8")), tmp_path / "stored")
    images = map_dataset(tmp_path / "stored").presented(ImageInput("lab")).train
    options = {"batch_size": 5, "seed": 1, "augment": AugmentConfig(), "views": 2}
    direct = Loader(images, **options)
    for module in (ahead, loader):
        monkeypatch.setattr(module, "LARGE", 1)
    fetched = Loader(images, **options)
    for step in (0, 1, 2, 7, 3):
        one, other = direct.batch(step), fetched.batch(step)
        assert torch.equal(one.index, other.index)
        assert all(torch.equal(*views) for views in zip(one.views, other.views, strict=True))
    parts = torch.cat(list(images.batches(3)))
    assert torch.equal(parts, images.batch(torch.arange(len(images))))


def test_a_set_of_another_size_trains_with_maps_that_fit():
    maps = torch.arange(16, dtype=torch.uint8).view(1, 4, 4).repeat_interleave(2, 1).repeat_interleave(2, 2)
    prepare = ImageInput("rgb", (0.0,), (1.0,), resolution=4).preparation(1, {})
    images = ImageSet(maps[:, None].contiguous(), {"semantic": maps}, prepare=prepare)
    batch = Loader(images, batch_size=1, seed=0, augment=None).batch(0)
    assert torch.equal(batch.targets["semantic"], maps[:, ::2, ::2])
    assert batch.views[0].shape == (1, 1, 4, 4)
    assert (images.resolution, images.raw_resolution) == (4, 8)


def test_what_was_imported_is_stored_by_its_content(tmp_path):
    """Two orders of rows, two numberings of classes: one dataset, to the last digit of its statistics."""
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (1300, 8, 8, 3), dtype=np.uint8), np.arange(1300) % 3
    splits, masks = np.array(["train"] * 11 + ["val", "test"] * 1)[np.arange(1300) % 13], images[..., 0] % 4
    stored = []
    for name, rows, numbers in (("a", np.arange(1300), [0, 1, 2]), ("b", random.permutation(1300), [2, 0, 1])):
        names = np.empty(3, dtype="U3")
        names[numbers] = ["ant", "bee", "cat"]
        to = np.array([0, *np.array(numbers) + 1], dtype=np.uint8)
        path = tmp_path / f"{name}.npz"
        np.savez(
            path, images=images[rows], y=np.array(numbers)[labels][rows], class_names=names, split=splits[rows],
            mask=to[masks][rows],
        )  # fmt: skip
        made = SOURCES["arrays"](path=path).materialise(tmp_path / name, workers=1, progress=None)
        store_dataset(made, tmp_path / f"{name}-stored")
        files = sorted((tmp_path / f"{name}-stored").glob("*.npy"))
        about = read_about(tmp_path / f"{name}-stored")
        stored.append(({file.name: file.read_bytes() for file in files}, about | {"name": ""}))
    assert stored[0] == stored[1]
    assert stored[0][1]["classes"] == ["ant", "bee", "cat"]
    dataset = map_dataset(tmp_path / "b-stored")
    train = dataset.train
    assert {row.numpy().tobytes() for row in train.images} == {
        row.tobytes() for row in images[splits == "train"].transpose(0, 3, 1, 2)
    }
    by_pixels = {row.tobytes(): label for row, label in zip(images.transpose(0, 3, 1, 2), labels, strict=True)}
    assert all(
        by_pixels[row.numpy().tobytes()] == label
        for row, label in zip(train.images, train.targets["class"].tolist(), strict=True)
    )
    assert torch.equal(train.targets["semantic"], train.images[:, 0] % 4)


def test_values_that_are_no_light_are_not_made_black(tmp_path):
    store_dataset(folder_of(tmp_path / "source", pixels(3, "float32") - 0.5), tmp_path / "stored")
    dataset = map_dataset(tmp_path / "stored")
    assert len(dataset.presented(ImageInput("rgb")).train) == 8
    with pytest.raises(DataError, match="values below 0, which are no light, and color is lab: set color to rgb"):
        dataset.presented(ImageInput("lab"))


def test_floats_of_other_units_than_a_network_was_made_for_are_refused(tmp_path):
    expected = ImageInput("rgb", mean=(124.0, 116.0, 104.0), deviation=(58.0, 57.0, 57.0))
    for factor, refused in ((1, False), (255, True), (-1, True)):
        folder = tmp_path / f"{factor}"
        store_dataset(folder_of(tmp_path / f"source {factor}", pixels(3, "float32") * factor), folder)
        if not refused:
            assert len(map_dataset(folder).presented(expected).train) == 8
            continue
        with pytest.raises(DataError, match="the network was made for values of 0 to 1: divide them by what white is"):
            map_dataset(folder).presented(expected)


def test_many_large_images_are_not_looked_at_together():
    sizes = {side: together(ImageSet(torch.zeros(1, 1, side, side), {})) for side in (32, 128, 512)}
    assert sizes == {32: 256, 128: 256, 512: 16}
