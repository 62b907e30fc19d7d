"""Textures from disk."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import DataError
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.disk import find_textures
from headstart.scenes.textures import SIDE


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def pictures(root: Path, count: int = 13, suffix: str = ".png") -> Path:
    """Gray pictures, each of one shade."""
    for number in range(count):
        path = root / "images" / f"kind{number % 3}" / f"{number:02d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (number * 10,) * 3).save(path)
    return root


def test_every_picture_is_a_texture_and_buckets_share_none(tmp_path):
    textures = find_textures(pictures(tmp_path / "t"))
    numbers = sorted(number for bucket in range(BUCKETS) for number in textures.numbers(bucket))
    assert numbers == list(range(13))
    shades = sorted(int(textures.texture(number)[0, 0, 0]) for number in numbers)
    assert shades == [10 * number for number in range(13)]


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_pictures_of_any_kind_are_cut_to_their_middle(tmp_path, mode):
    root = pictures(tmp_path / "t")
    wide = Image.new("RGB", (90, 30), "black")
    wide.paste("white", (30, 0, 60, 30))
    for path in root.rglob("*.png"):
        wide.convert(mode).save(path)
    texture = find_textures(root).texture(0)
    assert texture.shape == (SIDE, SIDE, 3)
    assert texture.min() == 255


def test_too_few_are_refused_with_their_number(tmp_path):
    with pytest.raises(DataError, match="holds 11 pictures"):
        find_textures(pictures(tmp_path / "t", 11))


def test_files_that_are_no_pictures_are_listed(tmp_path):
    root = pictures(tmp_path / "t", 20)
    for number in range(7):
        (root / "images" / "kind0" / f"bad{number}.jpg").write_text("nothing to see")
    with pytest.raises(DataError, match=r"7 files of .* are no pictures: .*bad0\.jpg.* and 2 more"):
        find_textures(root)


def test_a_picture_that_ends_too_soon_is_named(tmp_path):
    root = pictures(tmp_path / "t")
    rng = np.random.default_rng(0)
    cut = root / "images" / "kind0" / "00.png"
    Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(cut)
    cut.write_bytes(cut.read_bytes()[:3000])
    textures = find_textures(root)
    with pytest.raises(DataError, match=r"00\.png is not a whole picture"):
        [textures.texture(number) for number in range(textures.count)]


def test_the_label_list_of_dtd_says_which_pictures_count(tmp_path):
    root = pictures(tmp_path / "dtd", 20, ".jpg")
    names = [f"kind{number % 3}/{number:02d}.jpg" for number in range(15)]
    (root / "labels").mkdir()
    (root / "labels" / "labels_joint_anno.txt").write_text("".join(f"{name} {name[:5]} \n" for name in names))
    assert find_textures(root).count == 15
    (root / "images" / names[3]).unlink()
    with pytest.raises(DataError, match=r"lacks 1 pictures of its label list, kind0/03\.jpg"):
        find_textures(root)


def test_an_archive_serves_like_its_folder(tmp_path):
    root = pictures(tmp_path / "t")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as file:
        for path in sorted(root.rglob("*.png")):
            file.write(path, path.relative_to(root))
    folder, archive = find_textures(root), find_textures(tmp_path / "t.zip")
    assert folder.fingerprint == archive.fingerprint
    assert all(np.array_equal(folder.texture(number), archive.texture(number)) for number in range(13))
