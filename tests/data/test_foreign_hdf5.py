"""HDF5 in the original study's layout, bare or normalised, and what is none."""

import h5py
import numpy as np
import pytest
import torch
from foreign import brought

from headstart.data.exchange.reference_lab import LAB_MEAN, LAB_STD, from_normalised, to_normalised
from headstart.data.exchange.transfer import export_folder, guess_format, open_reader
from headstart.errors import DataError
from headstart.folder import read_folder
from headstart.seeding import numpy_generator


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
