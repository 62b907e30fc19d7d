"""From images to a study of them, and to one that fits a time. Costs are given here, never timed."""

import shutil
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.api import fit_study
from headstart.cli import main
from headstart.data.exchange.transfer import export_folder, import_folder
from headstart.data.sources import ImagesSource
from headstart.errors import ConfigError, DataError, HeadstartError
from headstart.folder import Manifest, write_manifest, write_shard
from headstart.scenes.disk.tree import RUN
from headstart.study.config.checks import check_study
from headstart.study.config.suite import as_suite, load_study
from headstart.study.fitting import fit
from headstart.study.fitting.changes import gained, outline
from headstart.study.fitting.efforts import LIMITS, sizes
from headstart.study.fitting.fit import of_data, of_recipe
from headstart.study.fitting.ladder import choose
from headstart.study.fitting.look import look_at
from headstart.study.fitting.template import doubling_budgets
from headstart.study.results.run_folder import INFO, KEPT


def pictures(folder, each=12, classes=("cat", "dog"), size=(16, 16)):
    """Pictures in a folder per class, or all in one where there is no class; ``size`` may be a function of a number."""
    random = np.random.default_rng(0)
    for number in range(each * len(classes)):
        path = folder / classes[number % len(classes)] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size(number) if callable(size) else size
        shade = 40 + 150 * (number % len(classes)) + random.integers(0, 40, (height, width))
        Image.fromarray(shade.astype(np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    return pictures(tmp_path_factory.mktemp("looks") / "pets", 60)


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


def test_every_candidate_is_a_study_that_can_work(pets):
    found = of_data(pets, ["trials=3"])
    for rung in (rung for floor in found.floors for rung in floor):
        config = found.config(rung)
        assert check_study(config, networks=False) == ()
        assert config.trials == 3, "what the user says holds, whatever is chosen"
    check_study(found.richest)
    check_study(found.config(found.floors[0][-1]))


def test_each_candidate_does_no_more_than_the_one_before(pets):
    for floor in of_data(pets, []).floors:
        for richer, poorer in pairwise(floor):
            above, below = richer(), poorer()
            assert above.trials >= below.trials
            assert set(above.budgets) >= set(below.budgets)
            assert above.pretraining("simclr").steps >= below.pretraining("simclr").steps
            assert gained(above, below) or above == below


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


COSTS = st.lists(st.integers(1, 50), min_size=1, max_size=8).map(lambda steps: list(np.cumsum(steps)[::-1]))


@given(COSTS, st.lists(st.tuples(COSTS, st.integers(1, 200)), max_size=4), st.integers(1, 800))
@settings(max_examples=200, deadline=None)
def test_what_is_chosen_fits_and_what_is_richer_does_not(first, others, seconds):
    floors = [first]
    for costs, step in others:  # a floor's poorest costs more than that of the one below
        shift = max(0, floors[-1][-1] + step - costs[-1])
        floors.append([cost + shift for cost in costs])
    numbered = [[(floor, place) for place in range(len(costs))] for floor, costs in enumerate(floors)]
    asked = []

    def cost(rung):
        asked.append(rung)
        return floors[rung[0]][rung[1]]

    if floors[0][-1] > seconds:
        with pytest.raises(ConfigError, match=f"asks for about {floors[0][-1]} s"):
            choose(numbered, cost, seconds)
        return
    (floor, place), needed = choose(numbered, cost, seconds)
    assert needed == floors[floor][place] <= seconds
    assert place == 0 or floors[floor][place - 1] > seconds
    assert floor + 1 == len(floors) or floors[floor + 1][-1] > seconds
    assert len(asked) == len(set(asked)), "nothing is timed twice"


@given(st.integers(1, 300), st.integers(1, 20_000), st.integers(2, 9))
def test_budgets_double_up_to_the_images(fewest, most, count):
    budgets = doubling_budgets(fewest, most, count)
    assert len(budgets) <= count
    assert budgets == sorted(set(budgets))
    assert all(fewest <= budget <= most for budget in budgets)
    assert len(budgets) >= 2 or most <= fewest
    assert len(budgets) in (0, count) or budgets[-1] == most


def test_sizes_grow():
    for sides in ([8], [24, 32], [24, 32, 48, 64, 96]):
        found = sizes(sides)
        assert found == sorted(found)
        assert (found[0].side, found[-1].side) == (sides[0], sides[-1])


def test_a_recipe_is_cut_with_its_arms_and_what_the_user_says(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "dataset": {"images": 240, "resolution": 16},
                "arms": {"rotation": {"pretrain": {"steps": 900}}, "cmc": {}},
                "pretrain": {"steps": 300},
                "protocols": {"finetune": {}, "linear": {"min_steps": 60, "epochs": 3}},
                "budgets": [20, 40, 80, 120, 160],
                "trials": "auto",
            }
        )
    )
    found = of_recipe(str(path), ["budgets=[20, 40, 80]"])
    whole, least = found.richest, found.config(found.floors[0][-1])
    assert whole == load_study(path, ["budgets=[20, 40, 80]"]) == found.usual().config
    assert least.budgets == (20, 40, 80)
    assert set(least.arms) == set(whole.arms)
    assert least.pretraining("rotation").steps == round(900 * LIMITS[-1].pretraining)
    assert least.trials == "auto"
    assert least.adaptive.first == 2
    assert least.protocols["finetune"].finds_steps
    assert least.protocols["finetune"].max_steps < whole.protocols["finetune"].max_steps
    assert least.protocols["linear"].min_steps == round(60 * LIMITS[-1].steps)
    assert "at most" in " ".join(gained(whole, least))
    with pytest.raises(ConfigError, match="--time fits one study"):
        of_recipe("quickstart", ["vary={seed: [1, 2]}"])


@pytest.mark.parametrize("recipe", ["quickstart", "instant", "dense"])
def test_every_recipe_can_be_cut(recipe):
    found = of_recipe(recipe, ["seed=7"])
    for richer, poorer in pairwise(map(found.config, found.floors[0])):
        assert poorer.seed == 7
        assert check_study(poorer, networks=False) == ()
        assert poorer.first_trials <= richer.first_trials
        assert set(poorer.budgets) <= set(richer.budgets)
        assert set(poorer.arms) == set(richer.arms)
    assert gained(found.richest, poorer)


@pytest.fixture
def priced(monkeypatch):
    """Seconds that a study takes: a few for each trial of each budget, more for large ones; ``slow`` times as long."""
    slow = [1.0]

    def needed(config, store, workers):
        size = config.dataset.info().resolution * config.backbone.options.get("width", 64) / 100
        work = config.trials * len(config.budgets) + config.pretraining("simclr").steps / 500
        return slow[0] * size * work

    monkeypatch.setattr(fit, "seconds_needed", needed)
    return slow


def test_more_time_buys_more_and_says_what(pets, tmp_path, priced):
    seen = [fit_study(data=pets, seconds=seconds, store=tmp_path) for seconds in (20, 60, 240, 6000)]
    assert all(one.seconds <= 0.9 * 60 * one.config.minutes for one in seen)
    assert seen[0].more[0] == 60
    assert any("trials instead of" in text for text in seen[0].left_out)
    assert seen[-1].left_out == ()
    assert seen[-1].more is None
    assert gained(seen[1].config, seen[0].config)
    with pytest.raises(ConfigError, match="--time is too short: the smallest study of .*pets asks for about"):
        fit_study(data=pets, seconds=1, store=tmp_path)


def test_what_was_chosen_once_is_not_chosen_otherwise(pets, tmp_path, priced):
    first = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    (tmp_path / "pets").mkdir()
    text = yaml.safe_dump(first.config.model_dump(mode="json"))
    (tmp_path / "pets" / "study.yaml").write_text(text)
    priced[0] = 1.3  # the machine is slower now
    again = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    assert again.config == first.config
    assert "was chosen for this time before" in again.notes[0]
    assert again.replaces, "an earlier version may have written it in other words"
    assert fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path, replace=True).config != first.config
    longer = fit_study(data=pets, seconds=120, store=tmp_path, out=tmp_path)
    assert longer.replaces
    assert "chosen for another time" in longer.notes[0]
    (tmp_path / "pets" / "study.yaml").write_text(text.replace("trials: ", "trials: 1"))
    assert not fit_study(data=pets, seconds=120, store=tmp_path, out=tmp_path).replaces, "somebody's own study"


def test_a_run_whose_images_were_moved_is_no_earlier_choice(pets, tmp_path, priced):
    first = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    (tmp_path / "pets").mkdir(exist_ok=True)
    (tmp_path / "pets" / "study.yaml").write_text(as_suite(first.config).settled().to_yaml().replace("pets", "gone"))
    again = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    assert (again.replaces, again.notes) == (False, ())


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


def test_a_recipe_and_images_are_one_too_many():
    with pytest.raises(ConfigError, match="--data PATH"):
        fit_study()


TINY = ["trials=1", "budgets=[10, 20]", "arms={rotation: {}}", "controls=[blind]", "pretrain.steps=4"]
TINY += ["pretrain.batch_size=8", "protocols={finetune: {steps: 4, batch_size: 8}}", "backbone.options.width=4"]


def command(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["headstart", "study", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    return left.value.code, " ".join(said.out.split()), " ".join(said.err.split())


def test_images_are_answered_for_from_the_command_line(pets, tmp_path, capsys, monkeypatch):
    where = ["--out", tmp_path / "runs", "--store", tmp_path / "store"]
    code, out, _ = command(capsys, monkeypatch, "run", "--data", pets, "--time", "none", *where, *TINY)
    assert code == 0, out
    assert "guessed tasks: classification (2 classes)" in out
    assert "budgets 10, 20 labels" in out
    assert "report: " in out
    kept = tmp_path / "runs" / "pets" / "study.yaml"
    for again in ([kept], ["--data", pets, "--time", "none", *TINY]):
        code, out, _ = command(capsys, monkeypatch, "plan", *again, *where[2:])
        assert "all 9 9 0" in out, "what the folder says can be run again"
        assert "guessed class: cat, dog (folders)" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan", "quickstart", "--data", "PETS"], "'quickstart' is no key=value"),
        (["plan", "--data", "PETS", "--time", "soon"], "--time 'soon' is no time"),
        (["plan", "quickstart", "--time", ""], "--time '' is no time"),
        (["plan"], "say where images are with --data PATH"),
        (["plan", "quickstart", "vary={seed: [1, 2]}", "--time", "5m"], "--time fits one study"),
    ],
)
def test_a_command_that_says_too_much_or_too_little_is_refused(pets, capsys, monkeypatch, arguments, sentence):
    code, _, err = command(capsys, monkeypatch, *[str(pets) if word == "PETS" else word for word in arguments])
    assert code == 2
    assert sentence in err


def test_pictures_of_unlike_sizes_in_a_format_that_cannot_say_them_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.data.exchange.plain.PlainReader.sides", lambda self, rows: [])
    with pytest.raises(DataError, match="say how many pixels a side"):
        look_at(pictures(tmp_path / "unlike", size=lambda number: (60 + number, 50)), {})
