"""Runs beside each other: listed, compared, and written by one process at a time."""

import html
import io
import re
from contextlib import ExitStack

import pytest
from in_process import TINY, Here
from PIL import Image

from headstart.api import Study, prepare_study
from headstart.cli import main
from headstart.errors import ConfigError, StoreError
from headstart.runs import compare_studies, list_runs
from headstart.study.config.study import StudyConfig
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.launchers import LAUNCHERS


def said(capsys, monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["headstart", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two that differ, and one that was only begun."""
    folder = tmp_path_factory.mktemp("beside")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LAUNCHERS, "local", Here)
        for values in (TINY, TINY | {"name": "two", "budgets": [10, 30], "controls": []}):
            prepared = prepare_study(StudyConfig(**values), out=folder / "runs", store=folder / "store")
            prepared.execute()
            Study(prepared.run).report()
    prepare_study(StudyConfig(**TINY | {"name": "begun", "seed": 3}), out=folder / "runs", store=folder / "store")
    (folder / "runs" / "notes").mkdir()
    return folder / "runs"


def test_runs_are_listed_with_how_far_they_are_and_their_answers(runs, capsys, monkeypatch):
    found = list_runs(runs).set_index("run")
    assert set(found.index) == {"one", "two", "begun"}
    assert (found["done"] == found["jobs"]).to_dict() == {"one": True, "two": True, "begun": False}
    assert found.loc["one", "answer"] == Study.load(runs / "one").tables.verdict.headline
    assert found.loc["begun", "answer"] == ""
    listed = said(capsys, monkeypatch, "study", "list", "--out", runs, "--names").split()
    assert set(listed) == {str(runs / name) for name in ("one", "two", "begun")}


def test_a_folder_without_runs_says_so(tmp_path):
    with pytest.raises(StoreError, match=r"there are no studies in .*: run one, or name the folder of runs with --out"):
        list_runs(tmp_path)


def test_what_runs_differ_in_and_what_they_found_stand_side_by_side(runs, capsys, monkeypatch):
    found = compare_studies([runs / "one", runs / "two"])
    assert found.settings.set_index("key").to_dict("index") == {
        "budgets": {"one": "[10, 20]", "two": "[10, 30]"},
        "controls": {"one": "['blind']", "two": "[]"},
    }
    assert found.same_images
    for name in ("one", "two"):
        alone = Study.load(runs / name)
        assert found.answers[name] == alone.tables.verdict.headline
        mine = found.utility[found.utility["run"] == name]["utility"]
        assert mine.tolist() == pytest.approx(alone.utility["utility"].tolist(), nan_ok=True)
    page = said(capsys, monkeypatch, "study", "compare", runs / "one", runs / "two")
    assert re.search(r"scratch +finetune +30 +– +\d", page)
    assert "two: " in page


def test_blocks_that_one_run_lacks_are_one_row_and_other_images_are_told(runs):
    changed = TINY | {
        "name": "third",
        "dataset": TINY["dataset"] | {"factors": "T---"},
        "arms": {"rotation": {}, "vae": {}},
    }
    prepare_study(StudyConfig(**changed), out=runs, store=runs.parent / "store")
    found = compare_studies([runs / "one", runs / "third"])
    assert found.settings.set_index("key").loc["arms.vae"].to_dict() == {"one": "–", "third": "there"}
    assert not found.same_images


def test_one_run_is_not_compared(runs):
    with pytest.raises(ConfigError, match="one run is compared with nothing: name two or more"):
        compare_studies([runs / "one"])


def test_a_run_folder_is_written_by_one_process_at_a_time(runs):
    prepared = prepare_study(StudyConfig(**TINY), out=runs, store=runs.parent / "store")
    refusal = pytest.raises(StoreError, match=r"another process is running a study into .*one: wait for its end, or")
    with ExitStack() as other:
        other.enter_context(RunFolder(runs / "one").held())
        with refusal:
            prepare_study(StudyConfig(**TINY), out=runs, store=runs.parent / "store")
        with refusal:
            prepared.execute()
    prepared.execute()


def test_a_study_shows_its_answer_and_its_charts(runs):
    study = Study.load(runs / "one")
    headline = study.tables.verdict.headline
    assert repr(study).startswith(headline)
    assert f"<strong>{html.escape(headline)}</strong>" in study._repr_html_()
    assert str(runs / "one" / "report.html") in study._repr_html_()
    assert f'<th style="text-align: right">{study.utility["labels"].max()}</th>' in study._repr_html_()
    picture, shown = study.figures["accuracy"]._repr_png_()
    with Image.open(io.BytesIO(picture)) as opened:
        assert opened.size == (2 * shown["width"], 2 * shown["height"])


def test_a_comparison_shows_what_differs_and_both_answers(runs):
    found = compare_studies([runs / "one", runs / "two"])
    assert repr(found).startswith("What they differ in: controls, budgets.")
    for answer in found.answers.values():
        assert html.escape(answer) in found._repr_html_()
    assert repr(compare_studies([runs / "one", runs / "one" / ".." / "one"])).startswith("They have the same settings.")
