"""Predicted maps beside the truth: one scale for a row's depths, one color for a class."""

import numpy as np
import pytest
import torch

from headstart.data.transforms.color import convert
from headstart.data.viewing.comparison import COMPARISONS
from headstart.data.viewing.overlays import depth_picture, mask_color

IMAGE = torch.full((3, 4, 4), 128, dtype=torch.uint8)


def pixels(target, *maps):
    return [np.asarray(picture).astype(int) for picture in COMPARISONS[target].draw(IMAGE, maps)]


def test_equal_depths_have_equal_colors_whatever_else_a_prediction_holds():
    truth = torch.linspace(1, 4, 16).reshape(4, 4).half()
    narrow = truth.clamp(2, 3)
    shown, predicted = pixels("depth", truth, narrow)
    same = (truth == narrow).numpy()
    assert same.sum() > 4
    assert (shown[same] == predicted[same]).all()
    alone = np.asarray(depth_picture(narrow.float().numpy(), (4, 4))).astype(int)
    assert not (alone[same] == predicted[same]).all(), "a scale of its own would give other colors"


def test_predictions_beyond_the_truth_have_the_colors_of_its_ends():
    truth = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
    shown, predicted = pixels("depth", truth, torch.tensor([[0.2, -3.0], [0.0, 9.0]]))
    for row, column in ((0, 0), (0, 1), (1, 0)):
        assert (predicted[row * 2, column * 2] == shown[0, 0]).all()
    assert (predicted[3, 3] == shown[3, 3]).all()
    assert shown[0, 0].sum() > shown[0, 3].sum() > shown[3, 3].sum()


def test_what_is_no_depth_is_as_dark_as_the_farthest():
    shown, predicted = pixels("depth", torch.tensor([[1.0, 4.0]]), torch.tensor([[torch.nan, torch.inf]]))
    assert (predicted == shown[0, 3]).all()


def test_a_flat_truth_can_be_drawn():
    (shown,) = pixels("depth", torch.full((2, 2), 3.0))
    assert (shown == shown[0, 0]).all()


def test_equal_classes_have_equal_colors_and_the_legend_tells_them():
    truth = torch.tensor([[0, 3], [3, 7]], dtype=torch.uint8)
    shown, predicted = pixels("semantic", truth, truth.flip(0, 1))
    assert (predicted[::-1, ::-1] == shown).all()
    names = [f"class {number}" for number in range(1, 9)]
    legend = COMPARISONS["semantic"].legend([truth, torch.full_like(truth, 5)], names)
    assert [swatch.name for swatch in legend] == ["background", "class 3", "class 5", "class 7"]
    colors = {swatch.name: [int(swatch.color[start : start + 2], 16) for start in (1, 3, 5)] for swatch in legend}
    for name, (row, column) in {"background": (0, 0), "class 3": (0, 3), "class 7": (3, 3)}.items():
        assert shown[row, column] == pytest.approx(colors[name], abs=1)


def test_twenty_classes_are_told_apart_at_a_glance():
    """At that, two colors differ by 10 or more in CIE L*a*b*; a just noticeable difference is about 2.3."""
    colors = torch.tensor([mask_color(number) for number in range(21)], dtype=torch.uint8)
    lab = convert(colors[:, :, None, None], "lab").flatten(1)
    apart = torch.cdist(lab, lab) + 1000 * torch.eye(21)
    assert apart.min() >= 10
