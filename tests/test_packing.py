"""A run in one file: read elsewhere as where it was run, and nothing else is taken for one."""

import json
import zipfile

import pandas as pd
import pytest
from in_process import TINY, Here

from headstart.api import Study, prepare_study
from headstart.cli import main
from headstart.errors import StoreError
from headstart.exporting import export_weights
from headstart.packing import pack_run, unpack_run
from headstart.study.config.study import StudyConfig
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.launchers import LAUNCHERS


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LAUNCHERS, "local", Here)
        prepared = prepare_study(StudyConfig(**TINY), out=folder / "runs", store=folder / "store")
        prepared.execute()
    return prepared.run.folder


def test_a_packed_run_reads_elsewhere_as_where_it_was_run(run, tmp_path):
    file = pack_run(run, tmp_path)
    assert file == tmp_path / "one.zip"
    folder = unpack_run(file, tmp_path / "runs")
    assert folder == tmp_path / "runs" / "one"
    here, there = Study.load(run), Study.load(folder)
    pd.testing.assert_frame_equal(there.results, here.results)
    pd.testing.assert_frame_equal(there.utility, here.utility)
    assert there.report().exists()
    with pytest.raises(StoreError, match="was run on another machine and came without weights: export there"):
        export_weights(folder, "rotation")


def test_the_same_run_gives_the_same_file_which_names_no_folder_of_this_machine(run, tmp_path):
    first, again = pack_run(run, tmp_path / "a"), pack_run(run, tmp_path / "b")
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as archive:
        contents = b"".join(archive.read(name) for name in archive.namelist())
    assert str(run.parent.parent).encode() not in contents
    assert not {"report.html", ".lock"} & {name.split("/")[-1] for name in archive.namelist()}


def test_drawing_what_others_measured_keeps_their_machine(run, tmp_path):
    folder = unpack_run(pack_run(run, tmp_path), tmp_path / "runs")
    path = folder / "environment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"processor": "Another"}))
    prepare_study(StudyConfig(**TINY), out=tmp_path / "runs", store=tmp_path / "store").collect()
    assert json.loads(path.read_text())["processor"] == "Another"
    assert Study.load(folder).complete


def test_a_run_in_the_way_is_kept_unless_it_is_to_be_replaced(run, tmp_path):
    file = pack_run(run, tmp_path)
    folder = unpack_run(file, tmp_path / "runs")
    mark = folder / "mine"
    mark.touch()
    with pytest.raises(StoreError, match=r"runs/one is there already: .*--out, or say --replace to put one\.zip"):
        unpack_run(file, tmp_path / "runs")
    assert mark.exists()
    unpack_run(file, tmp_path / "runs", replace=True)
    assert not mark.exists()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]


def test_what_is_no_run_is_never_replaced_and_neither_is_one_that_is_running(run, tmp_path):
    file = pack_run(run, tmp_path)
    work = tmp_path / "papers" / "one" / "chapter.tex"
    work.parent.mkdir(parents=True)
    work.touch()
    with pytest.raises(StoreError, match=r"papers/one is no run, so that nothing is put in its place: .*--out"):
        unpack_run(file, tmp_path / "papers", replace=True)
    assert work.exists()
    folder = unpack_run(file, tmp_path / "runs")
    with RunFolder(folder).held(), pytest.raises(StoreError, match="another process is running a study into"):
        unpack_run(file, tmp_path / "runs", replace=True)
    assert Study.load(folder).complete


def test_a_place_that_cannot_be_written_is_named(run, tmp_path):
    (tmp_path / "taken").touch()
    file = pack_run(run, tmp_path)
    for work in (lambda: unpack_run(file, tmp_path / "taken"), lambda: pack_run(run, tmp_path / "taken")):
        with pytest.raises(StoreError, match=r"taken.* cannot be written \("):
            work()


def rewritten(source, path, *, without=(), **members):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if name.split("/")[-1] not in without:
                new.writestr(name, old.read(name))
        for name, content in members.items():
            new.writestr(name.replace("_", "/"), content)
    return path


def damaged(source, path):
    data = bytearray(source.read_bytes())
    data[200:220] = bytes(20)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda file, path: path, "cannot be unpacked"),
        (damaged, "cannot be unpacked"),
        (lambda file, path: path.write_text("no zip") and path, "cannot be unpacked"),
        (lambda file, path: rewritten(file, path, without={"study.yaml"}), "is not a packed run"),
        (lambda file, path: rewritten(file, path, without={"study.json"}), "is not a packed run"),
        (lambda file, path: rewritten(file, path, **{"one_.._.._evil": "x"}), "is not a packed run"),
        (lambda file, path: rewritten(file, path, **{"_evil": "x"}), "is not a packed run"),
        (lambda file, path: rewritten(file, path, two_evil="x"), "is not a packed run"),
    ],
)
def test_what_is_no_packed_run_is_refused_and_leaves_nothing(spoil, says, run, tmp_path):
    file = spoil(pack_run(run, tmp_path), tmp_path / "spoilt.zip")
    with pytest.raises(StoreError, match=says) as refusal:
        unpack_run(file, tmp_path / "out" / "runs")
    assert "\n" not in str(refusal.value)
    assert not list((tmp_path / "out").rglob("*")) or not list((tmp_path / "out" / "runs").iterdir())


def test_the_command_line_packs_and_unpacks(run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words, told in ((["pack", str(run)], "one.zip"), (["unpack", "one.zip"], "runs/one")):
        monkeypatch.setattr("sys.argv", ["headstart", "study", *words])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code
        assert capsys.readouterr().out.split() == [told]
