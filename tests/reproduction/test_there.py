"""Numbers of other machines are found where they lie, and never lost to a plan that was made here."""

import json
from pathlib import Path
from typing import Any

import pytest
from filled_run import fill, known
from in_process import TINY

from headstart.api import Study
from headstart.errors import StoreError
from headstart.reproduction import reproduce, verb
from headstart.reproduction.there import place_of, runs_there
from headstart.study.config import settle
from headstart.study.config.settle import Machine
from headstart.study.config.suite import Suite, load_suite, suite_of
from headstart.study.jobs.hardware import with_releases
from headstart.study.jobs.points import PointJob
from headstart.study.results.run_folder import CONFIG, ENVIRONMENT, RunFolder
from headstart.study.running.environment import describe_environment
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.store import Store

GPU, OLDER = Machine("cuda", "bf16"), {"torch": "1.9.0+cu102", "processor": "another"}
LEFT_OPEN = {**TINY, "device": "auto", "controls": ["blind", "doubled"]}


@pytest.fixture(autouse=True)
def a_machine_without_bf16(monkeypatch) -> None:
    monkeypatch.setattr(settle, "this_machine", lambda: Machine("cpu", "float32"))
    monkeypatch.setattr("headstart.reproduction.there.this_machine", lambda: Machine("cpu", "float32"))


def suite(name: str = "one", **changes: Any) -> Suite:
    return suite_of(LEFT_OPEN | {"name": name} | changes, "test")


def measured(folder: Path, of: Suite, machine: Machine = GPU, releases: dict[str, str] = OLDER) -> Plan:
    """A run that came from another machine, without a store."""
    run = RunFolder(folder / of.name)
    (run.folder / "kept").mkdir(parents=True)
    with with_releases(releases):
        plan = make_plan(of.settled(machine), known)
        run.begin(plan)
    fill(run, plan, known)
    (run.folder / ENVIRONMENT).write_text(json.dumps(describe_environment() | releases))
    return plan


def there(folder: Path, *suites: Suite) -> list[Study]:
    found = runs_there({one.name: one for one in suites}, folder, Store(folder.parent / "store"))
    return [Study(one.run) for one in found.values()]


def keys(plan: Plan) -> list[str]:
    return [point.job.key for point in plan.points]


@pytest.mark.parametrize(
    ("machine", "releases"),
    [(GPU, {}), (Machine("cpu", "bf16"), {}), (Machine("cpu", "float32"), OLDER), (GPU, OLDER)],
)
def test_a_run_that_was_measured_elsewhere_stays_whole(machine: Machine, releases: Any, tmp_path: Path) -> None:
    one = suite()
    plan = measured(tmp_path / "runs", one, machine, releases)
    assert set(keys(plan)) != set(keys(make_plan(one.settled(), known)))
    before = {name: (tmp_path / "runs" / "one" / name).read_text() for name in (CONFIG, ENVIRONMENT)}
    for _ in range(2):
        (study,) = there(tmp_path / "runs", one)
        assert study.complete
        assert study.run.points["job"].tolist() == keys(plan)
        assert (study.folder / CONFIG).read_text() == before[CONFIG]
        environment = json.loads((study.folder / ENVIRONMENT).read_text())
        assert environment.items() >= json.loads(before[ENVIRONMENT]).items()


def test_steps_that_were_found_elsewhere_are_known_without_a_store(tmp_path: Path) -> None:
    one = suite(protocols={"finetune": {"first_steps": 2, "max_steps": 8, "batch_size": 8}})
    plan = measured(tmp_path / "runs", one)
    (study,) = there(tmp_path / "runs", one)
    assert study.complete
    assert study.run.points["job"].tolist() == keys(plan)


def test_a_figure_that_was_never_run_is_planned_as_the_runs_whose_numbers_it_shares(tmp_path: Path) -> None:
    """As figure 10 is of those of 8 and 9, which have an arm each here."""
    first, second = suite("first"), suite("second", arms={"simclr": {}})
    for one in (first, second):
        measured(tmp_path / "runs", one)
    both = suite("both", arms={"rotation": {}, "simclr": {}})
    (study,) = there(tmp_path / "runs", both)
    assert study.complete
    assert place_of(study.run) == place_of(RunFolder(tmp_path / "runs" / "first"))
    assert json.loads((study.folder / ENVIRONMENT).read_text())["processor"] == "another"


def test_numbers_of_several_machines_are_not_put_together(tmp_path: Path) -> None:
    """Of whichever has more are drawn, and if none has, of this one."""
    measured(tmp_path / "runs", suite("few", budgets=[10, 20], arms={"rotation": {}}))
    measured(tmp_path / "runs", suite("more", arms={"rotation": {}, "simclr": {}}), Machine("cpu", "bf16"), {})
    both = suite("both", arms={"rotation": {}, "simclr": {}, "vae": {}})
    (study,) = there(tmp_path / "runs", both)
    assert place_of(study.run).machine == Machine("cpu", "bf16")
    assert set(study.tables.missing["arm"]) == {"vae"}
    (other,) = there(tmp_path / "runs", suite("other", seed=5, controls=[]))
    assert place_of(other.run).machine == Machine("cpu", "float32")
    assert len(other.tables.missing) == len(other.run.points)


def test_what_another_version_of_the_recipe_left_is_replaced(tmp_path: Path) -> None:
    measured(tmp_path / "runs", suite(trials=2))
    (study,) = there(tmp_path / "runs", suite(trials=3))
    assert sorted(study.tables.missing["trial"].unique()) == [2]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "one").write_text("a file")
    with pytest.raises(StoreError, match=r"runs/one cannot be written .*choose a folder that you may write to"):
        there(tmp_path / "runs", suite())


def test_the_page_of_a_run_from_elsewhere_lacks_nothing(tmp_path: Path, monkeypatch) -> None:
    small = ["dataset.images=60", "dataset.resolution=16", "dataset.samples=1", "budgets=[10, 20]", "trials=2"]
    small += ["protocols={finetune: {steps: 2, batch_size: 8}}", "controls=[blind]", "tasks=[classification]"]
    monkeypatch.setattr(verb, "load_suite", lambda recipe, scale: load_suite(recipe, small, scale))
    measured(tmp_path / "paper" / "tiny", load_suite("paper/fig03", small, "tiny"))
    found = reproduce("fig03", scale="tiny", what_is_there=True, out=tmp_path, store=tmp_path / "store")
    assert found.complete
    assert "torch 1.9.0" in found.page.read_text()


def test_what_runs_beside_it_measured_is_not_run_again(tmp_path: Path, monkeypatch) -> None:
    """Two figures that share all but a third trial, as 1 and 5 share what is not shifted."""
    small = ["dataset.images=60", "dataset.resolution=12", "dataset.samples=1", "dataset.factors=----"]
    small += ["budgets=[10, 20]", "baseline_budgets=[]", "controls=[blind]", "arms={rotation: {}}", "vary={}"]
    small += ["protocols={finetune: {steps: 2, batch_size: 8}}", "tasks=[classification]", "pretrain.steps=2"]
    folder, left = tmp_path / "paper" / "tiny", []
    measured(folder, load_suite("paper/fig05", [*small, "trials=2"], "tiny"), Machine("cpu", "float32"), {})
    monkeypatch.setattr(verb, "load_suite", lambda recipe, scale: load_suite(recipe, [*small, "trials=3"], scale))

    def run(title: str, prepared: Any) -> None:
        left.extend(job.trial for job in prepared.missing if isinstance(job, PointJob))
        fill(prepared.run, prepared.plan, known)

    reproduce("fig08", scale="tiny", out=tmp_path, store=tmp_path / "store", run=run)
    assert set(left) == {2}
