"""Exporting, importing and checking as verbs: sources, the command line, and a sentence for every mistake."""

import errno
import re
import shutil
import sys

import pytest
import torch
from filelock import FileLock

from headstart.cli import main
from headstart.data.exchange import FORMATS, base
from headstart.data.exchange.transfer import export_folder, import_folder
from headstart.data.sources import SOURCES
from headstart.data.viewing.check import check_folder
from headstart.errors import ConfigError, DataError, StoreError
from headstart.folder import read_folder, read_manifest, read_shard, write_manifest, write_shard
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset
from headstart.schema import validate

SOURCE_OF = {"arrays": "arrays", "folder": "images", "hdf5": "hdf5", "huggingface": "huggingface", "table": "table"}
SOURCE_OF["webdataset"] = "webdataset"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    render_dataset(folder, RenderConfig(images=24, resolution=16, samples=1, targets="all", shard_size=10), workers=1)
    return folder


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def left(capsys, monkeypatch, *arguments):
    """The exit code and what was said on either stream."""
    monkeypatch.setattr(sys, "argv", ["headstart", *map(str, arguments)])
    with pytest.raises(SystemExit) as gone:
        main()
    said = capsys.readouterr()
    return gone.value.code, said.out, said.err.strip()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_export_is_a_source(name, rendered, tmp_path):
    export_folder(rendered, name, tmp_path / "out")
    source = validate(SOURCES[SOURCE_OF[name]], {"path": tmp_path / "out"}, "dataset")
    manifest, tensors = read_folder(rendered)
    info = source.info()
    assert (dict(info.counts), info.classes, info.resolution) == (manifest.counts, manifest.classes, 16)
    assert set(info.targets) == {"class", "pose", "rotation", "semantic", "instance", "depth"}
    assert source.name == manifest.name
    made = source.materialise(tmp_path / "made", workers=1, progress=None)
    assert all(read_folder(made)[1][key].equal(values) for key, values in tensors.items())
    assert source.materialise(tmp_path / "made", workers=1, progress=None) == made


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_identity_follows_contents_and_not_the_place(name, rendered, tmp_path):
    export_folder(rendered, name, tmp_path / "out")
    kind = SOURCES[SOURCE_OF[name]]
    first = kind(path=tmp_path / "out").identity()
    (tmp_path / "out").rename(tmp_path / "moved")
    assert kind(path=tmp_path / "moved").identity() == first
    assert kind(path=tmp_path / "moved", seed=1).identity() != first
    biggest = max((path for path in (tmp_path / "moved").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size)
    biggest.write_bytes(biggest.read_bytes() + b" ")
    assert kind(path=tmp_path / "moved").identity() != first


def test_the_commands_lead_there_and_back(rendered, tmp_path, capsys, monkeypatch):
    code, said, _ = left(capsys, monkeypatch, "data", "export", rendered, "--to", "hdf5", "--out", tmp_path / "out")
    assert code == 0
    assert "24 images in" in said
    assert left(capsys, monkeypatch, "data", "import", tmp_path / "out", tmp_path / "back")[0] == 0
    code, said, _ = left(capsys, monkeypatch, "data", "check", tmp_path / "back")
    assert code == 0
    assert "nothing was found that would spoil a study" in said
    assert "class, depth, instance, pose, rotation, semantic" in said
    assert any(line.split() == ["all", "20", "2", "2"] for line in said.splitlines())


def test_a_damaged_shard_is_found_by_check_and_refused_by_export(rendered, tmp_path, capsys, monkeypatch):
    broken = tmp_path / "broken"
    shutil.copytree(rendered, broken)
    shard = broken / "shard-00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1] + b"\x00\x01")
    (broken / "shard-00002.safetensors").unlink()
    code, said, error = left(capsys, monkeypatch, "data", "check", broken)
    assert code == 1
    assert re.search("wrong: .*shard-00001.safetensors is damaged", error)
    assert re.search("wrong: .*shard-00002.safetensors is missing", error)
    assert any(line.split() == ["all", "10", "0", "0"] for line in said.splitlines()), "what is whole is counted"
    code, _, error = left(capsys, monkeypatch, "data", "export", broken, "--to", "folder", "--out", tmp_path / "out")
    assert code == 2
    assert "shard-00001.safetensors is damaged" in error
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


def changed(name, change):
    def apply(tensors):
        values = tensors[name].clone()
        return tensors | {name: change(values)}

    return apply


def put(value):
    def change(values):
        values.view(-1)[0] = value
        return values

    return change


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (changed("target.class", put(10)), "target 'class' is not within 0 to 9 in 1 images, number 0"),
        (changed("target.pose", put(-1)), "target 'pose' is not within 0 to 4"),
        (changed("target.semantic", put(11)), "target 'semantic' is not within 0 to 10"),
        (changed("target.depth", put(0)), "target 'depth' is not above 0 everywhere in 1 images"),
        (changed("target.depth", put(float("nan"))), "target 'depth' is not above 0 everywhere"),
        (changed("target.rotation", put(3)), "target 'rotation' is no rotation matrix"),
        (changed("target.instance", lambda v: 1 - v.clamp(max=1)), "disagree on what is background"),
        (changed("target.depth", lambda v: v.float()), "target 'depth' is float32 .*, not float16"),
        (changed("images", lambda v: v.float()), "images are float32"),
        (changed("split", put(3)), "split is not 0, 1 or 2"),
        (lambda t: {k: v for k, v in t.items() if k != "target.pose"}, "shards before it class, depth"),
        (changed("split", put(0)), "counts 20 train images, and the shards hold 21"),
    ],
)
def test_what_targets_cannot_be_is_found(rendered, tmp_path, alter, message):
    folder = tmp_path / "altered"
    shutil.copytree(rendered, folder)
    manifest = read_manifest(folder)
    info = write_shard(folder, 1, alter(read_shard(folder / "shard-00001.safetensors")))
    write_manifest(folder, manifest.model_copy(update={"shards": (manifest.shards[0], info, manifest.shards[2])}))
    found = check_folder(folder)
    file, finding = found.findings[0]
    assert file.name in ("shard-00001.safetensors", "dataset.json")
    assert re.search(message, finding), finding


def test_an_unfinished_dataset_is_called_that(rendered, tmp_path):
    shutil.copytree(rendered, tmp_path / "part")
    manifest = read_manifest(rendered)
    write_manifest(tmp_path / "part", manifest.model_copy(update={"shards": manifest.shards[:2]}))
    (finding,) = check_folder(tmp_path / "part").findings
    assert "is unfinished (20 of 24 images)" in finding[1]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_full_disk_is_told_and_leaves_nothing(name, rendered, tmp_path, monkeypatch):
    def full(*arguments, **keys):
        raise OSError(errno.ENOSPC, "No space left on device")

    form = FORMATS[name]
    monkeypatch.setitem(FORMATS, name, base.Format(name, "", form.options, full, form.read, form.recognises))
    with pytest.raises(StoreError, match=r"no space left for .*out: free some and run the same command again$"):
        export_folder(rendered, name, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_import_that_fails_leaves_nothing_and_one_that_was_killed_is_cleared(rendered, tmp_path, monkeypatch):
    export_folder(rendered, "folder", tmp_path / "out")
    victim = next((tmp_path / "out" / "train").rglob("*.png"))
    whole = victim.read_bytes()
    victim.unlink()
    with pytest.raises(DataError, match=victim.name):
        import_folder(tmp_path / "out", tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    victim.write_bytes(whole)
    leftover = tmp_path / ".back.partial" / "files"
    leftover.mkdir(parents=True)
    (leftover / "shard-00000.safetensors").write_bytes(b"half")
    import_folder(tmp_path / "out", tmp_path / "back")
    assert torch.equal(read_folder(tmp_path / "back")[1]["images"], read_folder(rendered)[1]["images"])


def test_two_processes_do_not_write_one_folder(rendered, tmp_path):
    (tmp_path / ".out.partial").mkdir()
    with FileLock(tmp_path / ".out.partial" / ".lock"), pytest.raises(StoreError, match="another process is writing"):
        export_folder(rendered, "folder", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("hdf5", "h5py", "hdf5"), ("huggingface", "datasets", "hub"), ("webdataset", "webdataset", "hub")],
)
def test_a_missing_package_is_answered_with_its_extra(name, package, extra, rendered, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=rf"needs {package} .*pip install 'headstart\[{extra}\]'"):
        export_folder(rendered, name, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "{here}", "--to", "zip"], "unknown format 'zip': choose one of arrays, folder, hdf5"),
        (["export", "/nowhere", "--to", "folder"], "/nowhere is not a dataset folder"),
        (["export", "{here}", "--to", "folder", "--out", "{full}"], "exists and holds other files"),
        (["import", "{here}", "{full}/x"], "is a dataset folder already"),
        (["import", "/nowhere", "{full}/x"], "/nowhere does not exist"),
        (["import", "{full}", "{full}/x"], "looks like no format known (1 × .txt): name its format with --from"),
        (["import", "{full}", "{full}/x", "--from", "hdf5"], "holds no HDF5 files"),
        (["import", "{full}", "{full}/x", "--from", "folder", "mean=3"], "unknown key 'mean'"),
        (["import", "{full}", "{full}/x", "--from", "webdataset"], "holds no tar files"),
        (["import", "{full}", "{full}/x", "--from", "huggingface"], "is no whole saved dataset"),
        (["import", "{full}", "{full}/x", "--from", "folder"], "holds no pictures"),
        (["check", "/nowhere"], "/nowhere does not exist"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_one_sentence(arguments, message, rendered, tmp_path, capsys, monkeypatch):
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    filled = [argument.format(here=rendered, full=full) for argument in arguments]
    code, _, error = left(capsys, monkeypatch, "data", *filled)
    assert code == 2
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1
    assert message in error
