"""What a network expects of images, and gets."""

import pytest
import torch

from headstart.data.dataset import Normalisation
from headstart.data.transforms.color import convert, measure_normalisation, normalise, resolve_color, spaces_of
from headstart.data.transforms.input import ImageInput
from headstart.data.transforms.lab import lab_to_rgb
from headstart.errors import ConfigError


def test_auto_is_lab_where_there_are_three_channels():
    assert [resolve_color("auto", channels) for channels in (1, 3, 4)] == ["rgb", "lab", "rgb"]
    assert resolve_color("rgb", 3) == "rgb"
    assert [resolve_color(color, 3, "float32") for color in ("auto", "lab")] == ["rgb", "lab"]
    assert spaces_of(5) == ("rgb",)
    with pytest.raises(ConfigError, match="color is lab, .* have 4: set color to auto or rgb"):
        resolve_color("lab", 4)


@pytest.mark.parametrize("space", ["lab", "rgb"])
def test_one_picture_in_three_types_is_one_picture(space):
    eight = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    sixteen, floats = (eight.int() * 257).to(torch.uint16), eight.float() / 255
    expected = convert(eight, space)
    torch.testing.assert_close(convert(sixteen, space), expected, atol=1e-3, rtol=1e-5)
    torch.testing.assert_close(convert(floats, space), expected, atol=1e-3, rtol=1e-5)


def test_lab_leads_back_to_every_color():
    steps = torch.tensor([0, 1, 7, 10, 11, 64, 128, 254, 255], dtype=torch.uint8)
    colors = torch.cartesian_prod(steps, steps, steps).T.reshape(1, 3, -1, 1)
    assert torch.equal((lab_to_rgb(convert(colors, "lab")) * 255).round().to(torch.uint8), colors)


def test_a_channel_that_is_constant_in_training_is_scaled_like_the_others():
    """Gray training images leave rounding noise in a and b, and the first red one must not be infinitely far away."""
    gray = torch.randint(0, 256, (8, 1, 16, 16), dtype=torch.uint8).expand(-1, 3, -1, -1)
    by = measure_normalisation(gray, "lab")
    assert by.std[1] == by.std[2] == by.std[0]
    red = torch.tensor([255, 0, 0], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert normalise(red, "lab", by).abs().max() < 10
    assert normalise(gray, "lab", by)[:, 1:].abs().max() < 1e-3


@pytest.mark.parametrize(
    ("images", "std"),
    [
        (torch.full((4, 2, 4, 4), 7, dtype=torch.uint8), (1.0, 1.0)),
        (torch.full((4, 2, 4, 4), 1e30), (1.0, 1.0)),
        (torch.cat([torch.zeros(4, 1, 4, 4), torch.randn(4, 1, 4, 4) * 1e-12 + 3e-11], dim=1), None),
    ],
)
def test_what_varies_is_told_from_what_does_not_at_any_scale(images, std):
    by = measure_normalisation(images, "rgb")
    assert normalise(images, "rgb", by).isfinite().all()
    if std:
        assert by.std == std
    else:
        assert by.std[0] == by.std[1] == pytest.approx(255e-12, rel=0.3)


def test_large_means_lose_no_digits():
    images = 1e6 + torch.randint(0, 2, (40, 1, 8, 8)).float()
    parts = measure_normalisation(iter(images.split([1, 30, 9])), "rgb")
    assert parts.std[0] == pytest.approx(255 * images.double().std(correction=0).item(), rel=1e-5)


def test_a_gray_image_becomes_as_many_channels_as_a_network_expects():
    own = {"rgb": Normalisation((100.0,), (50.0,))}
    gray = torch.randint(0, 256, (2, 1, 8, 8), dtype=torch.uint8)
    shown = ImageInput("rgb", channels=3).preparation(1, own)(gray)
    torch.testing.assert_close(shown, ((gray.float() - 100) / 50).expand(-1, 3, -1, -1))
    weights = ImageInput("rgb", (123.0, 117.0, 104.0), (58.0, 57.0, 57.0), channels=3, resolution=16)
    assert weights.preparation(1, own)(gray).shape == (2, 3, 16, 16)


@pytest.mark.parametrize(
    ("given", "channels", "message"),
    [
        (ImageInput("rgb", channels=3), 4, "expects images of 3 channels and these have 4"),
        (ImageInput("lab"), 1, "expects Lab and images of 1 channels have none"),
        (ImageInput("rgb", (1.0,), (1.0,)), 2, "expects 1 means and images have 2 channels"),
    ],
)
def test_images_that_cannot_become_what_is_expected_are_refused(given, channels, message):
    with pytest.raises(ConfigError, match=message):
        given.preparation(channels, {})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"mean": (1.0,)}, "a mean without a deviation"),
        ({"mean": (1.0,), "deviation": (1.0, 2.0)}, "1 means and 2 deviations"),
        ({"mean": (1.0,), "deviation": (0.0,)}, "must be above 0"),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(keys, message):
    with pytest.raises(ConfigError, match=message):
        ImageInput("rgb", **keys)
