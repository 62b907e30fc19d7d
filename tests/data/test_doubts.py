"""What may not be meant by labels is said of every format: a class that is never learned, and one that is rare."""

import io
import tarfile

import datasets
import h5py
import numpy as np
import pytest
from PIL import Image

from headstart.data.exchange.transfer import open_reader

LABELS = {"train": [0] * 52 + [1] * 2, "val": [0] * 4, "test": [2] * 4}
IMAGES = {split: np.full((len(labels), 8, 8, 3), 9, dtype=np.uint8) for split, labels in LABELS.items()}


def arrays(root):
    named = {f"{split}_images": pictures for split, pictures in IMAGES.items()}
    np.savez(root / "set.npz", **named, **{f"{split}_labels": np.array(labels) for split, labels in LABELS.items()})
    return root / "set.npz"


def hdf5(root):
    for split, labels in LABELS.items():
        with h5py.File(root / f"{split}.h5", "w") as file:
            file["images"], file["targets"] = IMAGES[split].transpose(0, 3, 1, 2), np.array(labels)
    return root


def huggingface(root):
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(num_classes=3)})
    rows = {
        split: datasets.Dataset.from_dict(
            {"image": [Image.fromarray(one) for one in IMAGES[split]], "label": labels}, features=features
        )
        for split, labels in LABELS.items()
    }
    datasets.DatasetDict(rows).save_to_disk(str(root / "saved"))
    return root / "saved"


def webdataset(root):
    picture = io.BytesIO()
    Image.fromarray(IMAGES["val"][0]).save(picture, format="PNG")
    for split, labels in LABELS.items():
        with tarfile.open(root / f"{split}.tar", "w") as tar:
            for number, label in enumerate(labels):
                for ending, data in (("png", picture.getvalue()), ("cls", str(label).encode())):
                    info = tarfile.TarInfo(f"{number}.{ending}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    return root


@pytest.mark.parametrize("form", [arrays, hdf5, huggingface, webdataset])
def test_classes_of_which_little_is_learned_are_told(form, tmp_path):
    path = form(tmp_path)
    lost, rare = open_reader(path, form.__name__, {}).account.notes
    assert lost == f"{path}: no training picture is of class '2'"
    assert rare.startswith(f"{path}: rare classes, of fewer than 5 training pictures: '1'; every budget")
