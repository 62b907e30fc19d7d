"""A run whose store is gone, or that came from another machine, goes on from the numbers that its folder keeps."""

import shutil
from collections import Counter

import pandas as pd
import pytest
from in_process import TINY, Here

from headstart.api import Study, prepare_study
from headstart.errors import StoreError
from headstart.exporting import export_weights
from headstart.planning import plan_table
from headstart.study.config.study import StudyConfig
from headstart.study.running.launchers import LAUNCHERS

FOUND = TINY | {
    "arms": {"rotation": {}, "scratch": {}},
    "protocols": {"finetune": {"first_steps": 2, "max_steps": 8, "batch_size": 8}},
}


@pytest.fixture(scope="module", params=[TINY, FOUND], ids=["steps given", "steps found"])
def finished(request, tmp_path_factory):
    """A finished run, whose store was deleted."""
    folder = tmp_path_factory.mktemp("gone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LAUNCHERS, "local", Here)
        prepared = prepare_study(StudyConfig(**request.param), out=folder / "runs", store=folder / "store")
        prepared.execute()
    shutil.rmtree(folder / "store")
    return prepared.run.folder, request.param


@pytest.fixture
def run(finished, tmp_path, monkeypatch):
    monkeypatch.setitem(LAUNCHERS, "local", Here)
    return shutil.copytree(finished[0], tmp_path / "runs" / "one"), finished[1]


def again(config, tmp_path, **options):
    return prepare_study(StudyConfig(**config), out=tmp_path / "runs", store=tmp_path / "store", **options)


def numbers(folder):
    """All but how long it took."""
    return Study.load(folder).results.drop(columns="seconds")


def test_nothing_is_done_twice(run, tmp_path):
    folder, config = run
    before = numbers(folder)
    prepared = again(config, tmp_path)
    assert prepared.missing == []
    assert not prepared.plan.open, "how many steps are enough is known from the folder"
    prepared.execute()
    assert prepared.launcher.ran == 0
    pd.testing.assert_frame_equal(numbers(folder), before)
    table = plan_table(StudyConfig(**config), out=tmp_path / "runs", store=tmp_path / "store").set_index("kind")
    assert table.loc["all", "cached"] == table.loc["all", "jobs"] == len(prepared.plan.jobs)


def test_a_third_trial_takes_what_it_needs_and_no_more(run, tmp_path):
    folder, config = run
    kept = numbers(folder)
    prepared = again(config | {"trials": 3}, tmp_path, replace=True)
    if config is TINY:
        kinds = Counter(job.kind for job in prepared.missing)
        assert kinds == {"dataset": 1, "targets": 1, "pretrain": 1, "trial": 4, "blind": 2}
    prepared.execute()
    found = numbers(folder)
    assert set(found["trial"]) == {0, 1, 2}
    assert found["value"].notna().all()
    if config is TINY:
        pd.testing.assert_frame_equal(found[found["trial"] < 2].reset_index(drop=True), kept)


def test_weights_that_went_with_the_store_are_made_anew_where_somebody_says_so(run, tmp_path):
    folder, config = run
    again(config, tmp_path).execute()
    with pytest.raises(StoreError, match="are not in the store .* run the study again with --refill"):
        export_weights(folder, "rotation")
    before = numbers(folder)
    refilling = again(config, tmp_path, refill=True)
    assert len(refilling.missing) == len(refilling.plan.jobs)
    refilling.execute()
    assert export_weights(folder, "rotation").exists()
    pd.testing.assert_frame_equal(numbers(folder), before)
