"""What `data check` says of anything that can be imported, and the code that it ends with."""

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.cli import main
from headstart.data.exchange import FORMATS
from headstart.data.exchange.transfer import export_folder, import_folder
from headstart.data.viewing.findings import findings, summary
from headstart.data.viewing.inspect import inspect
from headstart.errors import ConfigError
from headstart.folder import read_folder
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset

DOCS = Path(__file__).parents[2] / "docs" / "own-data.md"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    render_dataset(folder, RenderConfig(images=48, resolution=16, samples=1, targets="all", shard_size=20), workers=1)
    return folder


def put(path, seed, side=16, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    pixels = (random.integers(40, 216, (5, 5, 1)) + random.integers(-40, 40, (1, 1, 3))).astype(np.uint8)
    Image.fromarray(pixels).resize((side, side)).save(path, **options)


@pytest.fixture
def pictures(tmp_path):
    """Eight of each of two classes in train, two in val and test."""
    seed = 0
    for split, count in (("train", 8), ("val", 2), ("test", 2)):
        for label in "ab":
            for number in range(count):
                put(tmp_path / "set" / split / label / f"{number}.png", seed)
                seed += 1
    return tmp_path / "set"


def said(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["headstart", "data", "check", *map(str, arguments)])
    with pytest.raises(SystemExit) as gone:
        main()
    output = capsys.readouterr()
    return gone.value.code, output.out, output.err.strip()


@pytest.mark.parametrize("name", [None, *sorted(FORMATS)])
def test_every_format_is_seen_alike(name, rendered, tmp_path):
    folder = rendered
    if name:
        folder = tmp_path / "out"
        export_folder(rendered, name, folder)
    found = summary(inspect(folder))
    expected = summary(inspect(rendered))
    assert found["format"] == (name or "dataset folder")
    for key in ("images", "classes", "imbalance", "channels", "dtype", "sizes", "budgets"):
        assert found[key] == expected[key], key
    for key in ("identical", "near", "across_splits", "in_training"):
        assert found["duplicates"][key] == expected["duplicates"][key], key
    labels = read_folder(rendered)[1]["target.class"].numpy()
    assert [sum(split.values()) for split in found["classes"].values()] == np.bincount(labels, minlength=10).tolist()


def test_a_sound_set_is_fine(pictures, capsys, monkeypatch):
    code, out, err = said(capsys, monkeypatch, pictures)
    assert (code, err) == (0, "")
    assert "(folder): 24 pictures, RGB of 8 bits, 16×16 pixels" in out
    assert [line.split() for line in out.splitlines()[2:5]] == [
        ["all", "16", "4", "4"],
        ["a", "8", "2", "2"],
        ["b", "8", "2", "2"],
    ]
    assert "guessed split: train, val, test (folders test, train, val)" in out
    assert "budgets to begin with: 2, 8" in out
    assert "nothing was found that would spoil a study" in out


def test_json_is_one_object_with_the_keys_that_are_documented(pictures, capsys, monkeypatch):
    (pictures / "train" / "a" / "[red]notes.txt").touch()
    put(pictures / "train" / "a" / "wide.png", 99, side=32)
    code, out, _ = said(capsys, monkeypatch, pictures, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["sizes"] == {
        "different": 2,
        "smallest": [16, 16],
        "largest": [32, 32],
        "most_frequent": [16, 16],
        "aspects": [1.0, 1.0],
    }
    assert found["skipped"] == {"no picture (.txt)": 1}
    documented = re.findall(r"^\| `(\w+)` \|", DOCS.read_text().split("`data check --json`")[1], flags=re.MULTILINE)
    assert list(found) == documented


def test_what_spoils_a_study_is_told_and_ends_with_1(pictures, capsys, monkeypatch):
    copied = (pictures / "train" / "b" / "3.png").read_bytes()
    (pictures / "test" / "a" / "[red]copy.png").write_bytes(copied)
    put(pictures / "val" / "b" / "again.jpg", 0, quality=85)
    (pictures / "train" / "a" / "cut.png").write_bytes(copied[:200])
    (pictures / "train" / "a" / "text.png").write_text("no picture")
    put(pictures / "val" / "c" / "0.png", 77)
    code, out, err = said(capsys, monkeypatch, pictures)
    lines = err.splitlines()
    assert code == 1
    assert "2 of 29 pictures cannot be read: train/a/cut.png (image file is truncated" in lines[-3]
    assert "train/a/text.png (no picture); mend or remove them" in lines[-3]
    assert lines[-2].startswith(
        "wrong: 2 training pictures are nearly or exactly the same as one of validation or test"
    )
    assert "`dataset.duplicates=drop`" in lines[-2]
    assert lines[-1] == "wrong: no training picture is of class 'c': add some, or remove the class"
    assert "note: of pictures that repeat another, 1 do so exactly and 1 nearly" in lines
    assert any("same as one of another class (test/a/[red]copy.png and train/b/3.png)" in line for line in lines)
    assert "nothing was found" not in out


def test_one_class_and_a_rare_one_are_told(tmp_path):
    for number in range(24):
        put(tmp_path / "one" / ("train", "val", "test")[number % 3] / "a" / f"{number}.png", number)
        put(tmp_path / "two" / "a" / f"{number}.png", number)
    put(tmp_path / "two" / "b" / "alone.png", 99)
    assert any("all pictures are of the one class 'a'" in text for text in findings(inspect(tmp_path / "one")))
    found = summary(inspect(tmp_path / "two"))
    assert sum(found["classes"]["b"].values()) == 1
    assert any("'a' has" in note for note in found["notes"]) or any("class 'b'" in text for text in found["findings"])


def test_classes_that_a_dataset_names_and_does_not_have_are_told(pictures, tmp_path):
    import_folder(pictures, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "dataset.json").read_text())
    manifest["classes"].append("[red]")
    (tmp_path / "out" / "dataset.json").write_text(json.dumps(manifest))
    assert findings(inspect(tmp_path / "out")) == [
        "no training picture is of class '[red]': add some, or remove the class"
    ]


def test_an_altered_export_is_checked_like_any_other(rendered, tmp_path):
    export_folder(rendered, "folder", tmp_path / "out")
    table = tmp_path / "out" / "annotations.csv"
    rows = list(csv.reader(table.read_text().splitlines()))
    victim = tmp_path / "out" / rows[1][0]
    victim.write_bytes(victim.read_bytes()[:40])
    found = summary(inspect(tmp_path / "out"))
    assert found["bad"]["first"] == [rows[1][0]]
    assert sum(found["images"].values()) == 47


def test_arrays_have_the_sizes_that_they_have(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((60, 30, 50, 3), np.uint8), labels=np.arange(60) % 2)
    assert inspect(tmp_path / "a.npz").sizes == {(50, 30): 60}


def test_a_dataset_folder_takes_no_keys(rendered):
    with pytest.raises(ConfigError, match="is a dataset folder, which is taken as it is: leave out foo"):
        inspect(rendered, options={"foo": 1})
