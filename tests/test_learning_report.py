"""``benchmarks/learning_report.py``: what stands beside what in the tables of how methods learn."""

import json
from pathlib import Path

import pytest

from headstart.errors import ConfigError

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
LONG, SHORT = 819_200, 204_800
BATCH = 64


@pytest.fixture
def learning(monkeypatch):
    """The module, whose chart is not drawn."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import learning_report

    monkeypatch.setattr(learning_report, "save_figure", lambda figure, out: None)
    return learning_report


@pytest.fixture
def folder(tmp_path):
    """CMC on ``T---`` as it is, long and short, and with a higher rate; random weights beside it."""
    write(tmp_path / "pieces", "random", "", 0, 0.2)
    write(tmp_path / "pieces", "cmc", "", LONG, 0.5)
    write(tmp_path / "pieces", "cmc", "", SHORT, 0.4)
    write(tmp_path / "pieces", "cmc", "pretrain.lr=0.01", SHORT, 0.3)
    return tmp_path / "pieces"


def write(folder, arm, setting, steps, accuracy, variant="T---"):
    """A piece that knows ``accuracy`` when it ends, and none of it before."""
    folder.mkdir(exist_ok=True)
    looks = sorted({0, steps})
    points = [
        {"step": images // BATCH, "images": images, "accuracy": accuracy if images == steps else 0.1, "error": 0.01}
        for images in looks
    ]
    ends = {"loss": 1.5, "effective_rank": 7.0}
    piece = {
        "piece": {"arm": arm, "variant": variant, "setting": setting, "steps": steps, "quick": False},
        "points": [points[0], points[-1] | ends] if steps else [points[0] | {"accuracy": accuracy}],
        **{"seconds": 10.0, "failure": None, "image_steps_per_second": 1000.0, "labels": 2000, "tested": 2000},
    }
    (folder / f"{arm} {variant} {setting} {steps}.json").write_text(json.dumps(piece))


def test_a_changed_setting_stands_below_its_method_pretrained_as_long(learning, folder):
    table = learning.varied_table(learning.read_points(folder))
    assert table[["setting", "length", f"accuracy_{SHORT}"]].to_dict("list") == {
        "setting": ["", "pretrain.lr=0.01"],
        "length": [SHORT, SHORT],
        f"accuracy_{SHORT}": [0.4, 0.3],
    }


def test_it_stands_below_a_longer_one_where_there_is_no_other(learning, folder):
    (folder / f"cmc T---  {SHORT}.json").unlink()
    assert learning.varied_table(learning.read_points(folder))["length"].tolist() == [LONG, SHORT]


def test_methods_as_they_are_are_shown_at_their_longest_beside_controls(learning, folder, tmp_path):
    learning.report(folder, tmp_path)
    rows = [line for line in (tmp_path / "learning.md").read_text().splitlines() if line.startswith("| `T---` | CMC")]
    as_it_is = "| `T---` | CMC | 20.0 % | – | 10.0 % ± 1.0 | – | – | – | 50.0 % ± 1.0 | 1,000 |"
    assert rows[0] == as_it_is
    assert [row.split(" | ")[2] for row in rows[1:]] == ["as it is (batches of 64)", "`lr=0.01`"]


def test_what_is_added_replaces_the_same_piece_of_the_same_length_alone(learning, folder, tmp_path):
    learning.report(folder, tmp_path)
    write(tmp_path / "later", "cmc", "", SHORT, 0.45)
    write(tmp_path / "later", "vae", "", SHORT, 0.25, "TCVL")
    learning.report(tmp_path / "later", tmp_path, add=True)
    points = learning._reported(tmp_path)
    ends = points[points["images"] == points["length"]].set_index(["piece", "length"])["accuracy"].to_dict()
    assert ends == {
        ("random T---", 0): 0.2,
        ("cmc T---", LONG): 0.5,
        ("cmc T---", SHORT): 0.45,
        ("cmc T--- pretrain.lr=0.01", SHORT): 0.3,
        ("vae TCVL", SHORT): 0.25,
    }
    assert learning.reported_pieces(tmp_path) == set(ends)


def test_what_is_written_around_the_tables_stays(learning, folder, tmp_path):
    page = tmp_path / "learning.md"
    page.write_text(f"# Before\n\n{learning.FIRST}\nold\n{learning.LAST}\n\nAfter.\n")
    learning.report(folder, tmp_path)
    text = page.read_text()
    assert (text.startswith("# Before\n"), text.endswith("\nAfter.\n"), "old" in text) == (True, True, False)
    page.write_text("# Without marks\n")
    with pytest.raises(ConfigError, match="has no tables to replace"):
        learning.report(folder, tmp_path)


def test_what_is_not_there_is_named(learning, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(ConfigError, match="has no pieces: measure some"):
        learning.read_points(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"learning-curves\.csv is missing"):
        learning.reported_pieces(tmp_path / "none")


def test_beyond_leaves_out_what_was_reported_as_long(learning, folder, tmp_path):
    import learning as command

    learning.report(folder, tmp_path)
    asked = ["run", str(tmp_path / "new"), "--only", "cmc", "--variants", "T---", "--beyond", str(tmp_path)]
    left = {errand.piece.title for errand in command._errands(command._parser().parse_args(asked))}
    assert "cmc T--- pretrain.lr=0.001" in left
    assert not left & {"random T---", "cmc T---", "cmc T--- pretrain.lr=0.01"}
    longer = command._errands(command._parser().parse_args([*asked, "--steps", "409600"]))
    assert "cmc T---" in {errand.piece.title for errand in longer}
