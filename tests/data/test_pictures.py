"""Pictures of all kinds come in as they are, and what cannot is told by name before anything is written."""

import io
import json
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.data.exchange.kinds import GRAY, RGB, RGBA, Kind
from headstart.data.exchange.pictures import decode, encode, fitted
from headstart.data.exchange.survey import read_headers, survey
from headstart.data.exchange.transfer import export_folder, import_folder
from headstart.data.viewing.check import check_folder
from headstart.data.viewing.overlays import picture_of
from headstart.data.viewing.preview import preview_folder
from headstart.errors import DataError
from headstart.folder import read_folder

RANDOM = np.random.default_rng(0)
SIDE = 12


def drawn(kind, side=SIDE):
    values = RANDOM.random((side, side, kind.channels)) * {"uint8": 256, "uint16": 65536, "float32": 3}[kind.dtype]
    return values.astype(kind.dtype)


def png(values, depth=8, colors=2):
    """A PNG of rows ``values [H, W, C]`` as they stand, whatever Pillow could write."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, colors, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def file_of(values, form):
    data = io.BytesIO()
    if form == "npy":
        np.save(data, values)
    else:
        Image.fromarray(values.squeeze()).save(data, form)
    return data.getvalue()


def set_of(folder, ending, contents):
    """Pictures in two classes."""
    for number, content in enumerate(contents):
        path = folder / "ab"[number % 2] / f"{number:02d}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


WAYS = {
    "gray": (GRAY, "png"),
    "gray jpeg": (GRAY, "jpeg"),
    "16 bits": (Kind(1, "uint16"), "png"),
    "16 bits tiff": (Kind(1, "uint16"), "tiff"),
    "floats": (Kind(1, "float32"), "tiff"),
    "rgb": (RGB, "png"),
    "rgba": (RGBA, "png"),
    "five channels": (Kind(5, "float32"), "npy"),
    "sixteen": (Kind(16, "uint16"), "npy"),
}


@pytest.mark.parametrize("way", WAYS)
def test_pictures_come_in_as_they_are_and_go_out_and_in_again(tmp_path, way):
    kind, form = WAYS[way]
    pictures = [drawn(kind) for _ in range(26)]
    source = set_of(tmp_path / "source", form, [file_of(one, form) for one in pictures])
    manifest = import_folder(source, tmp_path / "set")
    assert (manifest.channels, manifest.dtype, manifest.resolution) == (*kind, SIDE)
    assert not check_folder(tmp_path / "set").findings
    tensors = read_folder(tmp_path / "set")[1]
    files = sorted(source.rglob(f"*.{form}"), key=lambda path: path.relative_to(source).parts)
    if form != "jpeg":
        for image, path in zip(tensors["images"], files, strict=True):
            expected = pictures[int(path.stem)].transpose(2, 0, 1)
            assert np.array_equal(image.numpy(), expected * (expected[3:] > 0 if kind == RGBA else 1))
    for to in ("folder", "webdataset"):
        export_folder(tmp_path / "set", to, tmp_path / to)
        import_folder(tmp_path / to, tmp_path / f"{to} again")
        again = read_folder(tmp_path / f"{to} again")[1]
        assert all(again[name].double().equal(values.double()) for name, values in tensors.items())
        assert {values.dtype for values in again.values()} == {values.dtype for values in tensors.values()}
    preview_folder(tmp_path / "set", tmp_path / "sheet.png", images=4, columns=2, split="train")
    assert len(Image.open(tmp_path / "sheet.png").convert("L").getcolors()) > 20


def test_what_no_format_of_theirs_holds_is_refused_before_it_is_written(tmp_path):
    deep = Kind(5, "float32")
    import_folder(set_of(tmp_path / "deep", "npy", [file_of(drawn(deep), "npy") for _ in range(26)]), tmp_path / "set")
    for to, message in (("huggingface", "PNG cannot hold 5 channels of 32-bit"), ("hdf5", "holds RGB of 8 bits, and")):
        with pytest.raises(DataError, match=f"{message}.*export to folder"):
            export_folder(tmp_path / "set", to, tmp_path / to)
        assert not (tmp_path / to).exists()


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE)])
@pytest.mark.parametrize("dtype", ["uint8", ">u2", "float32"])
def test_arrays_of_one_channel_may_lie_anyhow(shape, dtype):
    values = (RANDOM.random(shape) * 255).astype(dtype)
    kind = Kind(1, np.dtype(dtype).name)
    data = file_of(values, "npy")
    assert survey(read_headers([("one", data)]), None) == (SIDE, kind)
    assert np.array_equal(fitted(data, SIDE, kind)[0], values.squeeze())


SHAPES = [((6, SIDE, SIDE), 6), ((SIDE, SIDE, 6), 6), ((3, 3, 3), 3), ((40, 30, 2), 2), ((2, 30, 40), 2)]


@pytest.mark.parametrize(("shape", "channels"), SHAPES)
def test_the_channels_of_an_array_are_found(shape, channels):
    (_, kind) = survey(read_headers([("one", file_of(np.zeros(shape, np.uint8), "npy"))]), 8)
    assert kind.channels == channels


def test_gray_and_color_of_8_bits_together_are_color(tmp_path):
    contents = [file_of(drawn(GRAY if number % 3 else RGB), "png") for number in range(26)]
    source = set_of(tmp_path / "mixed", "png", contents)
    manifest = import_folder(source, tmp_path / "set")
    assert (manifest.channels, manifest.dtype) == (3, "uint8")
    image = fitted(contents[1], SIDE, RGB)
    assert (image[0] == image[1]).all()


MIXED = {
    "gray of 16 bits": file_of(drawn(Kind(1, "uint16")), "png"),
    "RGBA of 8 bits": file_of(drawn(RGBA), "png"),
    "2 channels of 32-bit floats": file_of(drawn(Kind(2, "float32")), "npy"),
}


@pytest.mark.parametrize("other", MIXED)
def test_any_other_mixture_is_refused_with_two_files_named(tmp_path, other):
    source = set_of(tmp_path / "set", "png", [file_of(drawn(RGB), "png"), MIXED[other]])
    with pytest.raises(DataError, match=rf"a/00.png is RGB of 8 bits and .*b/01.png is {other}, .*convert or remove"):
        import_folder(source, tmp_path / "out")


CHANNELS = {2: 3, 4: 2, 6: 4}
"""Of PNG's types of color."""
DEEP = {colors: png(RANDOM.integers(0, 65536, (SIDE, SIDE, count)), 16, colors) for colors, count in CHANNELS.items()}


@pytest.mark.parametrize("colors", DEEP)
def test_colors_of_16_bits_which_would_be_cut_to_8_are_refused(tmp_path, colors):
    source = set_of(tmp_path / "set", "png", [DEEP[colors]])
    with pytest.raises(DataError, match=r"a/00.png has 16 bits per color, .* save it with 8 bits, or as a .npy array"):
        import_folder(source, tmp_path / "out", options={"resolution": 8})


def pickled():
    data = io.BytesIO()
    np.save(data, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled(), "is an array of object, and pictures are uint8, uint16, float32: convert it"),
        (file_of(np.zeros((8, 8)), "npy"), "is an array of float64"),
        (file_of(np.zeros((1, 8, 8, 3), np.uint8), "npy"), r"is an array of \[1, 8, 8, 3\], and pictures are \[H, W\]"),
        (file_of(np.zeros((17, 20, 20), np.uint8), "npy"), "up to 16 channels"),
        (file_of(np.zeros((8, 8), np.uint8), "npy")[:-1], "the array ends within its numbers"),
        (file_of(np.full((8, 8), np.nan, np.float32), "npy"), r"00.npy \(numbers that are not finite\), "),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        import_folder(set_of(tmp_path / "set", "npy", [content] * 26), tmp_path / "out")


def test_what_alpha_hides_stays_hidden():
    values = drawn(RGBA)
    values[..., 3] = 0
    values[4:8, 4:8] = (200, 30, 30, 255)
    whole, half = (fitted(file_of(values, "png"), side, RGBA) for side in (SIDE, SIDE // 2))
    assert not whole[:3, :4].any()
    assert (whole[:, 4:8, 4:8] == np.array([200, 30, 30, 255])[:, None, None]).all()
    assert half[1:3].max() <= 40, "nor does it shine through where pictures are scaled"


@pytest.mark.parametrize("kind", [Kind(1, "uint16"), Kind(5, "float32"), Kind(2, "uint8")])
def test_pictures_that_pillow_does_not_know_are_scaled_all_the_same(kind):
    flat = np.full((30, 20, kind.channels), 90, dtype=kind.dtype)
    small = fitted(file_of(flat, "npy"), 8, kind)
    assert (small.shape, small.dtype) == ((kind.channels, 8, 8), np.dtype(kind.dtype))
    assert np.allclose(small, 90)


def test_files_of_our_own_are_what_they_were():
    for kind in (GRAY, RGB, RGBA, Kind(1, "uint16"), Kind(7, "uint8"), Kind(3, "float32")):
        pixels = drawn(kind).transpose(2, 0, 1)
        ending, data = encode(pixels)
        assert ending == ("png" if kind in (GRAY, RGB, RGBA, Kind(1, "uint16")) else "npy")
        assert np.array_equal(decode(data, pixels.shape, kind.dtype), pixels)
        with pytest.raises(ValueError, match="picture|array"):
            decode(data, (kind.channels, 9, 9), kind.dtype)


@pytest.mark.parametrize("kind", [GRAY, Kind(2, "uint8"), RGBA, Kind(1, "uint16"), Kind(6, "float32")], ids=str)
def test_every_kind_can_be_looked_at(kind):
    image = torch.from_numpy(drawn(kind).transpose(2, 0, 1).copy())
    shown = np.asarray(picture_of(image))
    assert shown.shape == (SIDE, SIDE, 3)
    if kind.dtype != "uint8":
        assert (shown.min(), shown.max()) == (0, 255)
    if kind.channels < 3:
        assert (shown[..., :1] == shown).all()
    assert (np.asarray(picture_of(torch.full((1, 4, 4), 7.0))) == 0).all()


def test_a_manifest_tells_the_kind(tmp_path):
    source = set_of(tmp_path / "source", "png", [file_of(drawn(Kind(1, "uint16")), "png") for _ in range(26)])
    import_folder(source, tmp_path / "set")
    assert json.loads((tmp_path / "set" / "dataset.json").read_text())["dtype"] == "uint16"
