"""What was found out about files is not found out again, until one of them changes."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.sources import ArraysSource, ImagesSource, TableSource, exchanged, kept
from headstart.errors import DataError
from headstart.study.fitting import look


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "FRESH", -(10**12))  # files of a moment ago are as good as old ones
    for number in range(24):
        put(tmp_path / "pictures" / "ab"[number % 2] / f"{number:02d}.png")
    return tmp_path / "pictures"


def put(path, value=9):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), value, dtype=np.uint8)).save(path)


@pytest.fixture
def opened(monkeypatch):
    """Paths that readers were opened of."""
    paths = []
    original = exchanged.open_reader
    monkeypatch.setattr(exchanged, "open_reader", lambda path, *others: paths.append(path) or original(path, *others))
    return paths


def seen(path):
    source = ImagesSource(path=path)
    return source.info(), source.fingerprint


def test_the_second_look_opens_no_picture(pictures, opened):
    first = seen(pictures)
    assert seen(pictures) == first
    assert opened == [pictures]


@pytest.mark.parametrize(
    "change",
    [
        lambda at: put(at / "a" / "new.png"),
        lambda at: (at / "b" / "01.png").unlink(),
        lambda at: (at / "b" / "01.png").rename(at / "b" / "other.png"),
        lambda at: (at / "a").rename(at / "c"),
        lambda at: rewritten(at / "a" / "00.png"),
    ],
    ids=["added", "removed", "renamed", "class renamed", "same size and time"],
)
def test_a_change_is_noticed(pictures, opened, change):
    before = seen(pictures)
    change(pictures)
    assert seen(pictures) != before
    assert len(opened) == 2


def rewritten(path):
    """Other pixels, and all that people compare by as it was."""
    status = path.stat()
    put(path, 7)
    assert path.stat().st_size == status.st_size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_files_that_changed_just_now_are_looked_at_again(pictures, opened, monkeypatch):
    monkeypatch.setattr(kept, "FRESH", 3600 * 10**9)
    assert seen(pictures) == seen(pictures)
    assert len(opened) == 2


def test_another_release_finds_out_anew(pictures, opened, monkeypatch):
    seen(pictures)
    monkeypatch.setattr(kept, "_reading", lambda: "another")
    seen(pictures)
    assert len(opened) == 2


def test_what_was_kept_and_is_damaged_is_found_again(pictures, tmp_path):
    first = seen(pictures)
    files = list((tmp_path / "cache" / "found").iterdir())
    assert len(files) == 2
    for file, content in zip(files, (b"[", b'["", {}]'), strict=True):
        file.write_bytes(content)
    assert seen(pictures) == first


def test_options_and_paths_are_told_apart(pictures, tmp_path):
    shutil.copytree(pictures, tmp_path / "copy")
    assert ImagesSource(path=pictures).info().resolution == 8
    assert ImagesSource(path=pictures, resolution=16).info().resolution == 16
    assert ImagesSource(path=tmp_path / "copy").name == "copy"


def test_a_refusal_is_not_kept(pictures):
    (pictures / "a" / "00.png").write_bytes(b"")
    for _ in range(2):
        with pytest.raises(DataError, match="00.png"):
            ImagesSource(path=pictures).info()
    put(pictures / "a" / "00.png")
    assert ImagesSource(path=pictures).info().counts["train"] > 0


def test_pictures_count_where_a_table_is_named(pictures):
    table = pictures / "labels.csv"
    table.write_text("file,class\n" + "".join(f"{'ab'[n % 2]}/{n:02d}.png,{n % 3}\n" for n in range(24)))
    before = TableSource(path=table).fingerprint
    put(pictures / "a" / "00.png", 7)
    assert TableSource(path=table).fingerprint != before


def test_tables_of_the_same_pictures_are_told_apart(pictures):
    for classes in (2, 3):
        rows = "".join(f"{'ab'[n % 2]}/{n:02d}.png,{n % classes}\n" for n in range(24))
        (pictures / f"labels-{classes}.csv").write_text(f"file,class\n{rows}")
    two, three = (TableSource(path=pictures / f"labels-{classes}.csv") for classes in (2, 3))
    assert (len(two.info().classes), len(three.info().classes)) == (2, 3)
    assert two.identity() != three.identity()
    moved = shutil.copytree(pictures, pictures.parent / "elsewhere") / "labels-2.csv"
    assert TableSource(path=moved).identity() == two.identity()


def test_an_archive_that_another_took_the_place_of_is_read_anew(pictures):
    def packed(name):
        return shutil.make_archive(str(pictures.parent / name), "zip", pictures)

    archive = packed("first")
    before = seen(archive)
    for number in range(6):
        put(pictures / "c" / f"{number}.png")
    Path(packed("second")).replace(archive)
    after = seen(archive)
    assert (len(before[0].classes), len(after[0].classes)) == (2, 3)
    assert before[1] != after[1]


def test_labels_count_where_an_array_is_named(pictures):
    np.save(pictures / "images.npy", np.zeros((24, 8, 8), np.uint8))
    np.save(pictures / "labels.npy", np.arange(24) % 2)
    before = ArraysSource(path=pictures / "images.npy").info().classes
    np.save(pictures / "labels.npy", np.arange(24) % 3)
    assert (len(before), len(ArraysSource(path=pictures / "images.npy").info().classes)) == (2, 3)


def test_looking_at_a_path_again_opens_nothing(pictures, monkeypatch):
    first = look.look_at(pictures, {})
    monkeypatch.setattr(look, "guess_format", None)
    monkeypatch.setattr(look, "open_reader", None)
    again = look.look_at(pictures, {})
    assert (again.sides, again.guesses, again.info) == (first.sides, first.guesses, first.info)
    assert again.at(8).identity() == first.at(8).identity()
