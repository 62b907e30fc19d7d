"""Contact sheets of every kind of dataset, and the overlays that they show."""

import io

import numpy as np
import pytest
from PIL import Image

from headstart.data.exchange.transfer import import_folder
from headstart.data.viewing.fonts import fonts_of_size, written
from headstart.data.viewing.overlays import axes_over, depth_picture, masks_over
from headstart.data.viewing.preview import contact_sheet, preview_folder
from headstart.errors import DataError
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset

GRAY = Image.new("RGB", (32, 32), (128, 128, 128))


@pytest.mark.parametrize(
    ("objects", "targets", "panels"), [(1, None, 1), (1, "all", 3), (3, None, 3), (3, ("depth",), 2)]
)
def test_every_kind_of_dataset_has_a_preview(tmp_path, objects, targets, panels):
    render_dataset(tmp_path, RenderConfig(images=12, resolution=16, samples=1, objects=objects, targets=targets))
    preview_folder(tmp_path, tmp_path / "sheet.png", images=6, columns=3, split="train")
    sheet = Image.open(io.BytesIO((tmp_path / "sheet.png").read_bytes()))
    assert sheet.width == 3 * (128 * panels + 6) + 6


def test_masks_are_colored_apart_and_the_rest_stays_gray():
    masks = np.zeros((16, 16), dtype=np.uint8)
    masks[:8, :8], masks[8:, 8:] = 1, 2
    shown = np.asarray(masks_over(GRAY, masks))
    assert (shown[4, 28] == 128).all()
    assert not (shown[4, 4] == shown[28, 28]).all()
    assert shown[4, 4].max() - shown[4, 4].min() > 50


def test_near_is_bright_and_nothing_is_darkest():
    depth = np.array([[1.0, 2.0], [4.0, np.inf]], dtype=np.float32)
    shown = np.asarray(depth_picture(depth, (2, 2)).convert("L")).astype(int)
    assert shown[0, 0] > shown[0, 1] > shown[1, 0] >= shown[1, 1]


def test_the_axes_of_an_upright_object_point_where_the_camera_sees_them():
    """World z is up in the picture, and the camera stands on the side of +x: its axis comes towards it."""
    shown = np.asarray(axes_over(GRAY.resize((96, 96)), np.eye(3))).astype(int)
    blue = np.argwhere(shown[..., 2] - shown[..., 0] > 100)
    assert blue[:, 0].min() < 40
    assert blue[:, 0].max() <= 50
    green = np.argwhere(shown[..., 1] - shown[..., 0] > 80)
    assert green[:, 1].max() > 70


def test_images_without_classes_can_be_looked_at(tmp_path):
    render_dataset(tmp_path, RenderConfig(images=12, resolution=16, samples=1, targets=("rotation",)))
    preview_folder(tmp_path, tmp_path / "sheet.png", images=100, columns=5, split="val")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height > 100


def test_letters_that_no_font_has_are_written_as_numbers():
    own = fonts_of_size(11)[:1]
    assert written("2 cats…", own).text == "2 cats…"
    assert written("a 猫", own).text == "a \\u732b"
    assert written("a \U0010fffd", fonts_of_size(11)).text == "a \\U0010fffd"


def test_a_font_that_has_the_letters_is_taken():
    own, *others = fonts_of_size(11)
    if not others:
        pytest.skip("this machine has no fonts")
    fonts = [font for font in others if written("бег", [font]).text == "бег"]
    assert written("бег", (own, *others)) == ("бег", fonts[0])


@pytest.mark.parametrize("names", [("猫", "狗"), ("a breed of dogs 1", "a breed of dogs 2")])
def test_captions_tell_classes_apart(names):
    sheets = [np.asarray(Image.open(io.BytesIO(contact_sheet([[GRAY]], [name], columns=1)))) for name in names]
    assert (sheets[0] != sheets[1]).any()


def test_a_split_without_images_is_named(tmp_path):
    for number in range(2):
        (tmp_path / "set" / "ab"[number]).mkdir(parents=True)
        Image.fromarray(np.full((8, 8, 3), number, dtype=np.uint8)).save(tmp_path / "set" / "ab"[number] / "0.png")
    counts = import_folder(tmp_path / "set", tmp_path / "out").counts
    empty = next(split for split, count in counts.items() if not count)
    with pytest.raises(DataError, match=f"has no {empty} images: name another split"):
        preview_folder(tmp_path / "out", tmp_path / "p.png", images=3, columns=3, split=empty)
