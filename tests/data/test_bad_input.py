"""Bad input, and the sentence that it gets: never a traceback, never silence."""

import gzip
import json
import shutil
import sys
from collections import namedtuple

import numpy as np
import pytest
from broken_sets import (
    PICTURE,
    ROWS,
    archive,
    array,
    bomb,
    damaged,
    deep,
    empty,
    encoded,
    file,
    folders,
    hdf5,
    heic,
    html,
    leaking,
    linked,
    maps,
    not_utf8,
    one_class,
    only,
    parquet,
    pixels,
    put,
    saved,
    table,
    tar,
)
from PIL import Image

from headstart.cli import main
from headstart.data.exchange import endings


def run(*arguments):
    sys.argv = ["headstart", *map(str, arguments)]
    try:
        main()
    except SystemExit as gone:
        return gone.code
    return 0


def exported(root, line):
    folders(root / "once")
    run("data", "import", root / "once", root / "set")
    run("data", "export", root / "set", "--to", "folder", "--out", root / "out")
    path = root / "out" / "annotations.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows[:1], line(rows[1]), *rows[2:], ""]))
    return root / "out"


Case = namedtuple("Case", "make sentence options verb code", defaults=({}, "import", 2))
SMALL, CHECK = {"resolution": 8}, "check"

CASES = {
    "truncated JPEG": Case(
        lambda root: file(root, "cut.jpg", encoded("JPEG", side=64)[:700]),
        "1 files of 'set' cannot be read as they should be: a/cut.jpg (image file is truncated", SMALL,
    ),
    "zero bytes": Case(lambda root: file(root, "0.gif", b""), "set/a/0.gif is no whole picture (no picture): mend"),
    "text named .png": Case(
        lambda root: file(root, "t.png", b"hello"), "read as they should be: a/t.png (no picture); mend", SMALL
    ),
    "a page of HTML named .jpg": Case(
        lambda root: file(root, "t.jpg", b"<html>404</html>"), "a/t.jpg (no picture); mend or remove them", SMALL
    ),
    "decompression bomb": Case(
        lambda root: file(root, "bomb.png", bomb()),
        "a/bomb.png (more than 178 million pixels); mend or remove them", SMALL,
    ),
    "color of 16 bits": Case(deep, "a/deep.ppm has 16 bits per color, and only gray pictures can have more than 8"),
    "mixed depths": Case(
        lambda root: saved(root, "deep.png", Image.fromarray(pixels(8, 8, dtype=np.uint16))),
        "a/0.png is RGB of 8 bits and {root}/a/deep.png is gray of 16 bits, and the pictures of a set are of one kind",
    ),
    "mixed channels": Case(
        lambda root: saved(root, "clear.png", Image.fromarray(pixels(8, 8, 4))),
        "is RGB of 8 bits and {root}/a/clear.png is RGBA of 8 bits, and the pictures of a set are of one kind",
    ),
    "several sizes": Case(
        lambda root: file(root, "z.png", encoded(side=9)), "has 8 pixels per side and {root}/a/z.png 9: give a"
    ),
    "not square": Case(
        lambda root: saved(root, "wide.png", Image.fromarray(pixels(8, 12, 3))),
        "a/wide.png has 12×8 pixels, and images are square: give a resolution to cut them to",
    ),
    "a pickled array": Case(
        lambda root: array(root, "o.npy", np.array([{}])), "a/o.npy is an array of object, and pictures are uint8"
    ),
    "numbers that are not finite": Case(
        lambda root: [array(root, f"{n}.npy", np.full((8, 8, 3), np.nan, np.float32)) for n in range(1)] and
        [path.unlink() for path in root.rglob("*.png")] and root,
        "a/0.npy (numbers that are not finite); mend or remove them",
    ),
    "a class that cannot be read": Case(heic, "none of the 1 pictures of class 'c' can be read, '0.heic' among them"),
    "links in a circle": Case(
        linked, "  1 × a link that leads nowhere, or no file\n  1 × a link to a folder that is read already", code=0
    ),
    "names that are no UTF-8": Case(not_utf8, "guessed class: a, b, caf\\xe9 (folders)", code=0),
    "HTML and markup in class names": Case(html, "guessed class: \\x1b[31mz, <b>x<, [red] (folders)", code=0),
    "an empty folder": Case(empty, "set looks like no format known (no files at all): name its format with --from"),
    "a folder of other files": Case(
        lambda root: only(root, "a.txt"), "set looks like no format known (1 × .txt): name its format with --from, one"
    ),
    "one picture": Case(
        lambda root: folders(root) / "a" / "0.png", "a/0.png is one picture: name the folder that it is in"
    ),
    "nothing there": Case(lambda root: root, "set does not exist: name a folder or file that does"),
    "a misspelt split beside others": Case(
        lambda root: folders(root, "train", "val", "tset"),
        "'tset/a/0.png' is in none of train, val and test: rename 'tset' to 'test', or move it",
    ),
    "misspelt splits": Case(
        lambda root: folders(root, "train", "valdation", "tst"),
        "set has a folder 'tst', which is no split: rename it to 'test', or if it is a class, put all classes into",
    ),
    "pictures outside of the splits": Case(
        lambda root: folders(folders(root, "train", "test"), "."),
        "set has folders of splits, and 'a/0.png' is in none of train, val and test: move it",
    ),
    "one class": Case(
        one_class, "note: {root}: all pictures are of the one class 'a'", code=0
    ),
    "one class, checked": Case(
        one_class, "wrong: all pictures are of the one class 'a', so that there is nothing to tell apart", {}, CHECK, 1
    ),
    "one folder": Case(
        lambda root: [put(root / "a" / f"{n}.png", encoded()) for n in range(24)] and root,
        "note: {root}: all pictures lie in the one folder 'a', which is taken for no class", code=0,
    ),
    "a class with one picture": Case(
        lambda root: [folders(root, "train", "val", "test"), put(root / "test" / "c" / "0.png")] and root,
        "note: {root}: no training picture is of class 'c'", code=0,
    ),
    "a rare class": Case(
        lambda root: ([put(folders(root, "train", "val", "test") / "train" / "a" / f"_{n}.png") for n in range(38)] and
        put(root / "train" / "d" / "0.png")) or root,
        "note: {root}: rare classes, of fewer than 5 training pictures: 'd'; every budget has a label of each", code=0,
    ),
    "the same picture in two splits": Case(
        leaking, "wrong: 1 training picture is nearly or exactly the same as one of validation or test", {}, CHECK, 1
    ),
    "a picture out of the root in a CSV": Case(
        lambda root: table(root, *ROWS, "../x.png,x"),
        "t.csv, row 26 names '../x.png', which lies outside: name files below the folder, relative to the table",
    ),
    "an absolute path in a CSV": Case(
        lambda root: table(root, *ROWS, "/etc/x.png,x"), "t.csv, row 26 names '/etc/x.png', which lies outside"
    ),
    "a missing file in a CSV": Case(
        lambda root: table(root, *ROWS, "a/none.png,x"), "row 26 names 'a/none.png', which is not there: restore it"
    ),
    "duplicate rows": Case(
        lambda root: table(root, *ROWS, ROWS[0]),
        "row 26 names 'a/0.png' again, after {root}/t.csv, row 2: keep one of them",
    ),
    "a missing column of files": Case(
        lambda root: table(root, *ROWS, header="picture,label"),
        "t.csv has no column of files (file_name, filename, file, path, image, image_path, filepath, img) but picture,",
        {"--from": "table"},
    ),
    "a missing column of classes": Case(
        lambda root: table(root, *ROWS), "t.csv has no column 'labl', which `class_column` names: did you mean 'label'",
        {"class_column": "labl", "--from": "table"},
    ),
    "NaN as a label": Case(
        lambda root: table(root, "a/0.png,nan", *ROWS[1:]), "row 2 has 'nan' as class for 'a/0.png': fill it in"
    ),
    "NaN as a label in Parquet": Case(parquet, "t.parquet, row 2 has no class for 'b/1.png': fill it in"),
    "a misspelt split in a CSV": Case(
        lambda root: table(root, *(f"{row},trian" for row in ROWS), header="file,label,split"),
        "row 2 has 'trian' as split of 'a/0.png', none of train, val and test: did you mean 'train'? Mend it, or draw",
    ),
    "a row too short": Case(lambda root: table(root, *ROWS, "a/0.png"), "t.csv, row 26: 1 values for 2 columns",
                            {"--from": "table"}),
    "a quote that does not end": Case(
        lambda root: table(root, ROWS[0].replace(",", ',"'), *ROWS[1:]),
        "t.csv cannot be read (unexpected end of data): save it as CSV in UTF-8", {"--from": "table"},
    ),
    "semicolons": Case(
        lambda root: table(root, *(row.replace(",", ";") for row in ROWS), header="file;label"),
        "t.csv has columns with ';' between them: save it with commas, or tabs as .tsv", {"--from": "table"},
    ),
    "a CSV in UTF-16": Case(
        lambda root: table(root, *ROWS, encoding="utf-16"), "t.csv cannot be read ('utf-8' codec can't",
        {"--from": "table"},
    ),
    "a mask of another size": Case(
        lambda root: maps(root, "mask", np.ones((8, 9), np.uint8)),
        "a/2.png ({root}/t.csv, row 4: 'm2.png' has 9×8 pixels",
    ),
    "a mask of unknown numbers": Case(
        lambda root: maps(root, "mask", np.full((8, 8), 9, np.uint8)),
        "t.csv, row 4: 'm2.png' holds 9, and masks hold 0 for nothing and 1 to 2 for the classes: mend it",
    ),
    "depth in an unknown unit": Case(
        lambda root: maps(root, "depth", np.full((8, 8), 9000, np.uint16)),
        "t.csv, row 2: 'm0.png' holds whole numbers, whose unit",
    ),
    "a member of a tar file that leads out of it": Case(
        lambda root: tar(root, ("../../x.png", PICTURE)), "  1 × its name leads out of the tar file", code=0
    ),
    "a tar file that ends early": Case(
        lambda root: tar(root, write=lambda data: data[:3000]),
        "0.tar is no whole uncompressed tar file (unexpected end of data): make it again",
    ),
    "a compressed tar file": Case(
        lambda root: tar(root, write=gzip.compress),
        "0.tar is no whole uncompressed tar file (it is compressed by gzip): make it again",
    ),
    "a class in a tar file that is no number": Case(
        lambda root: tar(root, ("x.png", PICTURE), ("x.cls", b"cat")), "a .cls member is no class number ("
    ),
    "a sample without a class": Case(
        lambda root: tar(root, ("x.png", PICTURE)), "sample 0.tar/x has no class (.cls), and others have: label"
    ),
    "a zip archive that ends early": Case(
        lambda root: archive(root, write=lambda data: data[:500]),
        "set.zip is not a whole zip archive (File is not a zip file): unpack or download it again",
    ),
    "a member of a zip archive that leads out of it": Case(
        lambda root: archive(root, ("../../out.png", PICTURE)), "  1 × its name leads out of the archive", code=0
    ),
    "no HDF5": Case(lambda root: only(root, "set.h5", b"nope") / "set.h5", "set.h5 is no whole HDF5 file"),
    "channels last in HDF5": Case(
        lambda root: hdf5(root, images=pixels(36, 8, 8, 3)),
        "`images` has the shape [36, 8, 8, 3], and images are [N, 3, H, H]: transpose or cut it",
    ),
    "rows missing in HDF5": Case(
        lambda root: hdf5(root, targets=np.arange(35)), "`targets` has 35 rows for 36 images: make it again"
    ),
    "NaN as a label in HDF5": Case(
        lambda root: hdf5(root, targets=np.array([np.nan] * 36)),
        "set.h5: `targets` holds nan, and classes are whole numbers from 0 on: fill it in, or remove the row",
    ),
    "negative labels": Case(
        lambda root: hdf5(root, targets=np.full(36, -1)), "`targets` holds -1, and classes are whole numbers from 0 on"
    ),
    "masks of another size in HDF5": Case(
        lambda root: hdf5(root, semantic=np.zeros((36, 9, 9), np.uint8)),
        "`semantic` has 9×9 pixels, and images have 8 a side: scale it to them",
    ),
    "masks of unknown numbers in HDF5": Case(
        lambda root: hdf5(root, semantic=np.full((36, 8, 8), 9, np.uint8)),
        "of 'set': target 'semantic' is not within 0 to 3 in 36 images, number 0 of the file the first: mend it",
    ),
    "depth in another unit": Case(
        lambda root: hdf5(root, depth=np.full((36, 8, 8), 99_999, np.int32)),
        "set.h5: `depth` reaches 99999, and 65504 is the most: give it in a larger unit, such as metres",
    ),
    "an export with another split": Case(
        lambda root: exported(root, lambda row: row.replace(row.split(",")[1], "trian", 2)),
        "annotations.csv, line 2: split is not as expected ('trian'): mend it",
    ),
    "a dataset folder": Case(damaged, "set is a dataset folder already: use it as it is (`source: folder` in a study)"),
    "a damaged dataset folder": Case(damaged, "set/dataset.json cannot be read (Expecting property name", {}, CHECK),
    "an unknown format": Case(
        folders, "unknown format 'imagenet': choose one of arrays, folder, hdf5", {"--from": "imagenet"}
    ),
    "a misspelt option": Case(folders, "unknown key 'resolutoin': did you mean 'resolution'", {"resolutoin": 8}),
    "a wrong option": Case(folders, "key 'fit' is 'squish': input should be 'crop'", {"fit": "squish"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_sentence(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(endings, "find_spec", lambda package: None)
    for known in (endings.picture_formats, endings.picture_endings):
        known.cache_clear()
    case, root = CASES[name], tmp_path / "set"
    path = case.make(root)
    capsys.readouterr()
    out = [tmp_path / "out"] if case.verb == "import" else []
    options = [part for key, value in case.options.items() if key.startswith("--") for part in (key, value)]
    keys = [f"{key}={value}" for key, value in case.options.items() if not key.startswith("--")]
    code = run("data", case.verb, path, *out, *keys, *options)
    said = capsys.readouterr()
    told = said.err if code else said.out + said.err
    assert case.sentence.replace("{root}", str(root)) in told
    assert code == case.code
    if code == 2:
        assert said.err.startswith("error: ")
        assert len(said.err.splitlines()) == 1
        assert not list(tmp_path.glob("out*")), "nothing is left of it"


def test_a_set_that_does_not_fit_the_disk_is_refused_before_anything_is_written(tmp_path, capsys, monkeypatch):
    folders(tmp_path / "set")
    monkeypatch.setattr(sys, "argv", [])
    room = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: room(10**9, 10**9, 10**6))
    monkeypatch.setattr("headstart.data.exchange.shards.write_shard", None)
    code = run("data", "import", tmp_path / "set", tmp_path / "out", "resolution=512")
    error = capsys.readouterr().err
    assert code == 2
    assert "error: 24 images of 512 pixels a side take 18.9 MB, and the disk of" in error
    assert "has 1.0 MB left: free some, name another place, or lower the resolution" in error
    assert not (tmp_path / "out").exists()


def test_a_budget_below_the_classes_and_one_above_the_images_are_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [])
    folders(tmp_path / "set", "train", "val", "test")
    source = json.dumps({"source": "images", "path": str(tmp_path / "set")})
    for budgets, sentence in (
        ("[1, 8]", "budget 1 is smaller than the 2 classes, so some class would have no label: raise it to at least 2"),
        ("[2, 99]", "budget 99 is larger than the training split of 24 images: lower it to at most 24"),
        ('["0%", "50%"]', "'0%'"),
        ('["1%", "2 %x"]', "'2 %x'"),
    ):
        assert run("study", "plan", "quickstart", f"dataset={source}", f"budgets={budgets}") == 2
        assert sentence in capsys.readouterr().err
