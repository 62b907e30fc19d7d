"""What a folder of images says about the study that can be made of it, and what it cannot say."""

import shutil

import numpy as np
import pytest
import torch
from pictured import pictures
from PIL import Image

from headstart.api import fit_study
from headstart.data.exchange.transfer import export_folder, import_folder
from headstart.data.sources import ImagesSource
from headstart.errors import DataError, HeadstartError
from headstart.folder import Manifest, write_manifest, write_shard
from headstart.scenes.disk.tree import RUN
from headstart.study.config.checks import check_study
from headstart.study.fitting.changes import outline
from headstart.study.fitting.fit import of_data
from headstart.study.fitting.look import look_at
from headstart.study.results.run_folder import INFO, KEPT


def test_a_folder_of_classes_is_a_study_of_classes(pets):
    found = of_data(pets, [])
    config = found.usual().config
    assert (config.name, config.tasks, config.dataset.info().classes) == ("pets", ("classification",), ("cat", "dog"))
    assert set(config.arms) == {"scratch", "simclr", "rotation"}
    assert config.budgets[0] == 10
    assert config.budgets[-1] <= config.dataset.info().counts["train"]
    assert any(guess.startswith("format: folder") for guess in found.guesses)
    lines = dict(outline(config))
    assert "16 px, gray; 2 classes" in lines["dataset"]
    assert "scratch, simclr (" in lines["arms"]


def test_sizes_come_from_the_pictures(tmp_path):
    alike = look_at(pictures(tmp_path / "alike", size=(40, 40)), {})
    assert alike.sides == (24, 32, 40)
    assert alike.at(24).info().resolution == 24
    assert alike.at(24).fingerprint == alike.source.fingerprint
    unlike = look_at(pictures(tmp_path / "unlike", size=lambda number: (60 + number, 50)), {})
    assert unlike.sides == (24, 32, 48)
    assert "sides of 50 to 50 px" in str(unlike.guesses[-1])
    said = look_at(tmp_path / "unlike", {"resolution": 20, "fit": "pad"})
    assert said.sides == (20,)
    assert said.source.fit == "pad"
    tiny = look_at(pictures(tmp_path / "tiny", size=(5, 5)), {})
    assert tiny.sides == (8,)
    assert tiny.at(8).info().resolution == 8
    small = look_at(pictures(tmp_path / "small", size=lambda number: (9 + number % 2, 9)), {})
    assert small.sides == (9,)


def test_tables_archives_exports_and_dataset_folders_are_looked_at_alike(pets, tmp_path):
    import_folder(pets, tmp_path / "kept")
    assert look_at(tmp_path / "kept", {}).sides == (16,)
    export_folder(tmp_path / "kept", "webdataset", tmp_path / "shards")
    export_folder(tmp_path / "kept", "folder", tmp_path / "export")
    table = pictures(tmp_path / "table", 12)
    rows = [f"{path.relative_to(table)},{'ab'[number % 2]}" for number, path in enumerate(sorted(table.rglob("*.png")))]
    (table / "metadata.csv").write_text("\n".join(["file_name,label", *rows]))
    for name, classes in (("kept", "cat"), ("shards", "cat"), ("export", "cat"), ("table", "a")):
        config = of_data(tmp_path / name, []).usual().config
        assert config.dataset.info().classes[0] == classes
        assert config.dataset.info().resolution == 16


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """A dataset folder with a class and maps, and one of maps alone."""
    folder = tmp_path_factory.mktemp("maps")
    random = np.random.default_rng(0)
    count = 60
    shard = {
        "images": torch.from_numpy(random.integers(0, 256, (count, 3, 16, 16), dtype=np.uint8)),
        "split": torch.tensor([(0, 0, 0, 1, 2)[number % 5] for number in range(count)], dtype=torch.uint8),
        "target.class": torch.arange(count) % 3,
        "target.semantic": torch.from_numpy(random.integers(0, 4, (count, 16, 16), dtype=np.uint8)),
        "target.depth": torch.rand(count, 16, 16).half(),
    }
    known = {"created_by": "a test", "made_by": {}, "seed": 0, "engine": "none", "resolution": 16, "channels": 3}
    counts = {"train": 36, "val": 12, "test": 12}
    for name, left_out in (("all", ()), ("bare", ("target.class",))):
        (folder / name).mkdir()
        info = write_shard(folder / name, 0, {key: values for key, values in shard.items() if key not in left_out})
        write_manifest(folder / name, Manifest(name=name, classes=tuple("abc"), counts=counts, shards=(info,), **known))
    return folder


def test_maps_are_asked_for_where_there_are_no_classes_or_somebody_says_so(maps):
    whole, bare = of_data(maps / "all", []), of_data(maps / "bare", [])
    asked = of_data(maps / "all", ["tasks=[segmentation]"])
    assert whole.usual().config.tasks == ("classification",)
    assert any("tasks=[depth, segmentation] for another" in guess for guess in whole.guesses)
    assert bare.usual().config.tasks == ("segmentation", "depth")
    assert asked.usual().config.tasks == ("segmentation",)
    for found in (whole, bare, asked):
        check_study(found.usual().config)
        assert found.usual().config.backbone.options.get("dilated", False) == (found is not whole)


def test_unlike_pictures_in_shards_are_measured(tmp_path):
    import io
    import tarfile

    with tarfile.open(tmp_path / "train-000.tar", "w") as tar:
        for number in range(12):
            picture = io.BytesIO()
            Image.new("L", (50 + number, 70), 20 * number).save(picture, "PNG")
            for ending, data in (("png", picture.getvalue()), ("cls", str(number % 2).encode())):
                info = tarfile.TarInfo(f"{number:03d}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    assert look_at(tmp_path, {}).sides == (24, 32, 48)


REFUSED = [
    ("nowhere", [], "nowhere does not exist"),
    ("flat", [], "put those of each class in a folder of its own"),
    ("single", [], "one class only, cat"),
    ("few", [], "a study compares two budgets at least, so add images"),
    ("text", [], "say what it is with dataset.source="),
    ("pets", ["dataset.path=elsewhere"], "leave one out"),
    ("pets", ["dataset.source=synthetic"], "reads no files of others"),
    ("pets", ["dataset.sauce=images"], "unknown key 'sauce'"),
    ("pets", ["dataset=5"], "set its keys"),
    ("pets", ["trails=3"], "did you mean 'trials'"),
    ("pets", ["vary={trials: [2, 3]}"], "write a YAML file for a suite"),
    ("pets", ["tasks=[depth]"], "needs the target 'depth'"),
]


@pytest.mark.parametrize(("name", "overrides", "sentence"), REFUSED)
def test_what_cannot_be_known_is_asked_for(pets, tmp_path, name, overrides, sentence):
    path = pets if name == "pets" else tmp_path / name
    if name == "flat":
        pictures(path, 24, classes=("",))
    if name == "single":
        pictures(path / "train", 24, classes=("cat",))
        pictures(path / "test", 4, classes=("cat",))
    if name == "few":
        pictures(path, 1, classes=tuple("abcdef"))
    if name == "text":
        path.mkdir()
        (path / "readme.txt").write_text("nothing to see")
    with pytest.raises(HeadstartError, match="(?s)" + sentence.replace("(", r"\(")):
        check_study(fit_study(data=path, overrides=overrides).config)


def test_what_somebody_said_is_no_guess(pets):
    told = of_data(pets, ["name=mine", "tasks=[classification]", "dataset.source=images"]).guesses
    assert told == ()
    assert [guess.split(":")[0] for guess in of_data(pets, []).guesses] == ["format", "name", "tasks"]


def test_runs_below_the_pictures_are_none_of_them(pets, tmp_path):
    pets = shutil.copytree(pets, tmp_path / "pets")
    before = ImagesSource(path=pets)
    before = before.info().classes, before.fingerprint
    (pets / "runs" / "pets" / "kept").mkdir(parents=True)
    (pets / "runs" / "pets" / KEPT / INFO).write_text("{}")
    shutil.copy(next(pets.rglob("*.png")), pets / "runs" / "pets" / "accuracy.png")
    after = ImagesSource(path=pets)
    assert (after.info().classes, after.fingerprint) == before
    assert RUN in after.info().left_out


def test_pictures_of_unlike_sizes_in_a_format_that_cannot_say_them_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.data.exchange.plain.PlainReader.sides", lambda self, rows: [])
    with pytest.raises(DataError, match="say how many pixels a side"):
        look_at(pictures(tmp_path / "unlike", size=lambda number: (60 + number, 50)), {})
