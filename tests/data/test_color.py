import json

import numpy as np
import pytest
import torch

from headstart.data.dataset import Normalisation
from headstart.data.transforms.color import convert, measure_normalisation, normalise
from headstart.errors import DataError


@pytest.fixture(scope="module")
def lab(golden):
    with np.load(golden / "lab" / "lab.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture(scope="module")
def images(lab):
    return torch.from_numpy(lab["rgb_uint8"]).permute(0, 3, 1, 2)


@pytest.mark.golden
def test_lab_equals_the_reference(lab, images):
    np.testing.assert_allclose(convert(images, "lab").permute(0, 2, 3, 1).numpy(), lab["lab"], atol=1e-3)


@pytest.mark.golden
@pytest.mark.parametrize(("space", "stat"), [("lab", "syn_lab"), ("rgb", "cifar_rgb")])
def test_normalised_images_equal_the_reference(golden, lab, images, space, stat):
    by = Normalisation(**json.loads((golden / "lab" / "norm_stats.json").read_text())[stat])
    out = normalise(images, space, by)
    assert out.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(out.float().numpy(), lab[f"{stat}_norm_f16"].astype(np.float32), atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("space", ["lab", "rgb"])
def test_measured_normalisation_gives_zero_mean_and_unit_spread(images, space):
    out = normalise(images, space, measure_normalisation(images, space))
    torch.testing.assert_close(out.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(out.std(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-4, rtol=0)


def test_one_color_does_not_divide_by_zero():
    gray = torch.full((2, 3, 4, 4), 128, dtype=torch.uint8)
    assert normalise(gray, "rgb", measure_normalisation(gray, "rgb")).isfinite().all()


def test_lab_of_four_channels_is_refused():
    with pytest.raises(DataError, match="4 channels.*color: rgb"):
        convert(torch.zeros(1, 4, 2, 2, dtype=torch.uint8), "lab")


def test_statistics_do_not_depend_on_how_images_come():
    images = torch.randint(0, 256, (50, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    whole, parts = (measure_normalisation(one, "lab") for one in (images, iter(images.split([7, 0, 30, 13]))))
    assert parts.mean == pytest.approx(whole.mean, rel=1e-12)
    assert parts.std == pytest.approx(whole.std, rel=1e-12)
