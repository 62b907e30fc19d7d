"""Every file that an import finds is used, or left out with a reason; what nobody said is a guess with its reason."""

import csv
import json
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.cli import main
from headstart.data.exchange import endings, parallel, shards
from headstart.data.exchange.layout import layout_of, split_of_name
from headstart.data.exchange.splits import near_split
from headstart.data.exchange.transfer import export_folder, guess_format, import_folder, open_reader
from headstart.errors import DataError
from headstart.folder import read_folder
from headstart.study.config.checks import check_study
from headstart.study.config.suite import load_study

RANDOM = np.random.default_rng(0)


def put(path, side=8, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RANDOM.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path, **options)


def opened(path, form="folder", **options):
    return open_reader(path, form, options)


def skipped(reader):
    return {one.file: one.reason for one in reader.account.skipped}


def guesses(reader):
    return "; ".join(map(str, reader.account.guesses))


def said(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["headstart", *map(str, arguments)])
    with pytest.raises(SystemExit) as gone:
        main()
    output = capsys.readouterr()
    return gone.value.code, output.out, output.err.strip()


def test_every_ending_that_pillow_reads_is_read_and_a_class_of_others_is_named(tmp_path):
    for name, form in (("jfif", "JPEG"), ("ppm", "PPM"), ("tga", "TGA"), ("webp", "WEBP"), ("PNG", "PNG")):
        put(tmp_path / name / f"0.{name}", format=form)
    assert opened(tmp_path).manifest.classes == ("PNG", "jfif", "ppm", "tga", "webp")
    (tmp_path / "jfif" / "x.exr").write_bytes(b"v/1\1")
    (tmp_path / "jfif" / "notes.txt").write_text("no picture")
    assert skipped(opened(tmp_path)) == {
        "jfif/x.exr": "a picture that cannot be read (.exr): convert to PNG",
        "jfif/notes.txt": "no picture (.txt)",
    }
    (tmp_path / "phone").mkdir()
    (tmp_path / "jfif" / "x.exr").rename(tmp_path / "phone" / "x.exr")
    with pytest.raises(DataError, match=r"none of the 1 pictures of class 'phone' can be read, 'x.exr' among them: co"):
        opened(tmp_path)


def test_pictures_of_phones_are_answered_with_the_package_that_reads_them(tmp_path, monkeypatch):
    monkeypatch.setattr(endings, "find_spec", lambda name: None)
    for known in (endings.picture_formats, endings.picture_endings):
        known.cache_clear()
    (tmp_path / "x.heic").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(DataError, match=r"can be read \(.heic\): convert to PNG, or pip install 'headstart\[heif\]'"):
        opened(tmp_path, guess_format(tmp_path))


def test_a_class_is_lost_even_if_it_leaves_only_one_other(tmp_path):
    put(tmp_path / "set" / "a" / "0.png")
    (tmp_path / "set" / "b").mkdir()
    (tmp_path / "set" / "b" / "0.exr").write_bytes(b"")
    with pytest.raises(DataError, match="of class 'b' can be read"):
        opened(tmp_path / "set")
    (tmp_path / "set" / "a" / "0.png").unlink()
    with pytest.raises(DataError, match=r"none of the 1 pictures of .* can be read \(.exr\): convert"):
        opened(tmp_path / "set")


JUNK = ("@eaDir/0.png/THUMB.png", "__MACOSX/0.png", "._0.png", ".DS_Store", "Thumbs.db", ".thumbnails/0.png")


@pytest.mark.parametrize("packed", [False, True])
def test_what_systems_put_there_is_left_out_and_counted(tmp_path, packed):
    for label in "ab":
        put(tmp_path / "set" / label / "0.png")
    picture = (tmp_path / "set" / "a" / "0.png").read_bytes()
    for name in JUNK:
        (tmp_path / "set" / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / "a" / name).write_bytes(picture)
    path = tmp_path / "set"
    if packed:
        path = tmp_path / "set.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "set").rglob("*"):
                archive.write(file, file.relative_to(tmp_path / "set"))
    reader = opened(path)
    assert (len(reader), reader.account.used, len(skipped(reader))) == (2, 2, len(JUNK))
    assert reader.account.reasons["put there by macOS (._*)"] == 1


def test_links_that_lead_in_circles_or_nowhere_are_told(tmp_path):
    put(tmp_path / "a" / "0.png")
    put(tmp_path / "b" / "0.png")
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "1.png").symlink_to(tmp_path / "b" / "1.png")
    assert skipped(opened(tmp_path)) == {
        "b/up/": "a link to a folder that is read already",
        "b/1.png": "a link that leads nowhere, or no file",
    }


def test_names_that_are_no_utf_8_are_shown(tmp_path):
    put(tmp_path / "a" / "0.png")
    (tmp_path / "a" / "caf\udce9.txt").touch()
    assert list(skipped(opened(tmp_path))) == ["a/caf\\xe9.txt"]
    put(tmp_path / "caf\udce9" / "0.png")
    assert opened(tmp_path).manifest.classes == ("a", "caf\\xe9")


LAYOUTS = {
    "car/0.png plane/0.png train/0.png": (("car", "plane", "train"), "the folder 'train' is taken for a class"),
    "cup/train/0.png cup/test/0.png jar/training/0.png": (
        ("cup", "jar"),
        "split: train, test (folders test, train, tra",
    ),
    "training/a/0.png dev/b/0.png testing/a/0.png": (("a", "b"), "split: train, val, test (folders dev, testing, tra"),
    "train2017/0.png val2017/0.png": ((), "split: train, val (folders train2017, val2017); class: none"),
    "train_01.png valid_01.png test-1.png": ((), "split: train, val, test (what the names of files begin with)"),
    "a/train_01.png b/test_01.png": (("a", "b"), "split: train, test (what the names of files begin with)"),
    "a/train_01.png b/01.png": (("a", "b"), "split: drawn 10 : 1 : 1 by the names of files (nothing says"),
}


@pytest.mark.parametrize("files", LAYOUTS)
def test_layouts_are_guessed_with_their_reason(tmp_path, files):
    for file in files.split():
        put(tmp_path / file)
    classes, guess = LAYOUTS[files]
    reader = opened(tmp_path)
    assert reader.manifest.classes == classes
    assert guess in guesses(reader)


@pytest.mark.parametrize(
    ("files", "splits", "classes"),
    [
        ("cup/train/0 cup/test/0 jar/train/bent/0", [0, 2, 0], ["cup", "cup", "jar"]),
        ("train/a/0 Valid/b/0 testing/a/0", [0, 1, 2], ["a", "b", "a"]),
        ("train/0 train/1 val/0", [0, 0, 1], []),
        ("a/train_1 a/validation_1 b/test.1", [0, 1, 2], ["a", "a", "b"]),
        ("a/trainer_1 a/test_1", [-1, -1], ["a", "a"]),
        ("train/0 truck/0", [-1, -1], ["train", "truck"]),
    ],
)
def test_what_folders_and_names_tell(files, splits, classes):
    layout = layout_of(Path("set"), [tuple(file.split("/")) for file in files.split()])
    assert (list(layout.splits), list(layout.classes)) == (splits, classes)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ("train/0.png test/0.png more/0.png", "'more/0.png' is in none of train, val and test: move it"),
        ("train/0.png test/0.png 0.png", "'0.png' is in none of train, val and test: move it"),
        ("cup/train/0.png jar/0.png", r"\('cup/train'\), and 'jar/0.png' is in none of train, val and test: move or"),
        ("train/cup/0.png cup/0.png", "'cup/0.png' is in none of train, val and test"),
    ],
)
def test_pictures_outside_of_named_splits_are_refused(tmp_path, files, message):
    for file in files.split():
        put(tmp_path / file)
    with pytest.raises(DataError, match=message):
        opened(tmp_path)


def test_names_of_splits_are_whole_words():
    assert [split_of_name(name) for name in ("Train", "val_set", "test-1", "trainer", "latest")] == [0, 1, 2, -1, -1]


def test_the_command_tells_what_was_left_out_and_strict_refuses_it(tmp_path, capsys, monkeypatch):
    for number in range(4):
        put(tmp_path / "set" / "ab"[number % 2] / f"{number}.png")
    (tmp_path / "set" / "a" / "[b].txt").write_text("x")
    code, _, err = said(capsys, monkeypatch, "data", "import", tmp_path / "set", tmp_path / "no", "--strict")
    assert code == 2
    assert "1 file would be left out, first 'a/[b].txt' (no picture (.txt)): remove them, or import without --st" in err
    assert not (tmp_path / "no").exists()
    code, out, _ = said(capsys, monkeypatch, "data", "import", tmp_path / "set", tmp_path / "out")
    assert code == 0
    assert "guessed class: a, b (folders)" in out
    assert "left out 1 of 5 files, listed in " in out
    assert "  1 × no picture (.txt)" in out
    lines = list(csv.reader((tmp_path / "out" / "skipped.csv").read_text().splitlines()))
    assert lines == [["file", "reason"], ["a/[b].txt", "no picture (.txt)"]]
    (tmp_path / "set" / "a" / "[b].txt").unlink()
    assert said(capsys, monkeypatch, "data", "import", tmp_path / "set", tmp_path / "whole", "--strict")[0] == 0
    assert not (tmp_path / "whole" / "skipped.csv").exists()


def test_a_picture_put_into_an_export_is_named(tmp_path):
    for number in range(24):
        put(tmp_path / "set" / "ab"[number % 2] / f"{number}.png")
    import_folder(tmp_path / "set", tmp_path / "once")
    export_folder(tmp_path / "once", "folder", tmp_path / "edited")
    assert not skipped(opened(tmp_path / "edited"))
    put(tmp_path / "edited" / "train" / "a" / "mine.png")
    reader = opened(tmp_path / "edited")
    assert (reader.account.used, skipped(reader)) == (24, {"train/a/mine.png": "not in annotations.csv"})


def test_dim_pictures_of_16_bits_are_kept_as_they_are_and_scaled_when_used(tmp_path):
    (tmp_path / "set").mkdir()
    for number in range(24):
        Image.fromarray(RANDOM.integers(0, 256, (8, 8)).astype(np.uint16)).save(tmp_path / "set" / f"{number}.png")
    import_folder(tmp_path / "set", tmp_path / "out")
    images = read_folder(tmp_path / "out")[1]["images"].numpy()
    assert (images.dtype, images.max()) == (np.uint16, 255)
    (normalisation,) = json.loads((tmp_path / "out" / "dataset.json").read_text())["normalisation"].values()
    spread = images.reshape(-1).std() / normalisation["std"][0]
    assert spread == pytest.approx(images.mean() / normalisation["mean"][0], rel=0.1), "by their own deviation"


def test_a_study_tells_what_it_guesses_of_pictures_and_what_it_leaves_out(tmp_path):
    for split in ("train", "val", "test"):
        for number in range(6):
            put(tmp_path / split / "ab"[number % 2] / f"{number}.png", side=32)
    (tmp_path / "train" / "a" / "notes.txt").touch()
    source = {"source": "images", "path": str(tmp_path)}
    study = load_study("quickstart", ["budgets=[2, 4]", f"dataset={json.dumps(source)}"])
    told = f"dataset '{tmp_path.name}': 1 of 19 files are left out: 1 × no picture (.txt)"
    assert told in check_study(study, networks=False)
    assert "split: train, val, test (folders test, train, val)" in study.dataset.info().guesses


def test_misspelt_names_of_splits_are_told_from_classes():
    words = ("trian", "tets", "tset", "tst", "valdation", "vaildation", "validaton", "traning", "tests")
    assert all(near_split(word) for word in words)
    assert not any(
        near_split(word) for word in ("car", "plane", "truck", "text", "vest", "bus", "deer", "tray", "vase")
    )
    files = [(label, "0.png") for label in ("car", "plane", "rain", "train")]
    assert sorted(set(layout_of(Path("set"), files).classes)) == ["car", "plane", "rain", "train"]
    with pytest.raises(
        DataError, match="has a folder 'trian', which is no split: rename it to 'train', or if it is a cl"
    ):
        layout_of(Path("set"), [("trian", "0.png"), ("tset", "0.png")])


def test_what_unpacks_to_more_than_a_picture_has_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.scenes.disk.tree.MOST_BYTES", 2000)
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        put(tmp_path / "0.png")
        for number in range(12):
            archive.write(tmp_path / "0.png", f"{'ab'[number % 2]}/{number}.png")
        archive.writestr("a/bomb.png", bytes(10_000))
    with pytest.raises(
        DataError, match=r"a/bomb.png\) unpacks to 0.0 GiB, more than a picture or model has: remove it"
    ):
        import_folder(tmp_path / "set.zip", tmp_path / "out", options={"resolution": 8})


def test_shards_are_as_small_as_memory_wants_and_hold_the_same(tmp_path, monkeypatch):
    for number in range(24):
        put(tmp_path / "set" / "ab"[number % 2] / f"{number}.png")
    import_folder(tmp_path / "set", tmp_path / "one")
    monkeypatch.setattr("headstart.data.exchange.shards.SHARD_BYTES", 7 * 3 * 8 * 8)
    many = import_folder(tmp_path / "set", tmp_path / "many")
    assert [shard.images for shard in many.shards] == [7, 7, 7, 3]
    (_, one), (_, other) = read_folder(tmp_path / "one"), read_folder(tmp_path / "many")
    assert all(values.equal(other[name]) for name, values in one.items())


@pytest.mark.parametrize("form", ["folder", "webdataset", "table", "unlabelled"])
def test_processes_read_what_threads_read(tmp_path, monkeypatch, form):
    place = SETS[form](tmp_path)
    monkeypatch.setattr(shards, "SHARD_BYTES", 5 * 3 * 8 * 8)
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    outcomes = []
    for number, worth in enumerate((1e9, -1.0)):
        monkeypatch.setattr(parallel, "WORTH", worth)
        out = tmp_path / f"{number}"
        import_folder(place, out, options={"resolution": 8, **LOOSE.get(form, {})})
        outcomes.append({file.relative_to(out): file.read_bytes() for file in out.rglob("*.safetensors")})
    assert outcomes[0] == outcomes[1]


def test_threads_that_read_large_pictures_leave_warnings_as_they_were():
    """One that enters later leaves later: it must not bring back what it found, which is the other's filter."""
    before = list(warnings.filters)
    first, second = parallel.large_pictures_allowed(), parallel.large_pictures_allowed()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert warnings.filters[0][2] is Image.DecompressionBombWarning, "the other still reads"
    second.__exit__(None, None, None)
    assert list(warnings.filters) == before


def test_processes_tell_which_files_are_broken(tmp_path, monkeypatch):
    numbered(tmp_path)
    for number in (7, 20):
        (tmp_path / "set" / "ab"[number % 2] / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    monkeypatch.setattr(shards, "SHARD_BYTES", 5 * 3 * 8 * 8)
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    monkeypatch.setattr(parallel, "WORTH", -1.0)
    with pytest.raises(DataError, match=r"2 files of 'set' cannot be read .* a/20.png \(.*, b/7.png"):
        import_folder(tmp_path / "set", tmp_path / "out", options={"resolution": 8})


def numbered(tmp_path):
    random = np.random.default_rng(0)
    for number in range(24):
        path = tmp_path / "set" / "ab"[number % 2] / f"{number}.png"
        put(path)
        Image.fromarray(random.integers(0, 256, (9, 8, 3), dtype=np.uint8)).save(path)
    return tmp_path / "set"


def exported(tmp_path):
    import_folder(numbered(tmp_path), tmp_path / "first", options={"resolution": 8})
    export_folder(tmp_path / "first", "webdataset", tmp_path / "exported")
    return tmp_path / "exported"


def with_maps(tmp_path):
    at = numbered(tmp_path)
    lines = ["file,class,mask,depth"]
    for number in range(24):
        Image.fromarray(np.full((9, 8), number % 3, dtype=np.uint8)).save(at / f"mask{number}.png")
        np.save(at / f"depth{number}.npy", np.full((9, 8), 1.0 + number, dtype=np.float32))
        lines.append(f"{'ab'[number % 2]}/{number}.png,{number % 2},mask{number}.png,depth{number}.npy")
    (at / "labels.csv").write_text("\n".join(lines))
    return at / "labels.csv"


def with_unlabelled(tmp_path):
    at = numbered(tmp_path)
    for number in range(6):
        put(at / f"{number}.png")
    return at


SETS = {"folder": numbered, "webdataset": exported, "table": with_maps, "unlabelled": with_unlabelled}
LOOSE = {"unlabelled": {"outside": "unlabelled"}}
