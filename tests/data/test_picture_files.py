"""Files of every sort that people have among their pictures: each comes in right, or is refused in a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from headstart.data.exchange.account import Account
from headstart.data.exchange.endings import picture_endings, picture_formats
from headstart.data.exchange.kinds import GRAY, RGB, RGBA, Kind
from headstart.data.exchange.parallel import in_parallel
from headstart.data.exchange.pictures import fitted, upright
from headstart.data.exchange.survey import read_headers, survey
from headstart.data.exchange.transfer import import_folder
from headstart.errors import DataError
from headstart.folder import read_folder

RANDOM = np.random.default_rng(0)
SIDE = 16
COLORS = np.kron(RANDOM.integers(0, 256, (2, 2, 3)), np.ones((8, 8, 1))).astype(np.uint8)
"""Four squares, so that what JPEG does to them is little."""


def saved(picture, form, **options):
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def chunked(*chunks):
    parts = [struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def sgi16():
    head = struct.pack(">hBBHHHHii", 474, 0, 2, 3, SIDE, SIDE, 3, 0, 65535)
    return head.ljust(512, b"\0") + bytes(SIDE * SIDE * 6)


def deep_jp2():
    data = bytearray(saved(WHOLE, "JPEG2000", no_jp2=True))
    data[data.find(b"\xff\x4f\xff\x51") + 42] = 15  # of the first channel: 16 bits
    return bytes(data)


WHOLE = Image.fromarray(COLORS)
TURNED = Image.Exif()
TURNED[0x0112] = 6
FRAMES = {"save_all": True, "append_images": [Image.new("RGB", (SIDE, SIDE))]}
CLEAR = saved(WHOLE.quantize(8), "PNG", transparency=0)
PGM = b"P5 16 16 4095\n" + np.full((SIDE, SIDE), 4095, ">u2").tobytes()
RIGHT = {
    "CMYK": (saved(WHOLE.convert("CMYK"), "JPEG", quality=98, subsampling=0), RGB, COLORS),
    "palette": (saved(WHOLE.quantize(8), "PNG"), RGB, COLORS),
    "one bit": (saved(Image.fromarray(COLORS[..., 0] > 99), "PNG"), GRAY, (COLORS[..., :1] > 99) * 255),
    "turned by EXIF": (saved(WHOLE.rotate(90), "JPEG", quality=98, subsampling=0, exif=TURNED), RGB, COLORS),
    "pages": (saved(WHOLE, "TIFF", **FRAMES), RGB, COLORS),
    "frames": (saved(WHOLE, "GIF", **FRAMES), RGB, COLORS),
    "QOI": (saved(WHOLE, "QOI"), RGB, COLORS),
    "JPEG 2000": (saved(WHOLE, "JPEG2000"), RGB, COLORS),
    "12 bits": (PGM, Kind(1, "uint16"), np.full((SIDE, SIDE, 1), 65535)),
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_comes_in_right(what):
    data, kind, pixels = RIGHT[what]
    account = Account()
    assert survey(read_headers([("x", data)]), None, account) == (SIDE, kind)
    apart = np.abs(fitted(data, SIDE, kind).transpose(1, 2, 0).astype(int) - pixels)
    assert apart.max() <= (6 if data[:2] == b"\xff\xd8" else 1)
    told = [str(guess) for guess in account.guesses]
    assert told == (
        ["page: the first (1 files hold several pictures, x among them)"] if what in ("pages", "frames") else []
    )


def test_a_palette_with_a_clear_color_has_alpha():
    assert survey(read_headers([("x", CLEAR)]), None) == (SIDE, RGBA)
    assert {0, 255} >= set(fitted(CLEAR, SIDE, RGBA)[3].ravel().tolist())


JPEG = saved(Image.fromarray(RANDOM.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)), "JPEG", quality=98)
PNG = saved(WHOLE, "PNG")
HUGE = chunked((b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)), (b"IEND", b""))
BROKEN = {
    "truncated": (JPEG[: len(JPEG) * 2 // 3], "image file is truncated"),
    "cut within pixels": (PNG[:-30], "truncated|broken"),
    "no bytes": (b"", "no picture"),
    "text": (b"I am no picture\n", "no picture"),
    "a page of PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n", "no picture"),
    "too many pixels": (HUGE, "more than 178 million pixels"),
}


@pytest.mark.parametrize("resolution", [None, 8])
@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_refused_in_a_sentence(tmp_path, what, resolution):
    data, why = BROKEN[what]
    (tmp_path / "set" / "train").mkdir(parents=True)
    for name, content in (("0.png", PNG), ("1.png", data)):
        (tmp_path / "set" / "train" / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"train/1.png (is no whole picture )?\(.*({why}).*mend or remove") as refused:
        import_folder(tmp_path / "set", tmp_path / "out", options={"resolution": resolution})
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "data", [b"P6 16 16 65535\n" + bytes(1536), b"P6 16 16 1023\n" + bytes(1536), sgi16(), deep_jp2()]
)
def test_colors_that_pillow_would_cut_to_8_bits_are_refused(data):
    with pytest.raises(DataError, match=r"x has 16 bits per color, .* save it with 8 bits, or as a .npy array"):
        survey(read_headers([("x", data)]), None)


def test_large_pictures_are_no_reason_for_warnings(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", SIDE * SIDE - 1)
    assert in_parallel(lambda data: fitted(data, 8, RGB), [PNG])[0].shape == (3, 8, 8)
    assert survey(read_headers([("x", PNG)]), None) == (SIDE, RGB)


def test_formats_that_need_other_programs_or_come_out_wrong_are_none():
    assert not {"EPS", "FITS", "HDF5", "GRIB", "MPEG", "WMF"} & set(picture_formats())
    assert {".jpg", ".jfif", ".ppm", ".pgm", ".bmp", ".npy", ".tif", ".tga"} <= set(picture_endings())


@pytest.mark.parametrize("kind", [GRAY, RGB, RGBA, Kind(2, "float32"), Kind(1, "uint16")], ids=str)
def test_pictures_become_squares_as_asked(kind):
    wide = np.full((10, 20, kind.channels), 200, dtype=kind.dtype)
    wide[:, :5] = 100
    data = io.BytesIO()
    np.save(data, wide)
    crop, pad, stretch = (fitted(data.getvalue(), 20, kind, fit).astype(float) for fit in ("crop", "pad", "stretch"))
    assert np.allclose(crop[:, :, 4:], 200, atol=1)
    assert not pad[:, :5].any()
    assert not pad[:, 15:].any()
    assert np.allclose(pad[:, 5:15, :4], 100, atol=1)
    assert np.allclose(pad[:, 5:15, 7:], 200, atol=1)
    assert np.allclose(stretch[:, :, :4], 100, atol=1)
    assert np.allclose(stretch[:, :, 7:], 200, atol=1)


def test_fit_is_an_option_of_pictures(tmp_path):
    for number in range(24):
        path = tmp_path / "set" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (20, 10), (9, 9, 9)).save(path)
    import_folder(tmp_path / "set", tmp_path / "out", options={"resolution": 8, "fit": "pad"})
    images = read_folder(tmp_path / "out")[1]["images"]
    assert (int(images[:, :, 0].max()), int(images[:, :, 4].min())) == (0, 9)


def test_a_large_jpeg_is_decoded_at_about_the_size_that_is_needed():
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    whole = Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    whole.save(buffer, "JPEG", quality=95)
    assert upright(buffer.getvalue(), RGB).shape == (300, 400, 3)
    assert upright(buffer.getvalue(), RGB, 32).shape == (75, 100, 3), "a quarter, which is 1.4 times 32 at least"
    assert upright(buffer.getvalue(), RGB, 150).shape == (300, 400, 3)
    expected = np.asarray(ImageOps.fit(whole, (32, 32), Image.Resampling.LANCZOS)).astype(int)
    apart = np.abs(fitted(buffer.getvalue(), 32, RGB).transpose(1, 2, 0).astype(int) - expected)
    assert apart.mean() < 2
