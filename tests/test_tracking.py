"""Trackers: always a file, and TensorBoard and MLflow where they are asked for; all are told the same."""

import json
from pathlib import Path

import pytest
from in_process import Here

from headstart.api import prepare_study
from headstart.cli import main
from headstart.errors import ConfigError
from headstart.execution import StudyRun
from headstart.study.config.study import StudyConfig
from headstart.tracking import TRACKERS, Scalar

pytestmark = pytest.mark.filterwarnings("ignore")
"""TensorBoard's and MLflow's own."""


def prepared(folder: Path, *track: str) -> StudyRun:
    config = StudyConfig(
        name="tracked",
        dataset={"images": 240, "resolution": 16, "samples": 1, "factors": "----"},
        backbone={"options": {"width": 4}},
        arms={"rotation": {}},
        controls=("blind",),
        pretrain={"steps": 3, "batch_size": 8},
        protocols={"finetune": {"batch_size": 8, "steps": 2}},
        budgets=(10, 20),
        trials=2,
    )
    study = prepare_study(config, out=folder, store=folder / "store", track=track)
    study.launcher = Here(study.store)
    return study


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """A study that was told to all trackers."""
    with pytest.MonkeyPatch.context() as environment:
        # A database would take seconds to be made.
        environment.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        folder = tmp_path_factory.mktemp("tracked")
        environment.setenv("MLFLOW_TRACKING_URI", f"file:{folder / 'mlruns'}")
        study = prepared(folder, *TRACKERS)
        study.execute()
        yield study


def told(study: StudyRun) -> list[Scalar]:
    lines = (study.run.folder / "metrics.jsonl").read_text().splitlines()
    return [Scalar(**json.loads(line)) for line in lines]


def test_the_file_holds_every_number_of_the_results_and_of_pretraining(tracked) -> None:
    from headstart.api import Study

    results = Study(tracked.run).results
    expected = {
        (f"{row.arm}, {row.protocol}, trial {row.trial + 1}", f"{row.task}/{row.split}/{row.metric}", row.labels)
        for row in results.itertuples()
    }
    scalars = told(tracked)
    learned = {(one.series, one.name, one.step) for one in scalars if not one.name.startswith("pretraining/")}
    assert learned == expected
    pretrained = [one for one in scalars if one.series == "rotation, pretraining 1"]
    assert {"pretraining/loss"} <= {one.name for one in pretrained}
    assert len(scalars) == len({one[:2] + one[3:] for one in scalars}), "each once"


def test_a_second_run_tells_all_of_it_again_though_nothing_is_left_to_do(tracked) -> None:
    before = sorted(told(tracked))
    again = prepared(tracked.run.folder.parent)
    assert again.missing == []
    again.execute()
    assert sorted(told(again)) == before


def test_tensorboard_reads_the_same_numbers(tracked) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    series = "rotation, finetune, trial 2"
    events = EventAccumulator(str(tracked.run.folder / "tensorboard" / series))
    events.Reload()
    name = "classification/test/accuracy"
    found = {event.step: event.value for event in events.Scalars(name)}
    expected = {one.step: one.value for one in told(tracked) if (one.series, one.name) == (series, name)}
    assert found == pytest.approx(expected)


def test_mlflow_reads_the_same_numbers(tracked) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"file:{tracked.run.folder.parent / 'mlruns'}")
    experiment = client.get_experiment_by_name("tracked")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert runs["tracked"].data.params["pretrain.steps"] == "3"
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    series, name = "scratch, finetune, trial 1", "classification/val/accuracy"
    found = {one.step: one.value for one in client.get_metric_history(runs[series].info.run_id, name)}
    assert found == {one.step: one.value for one in told(tracked) if (one.series, one.name) == (series, name)}
    assert runs[series].data.tags["mlflow.parentRunId"] == runs["tracked"].info.run_id


def test_mlflow_takes_arms_of_any_name(tmp_path, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'mlruns'}")
    tracker = TRACKERS["mlflow"](tmp_path, "named", {"arms.rotation (long).method": "rotation"})
    tracker.close()
    client = MlflowClient(f"file:{tmp_path / 'mlruns'}")
    (run,) = client.search_runs([client.get_experiment_by_name("named").experiment_id])
    assert run.data.params == {"arms.rotation _long_.method": "rotation"}


def test_a_mistake_is_a_sentence(tmp_path, monkeypatch, capsys) -> None:
    kept = prepared(tmp_path).run.folder / "kept" / "study.json"
    kept.write_text(kept.read_text() + "\n")
    with pytest.raises(ConfigError, match="unknown tracker 'tensorbord': choose one of mlflow, tensorboard"):
        prepared(tmp_path, "tensorbord")
    assert kept.read_text().endswith("\n"), "what is refused takes no run's place"
    monkeypatch.setitem(__import__("sys").modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r"TensorBoard is not installed .*: pip install 'headstart\[tracking\]'"):
        prepared(tmp_path, "tensorboard")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://here")
    monkeypatch.setattr("sys.argv", ["headstart", "study", "run", "quickstart", f"--out={tmp_path}", "--track=mlflow"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "MLflow at nowhere://here does not answer" in capsys.readouterr().err
