"""A real search, on Ray: the same again costs nothing, and records of test images decide nothing."""

import hashlib
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import load_study
from headstart.study.running.launchers import Event, LocalLauncher
from headstart.tuning import prepare_tuning, tune_study

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
STUDY = StudyConfig(
    name="tiny",
    dataset={"images": 240, "resolution": 12, "samples": 1, "factors": "----"},
    backbone={"options": {"width": 4}},
    arms={"rotation": {}},
    controls=("blind",),
    pretrain={"steps": 2, "batch_size": 8},
    protocols={"finetune": {"steps": 6, "batch_size": 8}},
    budgets=(20, 40),
    trials=2,
    device="cpu",
)
OPTIONS = {"trials": 4, "workers": 2, "knobs": ["protocols.finetune.lr", "protocols.finetune.stable"]}


def run_here(launcher, jobs, listen):
    """The jobs of the two studies in this process, which has torch already."""
    for job in jobs:
        if launcher.store.state(job) != "done":
            launcher.store.run(job)
            listen(Event("finished", job, job.cost, job.cost))
    return {}


@pytest.fixture(scope="module")
def session():
    """One session for all searches here; starting Ray takes seconds."""
    pytest.importorskip("ray")
    from headstart.study.tuning.ray_search import ray_session

    with ray_session(None, 2), pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalLauncher, "run", run_here)
        yield


@pytest.fixture(scope="module")
def tuned(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    return folder, tune_study(STUDY, out=folder / "tuning", store=folder / "store", **OPTIONS)


def test_arms_are_searched_alike_and_no_choice_is_worse_than_the_default(tuned):
    _, found = tuned
    assert {one.arm for one in found.choices} == {"scratch", "rotation"}
    counts = pd.Series([trial.arm for trial in found.trials]).value_counts()
    assert counts.tolist() == [4, 4]
    assert all(trial.status in ("finished", "stopped") for trial in found.trials)
    assert all(one.chosen >= one.default for one in found.choices)
    assert not {trial.number for trial in found.trials if trial.number == 0 and trial.status != "finished"}


def test_what_was_chosen_is_a_recipe_that_differs_in_nothing_else(tuned):
    _, found = tuned
    recipe = load_study(found.recipe)
    for one in found.choices:
        keys = recipe.arms[one.arm].protocols["finetune"].model_dump() if one.values else {}
        assert {f"protocols.finetune.{name}": value for name, value in keys.items()} == dict(one.values)
    settled = ("arms", "name", "device", "protocols", "pretrain", "color")
    assert recipe.model_dump(exclude=set(settled)) == STUDY.model_dump(exclude=set(settled))


def test_tables_and_page_tell_of_both_studies(tuned):
    _, found = tuned
    assert set(found.change["arm"]) == {"rotation"}
    page = (found.folder / "report.html").read_text()
    assert found.before.tables.verdict.headline.split(":")[0] in page
    assert {path.name for path in (found.folder / "charts").glob("*.svg")} == {"progress.svg", "knobs.svg"}
    table = pd.read_csv(found.folder / "trials.csv")
    assert {"set protocols.finetune.lr", "score after 1", "image_steps"} <= set(table.columns)


def test_the_terminal_tells_what_was_chosen_and_both_headlines(tuned, capsys, monkeypatch):
    from rich.console import Console

    import headstart.cli.tune  # noqa: F401 the command of that name hides the module

    cli = sys.modules["headstart.cli.tune"]
    for module in (cli, sys.modules["headstart.cli.console"]):
        monkeypatch.setattr(module, "console", Console(width=200))
    cli._print_answer(tuned[1])
    said = capsys.readouterr().out
    assert "validation score by default" in said
    assert "As it was: " in said
    assert "Tuned: " in said
    assert "tuned.yaml" in said


def test_a_notebook_shows_what_was_chosen_and_both_headlines(tuned):
    _, found = tuned
    assert repr(found).startswith(f"Tuned: {found.after.tables.verdict.headline}\n• As it was: ")
    assert "What was chosen</caption>" in found._repr_html_()


def vouch_for(path: Path) -> None:
    """Have the marker of its job say that ``path`` holds what it holds now."""
    marker = path.parent.with_name(f"{path.parent.name}.json")
    says = json.loads(marker.read_text())
    says["files"][path.name] = [path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()]
    marker.write_text(json.dumps(says))


def test_the_same_again_does_no_job_and_does_not_look_at_test_images(tuned):
    folder, found = tuned
    done = sorted(path.name for path in (folder / "store").glob("*/*.json"))
    for path in (folder / "store").glob("trial/*/records.json"):
        told = json.loads(path.read_text())
        for record in told["records"]:
            record["value"] = 1 - record["value"] if record["split"] == "test" else record["value"]
        path.write_text(json.dumps(told))
        vouch_for(path)
    again = prepare_tuning(STUDY, out=folder / "again", store=folder / "store", **OPTIONS)
    again.search()
    assert again.trials == list(found.trials)
    assert again.choices == list(found.choices)
    assert sorted(path.name for path in (folder / "store").glob("*/*.json")) == done
