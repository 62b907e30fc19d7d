"""Pictures that a table names: which columns are which, and what each wrong row is answered with."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data.exchange.transfer import guess_format, import_folder, open_reader
from headstart.data.sources import SOURCES
from headstart.errors import DataError
from headstart.folder import read_folder


def put(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), value, dtype=np.uint8)).save(path)


@pytest.fixture
def pictures(tmp_path):
    for number in range(24):
        put(tmp_path / "set" / "images" / f"{number}.png", number)
    return tmp_path / "set"


def rows(count=24):
    return [
        (f"images/{number}.png", ("10", "9")[number % 2], ("train", "dev", "Test")[number % 3])
        for number in range(count)
    ]


def written(folder, lines, name="labels.csv", header="filename,label,split"):
    (folder / name).write_text("\n".join([header, *(",".join(line) for line in lines)]) + "\n")
    return folder / name


def test_a_table_tells_classes_and_splits_whatever_folders_say(pictures, tmp_path):
    table = written(pictures, rows(23))
    assert guess_format(pictures) == guess_format(table) == "table"
    for path in (pictures, table):
        reader = open_reader(path, "table", {})
        assert reader.manifest.classes == ("9", "10"), "numbers are in the order of their values"
        assert reader.labels[:2].tolist() == [1, 0]
        assert reader.splits[:3].tolist() == [0, 1, 2]
        assert {one.file: one.reason for one in reader.account.skipped} == {"images/23.png": "not in the table"}
    import_folder(pictures, tmp_path / "out")
    tensors = read_folder(tmp_path / "out")[1]
    assert tensors["images"][:, 0, 0, 0].tolist() == list(range(23))
    first = SOURCES["table"](path=table)
    identity = first.identity()
    put(pictures / "images" / "0.png", 99)
    assert SOURCES["table"](path=table).identity() != identity, "the pictures count, not the table alone"


@pytest.mark.parametrize("prefix", ["./images/", ".\\images\\", "images//"])
def test_paths_as_other_tools_write_them(pictures, prefix):
    """The first row names a picture that is gone, which is its own mistake and does not make the table none."""
    lines = [(prefix + path.removeprefix("images/"), label, split) for path, label, split in rows()]
    written(pictures, lines)
    assert guess_format(pictures) == "table"
    assert open_reader(pictures, "table", {}).manifest.classes == ("9", "10")
    written(pictures, [("images/gone.png", "9", "train"), *lines])
    assert guess_format(pictures) == "table"
    with pytest.raises(DataError, match=r"row 2 names 'images/gone.png', which is not there"):
        open_reader(pictures, "table", {})


def test_tables_in_the_folders_of_splits_as_hugging_face_has_them(tmp_path):
    for split, count in (("train", 6), ("validation", 3), ("test", 3)):
        names = [f"{number}.png" for number in range(count)]
        for number, name in enumerate(names):
            put(tmp_path / split / name, number)
        frame = pd.DataFrame({"file_name": names, "label": ["cat", "dog", "cat"] * (count // 3)})
        frame.to_parquet(tmp_path / split / "metadata.parquet")
    reader = open_reader(tmp_path, guess_format(tmp_path), {})
    assert reader.manifest.classes == ("cat", "dog")
    assert dict(reader.manifest.counts) == {"train": 6, "val": 3, "test": 3}
    assert not reader.account.skipped


def test_columns_are_named_by_options_or_left_out(pictures):
    header = "picture,kind,fold"
    written(pictures, [(file, "ab"[row % 2], str(row % 5)) for row, (file, *_) in enumerate(rows())], header=header)
    assert guess_format(pictures) == "folder"
    with pytest.raises(
        DataError, match=r"labels.csv has no column of files \(file_name.*but picture, kind, fold: name"
    ):
        open_reader(pictures, "table", {})
    named = {"path_column": "picture", "class_column": "kind"}
    with pytest.raises(DataError, match=r"row 2 has '0' as split of 'images/0.png', none of .*split_column=none"):
        open_reader(pictures, "table", named)
    assert open_reader(pictures, "table", named | {"split_column": "none"}).manifest.classes == ("a", "b")
    with pytest.raises(DataError, match=r"no column 'kimd', which `class_column` names: did you mean 'kind'"):
        open_reader(pictures, "table", named | {"class_column": "kimd"})


def test_of_several_tables_one_is_named(pictures):
    written(pictures, rows())
    written(pictures, rows(12), "part.csv")
    with pytest.raises(DataError, match=r"not one table alone: name one that it has with `table`"):
        open_reader(pictures, "table", {})
    assert len(open_reader(pictures, "table", {"table": "part.csv"})) == 12
    with pytest.raises(DataError, match=r"has no table 'prt.csv'"):
        open_reader(pictures, "table", {"table": "prt.csv"})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("images/99.png", "9", "train"), "row 26 names 'images/99.png', which is not there: restore it"),
        (("../other.png", "9", "train"), r"row 26 names '../other.png', which lies outside"),
        (("/etc/x.png", "9", "train"), "row 26 names '/etc/x.png', which lies outside"),
        (("C:\\x.png", "9", "train"), r"row 26 names 'C:\\x.png', which lies outside"),
        (("images/0.png", "9", "train"), r"row 26 names 'images/0.png' again, after .*row 2: keep one"),
        (("images/../images/0.png", "9", "train"), r"row 26 names 'images/../images/0.png' again"),
        (("images/24.png", " ", "train"), "row 26 has no class for 'images/24.png': fill it in"),
        (("images/24.png", "9", ""), "row 26 has '' as split of 'images/24.png'"),
        (("images/24.exr", "9", "train"), "row 26 names 'images/24.exr', which ends like no picture"),
        (("", "9", "train"), "row 26 names no file"),
        (("images/24.png", "9"), "row 26: 2 values for 3 columns"),
    ],
)
def test_a_wrong_row_is_refused_by_file_and_number(pictures, row, message):
    put(pictures / "images" / "24.png", 24)
    written(pictures, [*rows(), row])
    with pytest.raises(DataError, match=rf"labels.csv, {message}"):
        open_reader(pictures, "table", {})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"file,label\nimages/0.png,caf\xe9\n", "t.csv cannot be read .*save it as CSV in UTF-8"),
        ("t.parquet", b"PAR1", "is no whole Parquet file"),
        ("t.csv", b"file,label\n", "names no pictures"),
    ],
)
def test_a_damaged_table_is_refused(pictures, name, content, message):
    (pictures / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_reader(pictures, "table", {})
