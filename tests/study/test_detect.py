"""How many trials a gain takes, from the runs of a store or from a pilot that is a part of the study."""

import sys

import numpy as np
import pytest
from in_process import Here

from headstart.api import detect_table
from headstart.cli import main
from headstart.cli.detecting import share_of
from headstart.errors import ConfigError, HeadstartError
from headstart.study.config.suite import load_suite
from headstart.study.fitting import detect
from headstart.study.fitting.detect import detections, enough, pilot_suite, run_pilot
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store

TINY = ["dataset.images=240", "dataset.resolution=8", "backbone.options.width=2", "device=cpu", "budgets=[10, 20, 60]"]
TINY += ["protocols.finetune.steps=2", "trials=2", "controls=[]"]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def suite():
    return load_suite("quickstart", TINY).settled()


def test_a_pilot_is_a_part_of_the_study(suite, store):
    pilot = pilot_suite(suite)
    plan = make_plan(pilot)
    trials = [job for job in plan.jobs if job.kind == "trial"]
    assert sorted({job.labels for job in trials}) == [10, 60]
    assert len(trials) == 2 * detect.PILOT_TRIALS
    whole = {job.key for job in make_plan(suite).jobs}
    assert {job.key for job in trials if job.trial < 2} <= whole, "what a study has it does not do again"


def test_a_pilot_is_run_where_the_store_tells_too_little(suite, store):
    assert not enough(suite, store)
    launcher, heard, expected = Here(store), [], []
    run_pilot(pilot_suite(suite), store, launcher, heard.append, lambda jobs, seconds: expected.append((jobs, seconds)))
    assert enough(suite, store)
    assert len(heard) == launcher.ran
    (jobs, seconds), *_ = expected
    assert {job.key for job in jobs} == set(seconds)
    table = detections(suite, store, 0.5)
    assert table["labels"].tolist() == [10, 20, 60]
    assert table["runs"].tolist() == [3, 0, 3]
    assert (table["trials"] >= 2).all()


def test_runs_in_the_store_are_read_with_their_trials(suite, store, monkeypatch):
    scores = {10: [0.3, 0.34, 0.32, None], 20: [0.42, 0.4, None, None], 60: [0.6, 0.62, 0.61, 0.59]}

    def score(job):
        own = scores[job.labels]
        return own[job.trial] if job.trial < len(own) else None

    monkeypatch.setattr(detect, "scores_in", lambda store: score)
    table = detections(suite, store, 0.5)
    assert table["runs"].tolist() == [3, 2, 4], "also of trials that the study itself has not"
    assert table["score"].to_numpy() == pytest.approx([0.32, 0.41, 0.605])
    slope = (0.605 - 0.32) / np.log(6)
    assert table["gain"][1] == pytest.approx(slope * np.log(1.5))
    monkeypatch.setattr(detect, "scores_in", lambda store: lambda job: 0.5 if job.labels == 10 else None)
    assert not enough(suite, store), "one budget has no slope"
    monkeypatch.setattr(detect, "scores_in", lambda store: lambda job: 0.5 if job.trial == 0 else None)
    assert not enough(suite, store), "one trial has no noise"


def test_a_pilot_that_fails_says_why(suite, store):
    launcher = Here(store)
    launcher.run = lambda jobs, listen: {jobs[0].key: "it broke"}
    with pytest.raises(HeadstartError, match="pilot of scratch failed: it broke"):
        run_pilot(pilot_suite(suite), store, launcher)


def test_the_command_says_it_in_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(detect, "enough", lambda suite, store: True)
    known = {10: (0.3, 0.34), 20: (0.42, 0.4), 60: (0.6, 0.6)}
    look = lambda job: known[job.labels][job.trial] if job.trial < 2 else None  # noqa: E731
    monkeypatch.setattr(detect, "scores_in", lambda store: look)
    arguments = ["study", "plan", "quickstart", *TINY, "--detect", "50%", "--store", str(tmp_path / "store")]
    monkeypatch.setattr(sys, "argv", ["headstart", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    said = " ".join(capsys.readouterr().out.split())
    assert left.value.code == 0
    assert "labels runs score deviation gain trials" in said
    assert "show a gain of 50% in labels" in said


@pytest.mark.parametrize("text", ["much", "0", "-1", "0%", ""])
def test_what_is_no_gain_is_refused(text):
    with pytest.raises(ConfigError, match="is no gain in labels"):
        share_of(text)


def test_a_suite_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="--detect is of one study"):
        detect_table(load_suite("quickstart", ["vary={seed: [1, 2]}"]), 0.5, store=tmp_path)
