import json

import numpy as np
import pytest
import torch

from headstart.data.transforms.augment import AugmentConfig, Draw, apply_draw, cutout_side, draw_augmentation

COUNT = 20_000


@pytest.fixture(scope="module")
def arrays(golden):
    with np.load(golden / "augment" / "apply.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


def applied(images, **draws):
    return apply_draw(images, Draw(**draws))


def both(*values):
    return torch.tensor([values, values])


@pytest.mark.golden
@pytest.mark.parametrize(("x0", "y0"), [(0, 0), (4, 4), (2, 2), (0, 3), (1, 4)])
def test_crop_equals_the_reference(arrays, x0, y0):
    torch.testing.assert_close(applied(arrays["x"], shift=both(y0 - 2, x0 - 2)), arrays[f"crop_x0_{x0}_y0_{y0}"])


@pytest.mark.golden
@pytest.mark.parametrize(("x0", "y0"), [(0, 0), (12, 12), (5, 2)])
def test_cutout_equals_the_reference(arrays, x0, y0):
    torch.testing.assert_close(applied(arrays["x"], cutout=both(y0, x0)), arrays[f"cutout_x0_{x0}_y0_{y0}"])


@pytest.mark.golden
def test_flip_and_grayscale_equal_the_reference(arrays):
    on = torch.tensor([True, True])
    torch.testing.assert_close(applied(arrays["x"], flip=on), arrays["flip_True"])
    torch.testing.assert_close(applied(arrays["x"], gray=on), arrays["grayscale_True"])


@pytest.mark.golden
def test_jitter_equals_the_reference(arrays):
    normal = next(values for name, values in arrays.items() if name.startswith("jitter_seed42_")).float()
    scale, offset = torch.exp2(0.25 * normal[0::2]), 0.25 * normal[1::2]
    out = applied(arrays["x"], scale=scale.expand(2, 3), offset=offset.expand(2, 3))
    torch.testing.assert_close(out, arrays["jitter_seed42"].float(), atol=1e-5, rtol=1e-5)


@pytest.mark.golden
@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_odds_are_those_of_the_reference(golden, resolution):
    options = json.loads((golden / "augment" / "option_counts.json").read_text())[str(resolution)]
    draw = draw_augmentation(AugmentConfig(), (COUNT, 3, resolution), torch.Generator().manual_seed(1))
    within = {"abs": 4 * 0.5 / COUNT**0.5}
    assert draw.shift.abs().max() == options["crop"]["pad"]
    assert (draw.shift == 0).all(dim=1).float().mean() == pytest.approx(options["crop"]["center_fraction"], **within)
    assert cutout_side(resolution) == options["cutout"]["square"]
    assert draw.cutout.min() == 0
    assert draw.cutout.max() == resolution - options["cutout"]["square"]
    assert draw.gray.float().mean() == pytest.approx(0.25, **within)
    assert draw.flip.float().mean() == pytest.approx(0.5, **within)
    assert (draw.scale == 1).all(dim=1).float().mean() == pytest.approx(0.2, **within)


def test_everything_at_once_is_the_steps_in_order():
    images = torch.randn(6, 3, 16, 16)
    draw = draw_augmentation(AugmentConfig(), (6, 3, 16), torch.Generator().manual_seed(3))
    out = images
    for step in ({"scale": draw.scale, "offset": draw.offset}, {"gray": draw.gray}, {"flip": draw.flip}):
        out = applied(out, **step)
    out = applied(applied(out, shift=draw.shift), cutout=draw.cutout)
    torch.testing.assert_close(applied(images, **vars(draw)), out, atol=1e-6, rtol=1e-5)


def test_each_image_gets_a_draw_of_its_own():
    same = torch.randn(1, 3, 32, 32).expand(64, 3, 32, 32)
    draw = draw_augmentation(AugmentConfig(), (64, 3, 32), torch.Generator().manual_seed(0))
    assert len({tuple(image.flatten().tolist()) for image in applied(same, **vars(draw))}) == 64


def test_all_off_changes_nothing():
    off = AugmentConfig(crop=False, flip=False, jitter=False, grayscale=False, cutout=False)
    images = torch.randn(4, 2, 8, 8)
    draw = draw_augmentation(off, (4, 2, 8), torch.Generator())
    torch.testing.assert_close(applied(images, **vars(draw)), images, rtol=0, atol=0)


ZOOM = AugmentConfig(crop=False, flip=False, jitter=False, grayscale=False, cutout=False, zoom=True)


def test_zoom_windows_are_within_their_bounds():
    top, left, height, width = draw_augmentation(ZOOM, (COUNT, 3, 32), torch.Generator().manual_seed(0)).zoom.T
    area, aspect = height * width, width / height
    assert torch.stack([top, left, 1 - top - height, 1 - left - width]).min() > -1e-6
    assert area.min() == pytest.approx(0.2, abs=1e-3)
    assert area.max() == pytest.approx(1, abs=1e-3)
    assert area.mean() == pytest.approx(0.6, abs=0.01)
    assert aspect.min() == pytest.approx(3 / 4, abs=1e-3)
    assert aspect.max() == pytest.approx(4 / 3, abs=1e-3)
    assert aspect.log().mean() == pytest.approx(0, abs=0.01)
    small = area < 0.7
    # The middle of a uniform place: (1 - side) / 2, whatever the side.
    assert (top / (1 - height))[small].mean() == pytest.approx(0.5, abs=0.01)
    assert (left / (1 - width))[small].mean() == pytest.approx(0.5, abs=0.01)


def test_a_window_of_the_whole_image_changes_nothing():
    images = torch.randn(3, 3, 17, 17)
    whole = torch.tensor([[0.0, 0.0, 1.0, 1.0]] * 3)
    assert torch.equal(apply_draw(images, Draw(zoom=whole)), images)


def test_zoom_is_a_bilinear_resize_of_the_window():
    images = torch.randn(2, 3, 16, 16)
    # Windows that begin and end between pixels, so that a resize of the cut-out alone sees the same neighbours, but at
    # the window's own edge, where it has nothing beyond.
    windows = torch.tensor([[0.25, 0.5, 0.5, 0.5], [0.0, 0.125, 0.75, 0.625]])
    zoomed = apply_draw(images, Draw(zoom=windows))
    for image, whole, (top, left, height, width) in zip(zoomed, images, (windows * 16).int().tolist(), strict=True):
        cut = whole[None, :, top : top + height, left : left + width]
        expected = torch.nn.functional.interpolate(cut, size=(16, 16), mode="bilinear")[0]
        torch.testing.assert_close(image[:, 2:-2, 2:-2], expected[:, 2:-2, 2:-2], atol=1e-5, rtol=1e-5)


def test_zoom_leaves_the_draws_of_the_others_as_they_were():
    without, with_zoom = (
        draw_augmentation(AugmentConfig(rotate=True, zoom=zoom), (9, 3, 32), torch.Generator().manual_seed(4))
        for zoom in (False, True)
    )
    assert without.zoom is None
    for name, value in vars(without).items():
        assert name == "zoom" or torch.equal(value, getattr(with_zoom, name))


def test_zoom_comes_before_everything_else():
    images = torch.randn(4, 3, 16, 16)
    draw = draw_augmentation(AugmentConfig(rotate=True, zoom=True), (4, 3, 16), torch.Generator().manual_seed(3))
    zoomed = apply_draw(images, Draw(zoom=draw.zoom))
    rest = vars(draw) | {"zoom": None}
    torch.testing.assert_close(applied(zoomed, **rest), apply_draw(images, draw))
