"""The command line, as a user types it: studies end to end, and a sentence for every mistake."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch
import yaml

from headstart.api import prepare_study
from headstart.cli import main
from headstart.data.batches.stored import map_dataset
from headstart.study.jobs.hits import HITS, keep_hits, read_hits
from headstart.study.results.contrasts import collect_contrasts, keep_images, read_images
from headstart.study.results.maps import collect_maps

TINY = {
    "title": "A tiny study",
    "dataset": {"images": 240, "resolution": 16, "shard_size": 60, "factors": "T---"},
    "backbone": {"name": "resnet9", "options": {"width": 4}},
    "arms": {"rotation": {}, "cmc": {}},
    "pretrain": {"steps": 12, "batch_size": 16},
    "protocols": {"finetune": {"min_steps": 6, "batch_size": 16}, "linear": {"min_steps": 6}},
    "budgets": [20, 60, 120],
    "trials": 2,
}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY))
    return path


def command(recipe, folder, *more):
    return ["study", "run", str(recipe), "--out", str(folder / "runs"), "--store", str(folder / "store"), *more]


def start(*arguments):
    code = "from headstart.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(process):
    output, _ = process.communicate(timeout=300)
    return process.returncode, output.decode()


@pytest.fixture(scope="module")
def undisturbed(recipe, tmp_path_factory):
    """A finished run: its folder, and what it said."""
    folder = tmp_path_factory.mktemp("undisturbed")
    code, output = finish(start(*command(recipe, folder, "--workers", "2")))
    assert code == 0, output
    return folder, output


def tables(folder):
    run = folder / "runs" / "tiny"
    return (run / "utility.csv").read_text(), pd.read_parquet(run / "results.parquet").drop(columns="seconds")


def refused(capsys, monkeypatch, *arguments):
    """What the command says when it refuses: one line on standard error, exit code 2, no traceback."""
    monkeypatch.setattr(sys, "argv", ["headstart", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err.strip()
    assert left.value.code == 2
    assert said.startswith("error: ")
    assert len(said.splitlines()) == 1
    return said


def test_a_study_ends_in_tables_charts_verdict_and_report(undisturbed):
    folder, output = undisturbed
    run = folder / "runs" / "tiny"
    results, utility = (pd.read_csv(run / f"{name}.csv") for name in ("results", "utility"))
    assert len(results) == 42 * 2  # points, each measured on val and test
    assert set(results["arm"]) == {"scratch", "random", "blind", "rotation", "cmc"}
    assert results["value"].between(0, 1).all()
    assert len(utility) == 4 * 3
    assert {path.name for path in (run / "charts").iterdir()} >= {"accuracy.svg", "accuracy.png", "utility.json"}
    assert (run / "report.html").stat().st_size > 10_000
    assert "report.html" in output
    assert "scratch" in output
    events = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert sum(event["event"] == "finished" for event in events) == 1 + 1 + 2 + 4 + 42 + 6, (
        "features of two methods and of random weights in two trials, and scratch with twice the steps, in six runs"
    )


def test_labels_are_the_same_for_every_arm(undisturbed):
    results = pd.read_parquet(undisturbed[0] / "runs" / "tiny" / "results.parquet")
    points = results.groupby(["labels", "trial", "split", "metric"])["arm"].apply(lambda arms: sorted(set(arms)))
    assert all(arms == ["blind", "cmc", "random", "rotation", "scratch"] for arms in points)
    assert results.groupby(["protocol", "labels"])["steps"].nunique().eq(1).all()


def test_controls_are_measured_but_worth_no_labels(undisturbed):
    run = undisturbed[0] / "runs" / "tiny"
    results = pd.read_parquet(run / "results.parquet")
    guesses = results[(results["arm"] == "blind") & (results["split"] == "test")]
    assert guesses["value"].to_numpy() == pytest.approx(0.1), "ten classes in equal shares"
    assert set(results.loc[results["arm"] == "random", "protocol"]) == {"linear"}
    assert set(pd.read_parquet(run / "utility.parquet")["arm"]) == {"cmc", "rotation"}


def test_which_test_images_were_right_is_kept_of_every_learned_point(undisturbed):
    run = undisturbed[0] / "runs" / "tiny"
    results = pd.read_parquet(run / "results.parquet")
    learned = results[(results["split"] == "test") & (results["arm"] != "blind")]
    for job, value in zip(learned["job"], learned["value"], strict=True):
        assert read_hits(run / "kept" / "files" / job / HITS).mean() == pytest.approx(value)
    networks = learned.groupby("arm")["pretraining"].agg(set)
    assert {arm: len(keys - {""}) for arm, keys in networks.items()} == {
        "cmc": 1,
        "random": 0,
        "rotation": 1,
        "scratch": 0,
    }


def test_maps_of_features_and_images_that_arms_differ_on_are_taken_out_of_the_store(undisturbed, recipe, tmp_path):
    store = undisturbed[0] / "store"
    again = prepare_study(recipe, out=tmp_path, store=store)
    again.execute()
    run, ((dataset, label),) = again.run, again.run.info.datasets.items()
    test = map_dataset(store / "dataset" / dataset).splits["test"]
    classes = run.outcomes()[dataset].found["classes"]
    maps = collect_maps(run, {label: classes})
    assert maps["arm"].value_counts().to_dict() == dict.fromkeys(("rotation", "cmc", "random"), len(test))
    for _, own in maps.groupby("arm"):
        assert own["class"].tolist() == [classes[label] for label in test.targets["class"]]
        assert max(own["x"].max(), own["y"].max()) == 1000
        assert 0 < own["share_y"].iloc[0] <= own["share_x"].iloc[0]
    for job, arm in run.points[["job", "arm"]].drop_duplicates().itertuples(index=False):
        keep_hits(run.keepsake(job, HITS).parent, torch.arange(len(test)) % 2 == (arm == "scratch"))
    keep_images(run, again.store, again.plan.datasets)
    kept, _ = read_images(run, run.outcomes())[label]
    (found,) = collect_contrasts(run)
    assert set(kept.images) == {*found.won.shown, *found.lost.shown}
    assert (found.won.all, len(found.won.shown)) == (len(test) // 2, min(8, len(test) // 2))
    for row, image in kept.images.items():
        assert torch.equal(image, test.raw(torch.tensor([row]))[0])
        assert kept.labels[row] == test.targets["class"][row]


def test_what_became_of_each_pretraining_is_told(undisturbed):
    table = pd.read_csv(undisturbed[0] / "runs" / "tiny" / "pretraining.csv")
    assert set(table["arm"]) == {"rotation", "cmc"}
    assert (table["state"] == "ok").all()
    assert table["effective_rank"].between(1, table["features"]).all()
    assert table["feature_spread"].between(0.001, 1).all()


def test_a_second_run_finds_everything_done(undisturbed, recipe):
    folder, _ = undisturbed
    before = {path: path.read_bytes() for path in (folder / "runs" / "tiny").glob("*.csv")}
    code, output = finish(start(*command(recipe, folder)))
    assert code == 0, output
    assert "56 of them done already" in output
    assert {path: path.read_bytes() for path in before} == before


def test_killed_at_any_moment_and_run_again_it_gives_the_same_tables(undisturbed, recipe, tmp_path):
    process = start(*command(recipe, tmp_path, "--workers", "1"))
    time.sleep(random.uniform(5, 15))  # any moment will do: the promise is not about a chosen one
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    code, output = finish(start(*command(recipe, tmp_path, "--workers", "1")))
    assert code == 0, output
    (utility, results), (expected_utility, expected) = tables(tmp_path), tables(undisturbed[0])
    assert utility == expected_utility
    pd.testing.assert_frame_equal(results, expected, check_exact=True)


def test_status_and_report_read_a_finished_run(undisturbed, capsys, monkeypatch):
    run = undisturbed[0] / "runs" / "tiny"
    (run / "report.html").unlink()
    for verb in ("status", "report"):
        monkeypatch.setattr(sys, "argv", ["headstart", "study", verb, str(run)])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
    said = capsys.readouterr().out
    assert "trial" in said
    assert (run / "report.html").exists()


def test_plan_counts_jobs_without_doing_any(recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["headstart", "study", "plan", str(recipe), "--store", str(tmp_path / "store")])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().out
    assert "pretrain" in said
    assert "56" in said
    assert not list((tmp_path / "store").glob("*/*"))


@pytest.mark.parametrize("what", ["methods", "tasks", "backbones", "sources", "engines", "formats", "recipes"])
def test_list_names_everything(what, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["headstart", "list", what])
    with pytest.raises(SystemExit):
        main()
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(len(line.split()) > 2 for line in lines)


def test_render_then_preview(tmp_path, capsys, monkeypatch):
    out = tmp_path / "images"
    for arguments in (
        ["render", out, "--images", "24", "--resolution", "16"],
        ["data", "preview", out, "--images", "10"],
    ):
        monkeypatch.setattr(sys, "argv", ["headstart", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
    assert (out / "preview.png").read_bytes().startswith(b"\x89PNG")
    manifest = json.loads((out / "dataset.json").read_text())
    assert set(manifest["normalisation"]) == {"lab", "rgb"}


def test_every_key_of_a_dataset_can_be_set_from_the_command_line(tmp_path, monkeypatch):
    out = tmp_path / "images"
    options = ["--objects", "2", "--images", "12", "--resolution", "16", "--targets", "depth,instance", "--seed", "4"]
    more = ["--categories", "chair,table", "dials.viewpoint=0.25", "engine_options.device=cpu", "shard_size=6"]
    monkeypatch.setattr(sys, "argv", ["headstart", "render", str(out), *options, *more])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    made_by = json.loads((out / "dataset.json").read_text())["made_by"]
    assert made_by["targets"] == ["depth", "instance"]
    assert made_by["categories"] == ["chair", "table"]
    assert made_by["dials"]["viewpoint"] == 0.25
    assert made_by["engine_options"] == {"device": "cpu"}
    assert len(list(out.glob("shard-*"))) == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_is_refused_where_there_is_none(tmp_path, capsys, monkeypatch):
    said = refused(capsys, monkeypatch, "render", tmp_path / "images", "--images", "12", "engine_options.device=cuda")
    assert "no CUDA GPU" in said
    said = refused(capsys, monkeypatch, "study", "plan", "instant", "device=cuda", "arms={}", "--store", tmp_path)
    assert "device is cuda, and there is no CUDA device here: set device to cpu" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["study", "run", "quikstart"], "'quikstart' is neither a recipe nor a file"),
        (["study", "run", "quickstart", "trails=3"], "unknown key 'trails': did you mean 'trials'"),
        (["study", "run", "quickstart", "trials=many"], "key 'trials' is 'many'"),
        (["study", "run", "quickstart", "trials"], "'trials' is no override: write key=value"),
        (["study", "run", "quickstart", "budgets=[50, 999999]"], "budget 999999 is larger than the training split"),
        (["study", "run", "quickstart", "budgets=[5, 50]"], "budget 5 is smaller than the 10 classes"),
        (["study", "plan", "quickstart", "dataset.resolution=4"], "dataset.*resolution"),
        (
            ["study", "run", "quickstart", "arms={simcrl: {}}"],
            "arm 'simcrl' is called like no method: say which it has",
        ),
        (["study", "run", "quickstart", "pretrain.batch_size=1"], "pretrain.batch_size is 1, .*: set it to 2 or more"),
        (
            ["study", "run", "quickstart", "protocols.finetune.batch_size=1"],
            "protocols.finetune.batch_size is 1, .*: set it to 2 or more",
        ),
        (
            ["study", "run", "quickstart", "arms={simclr: {pretrain: {batch_size: 1}}}"],
            "arms.simclr.pretrain.batch_size is 1, .*: set it to 2 or more",
        ),
        (
            ["study", "run", "quickstart", "arms={simmim: {options: {patch: 24}}}"],
            "arms.simmim: .* patches of 24 px .* set its option patch",
        ),
        (
            ["study", "run", "quickstart", "backbone={name: amdim, options: {resolution: 128}}"],
            "dataset: resolution .* is too small for backbone 'amdim': use images of at least 95 px, or its option",
        ),
        (["study", "run", "quickstart", "backbone={name: vit, options: {patch: 5}}"], "dataset: .* no multiple of 5"),
        (["study", "run", "quickstart", "tasks=[depth]"], "'depth' needs the target 'depth'.*choose another task"),
        (["study", "run", "quickstart", "--store", "/proc/nowhere"], "/proc/nowhere cannot be written.*--store"),
        (["study", "run", "quickstart", "--launcher", "slurm"], "unknown launcher 'slurm': choose one of local"),
        (["study", "status", "/nowhere"], "/nowhere holds no study"),
        (["study", "report", "/nowhere"], "/nowhere holds no study"),
        (
            ["study", "run", "quickstart", "baseline=imagenet"],
            "baseline 'imagenet' is no arm: choose one of .*rotation",
        ),
        (["study", "run", "quickstart", "methods={rotation: {}}"], "'methods' is called 'arms' now"),
        (["render", "/tmp/unused", "--factors", "TXVL"], "TXVL"),
        (["render", "/tmp/unused", "--targets", "all", "--objects", "0"], "key 'objects' is 0"),
        (["render", "/tmp/unused", "--targets", "class,deep"], "unknown target 'deep'"),
        (["render", "/tmp/unused", "--categories", "chair,tabel"], "unknown category 'tabel'"),
        (["render", "/tmp/unused", "dials.viewpont=1"], "unknown key 'dials.viewpont': did you mean 'viewpoint'"),
        (["render", "/tmp/unused", "dials.viewpoint=wide"], "key 'dials.viewpoint' is 'wide'"),
        (["render", "/tmp/unused", "--shapes", "/nowhere"], "/nowhere is neither a folder nor a zip archive"),
        (["render", "/tmp/unused", "--keep-materials"], "shapes names none"),
        (["data", "preview", "/nowhere"], "/nowhere is not a dataset folder"),
        (["store", "prune", "--store", "typo"], "typo"),
        (["store", "verify", "--delete", "--store", "typo"], "typo"),
        (["list", "metods"], "unknown list 'metods': choose one of backbones"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(arguments, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    if "run" in arguments and "--store" not in arguments:
        arguments = [*arguments, "--store", tmp_path / "store"]
    assert pd.Series([refused(capsys, monkeypatch, *arguments)]).str.contains(message).all()
    assert not (tmp_path / "typo").exists()


def test_a_truncated_shard_is_named_and_the_rest_is_kept(tmp_path, recipe, capsys, monkeypatch):
    out = tmp_path / "images"
    monkeypatch.setattr(sys, "argv", ["headstart", "render", str(out), "--images", "120", "--resolution", "16"])
    with pytest.raises(SystemExit):
        main()
    shard = out / "shard-00000.safetensors"
    shard.write_bytes(shard.read_bytes()[:-100])
    said = refused(
        capsys, monkeypatch, *command(recipe, tmp_path), f"dataset={{source: folder, path: {out}}}", "budgets=[20, 40]"
    )
    assert "shard-00000.safetensors is damaged" in said
    assert "run the same render command again" in said


def test_a_job_that_fails_is_one_missing_number_and_comes_back(undisturbed, recipe, tmp_path):
    """A pretraining with a checkpoint that is not its own: the other arm has all its numbers, and code 3 says it."""
    shutil.copytree(undisturbed[0], tmp_path, dirs_exist_ok=True)
    pretrained = (tmp_path / "store" / "pretrain").glob("*/job.json")
    (trained,) = (file.parent for file in pretrained if '"method": "cmc"' in file.read_text())
    before = pd.read_parquet(tmp_path / "runs" / "tiny" / "results.parquet")
    for trial in before.loc[before["arm"] == "cmc", "job"].unique():  # others stay done
        (tmp_path / "store" / "trial" / f"{trial}.json").unlink()
    trained.with_suffix(".json").unlink()
    checkpoint = trained / "checkpoints" / "checkpoint.pt"
    checkpoint.parent.mkdir()
    torch.save({"key": "another", "state": {}}, checkpoint)
    (tmp_path / "runs" / "tiny" / "kept" / "outcomes.jsonl").unlink()
    code, output = finish(start(*command(recipe, tmp_path, "--workers", "1")))
    assert code == 3, output
    assert re.search(r"no number: cmc, 12 runs: .*checkpoint\.pt belongs to another configuration", flat(output))
    results = pd.read_parquet(tmp_path / "runs" / "tiny" / "results.parquet")
    assert results.loc[results["arm"] == "cmc", "value"].isna().all()
    assert results.loc[results["arm"] != "cmc", "value"].notna().all()
    checkpoint.unlink()
    code, output = finish(start(*command(recipe, tmp_path, "--workers", "1")))
    assert code == 0, output
    (utility, results), (expected_utility, expected) = tables(tmp_path), tables(undisturbed[0])
    assert utility == expected_utility
    pd.testing.assert_frame_equal(results, expected, check_exact=True)


def test_a_report_is_made_of_what_is_there_at_any_time(undisturbed, tmp_path, capsys, monkeypatch):
    """Without its store, and with half of its jobs still to run."""
    run = tmp_path / "tiny"
    shutil.copytree(undisturbed[0] / "runs" / "tiny", run)
    assert answered(capsys, monkeypatch, "study", "report", run)[0] == 0
    outcomes = run / "kept" / "outcomes.jsonl"
    lines = outcomes.read_text().splitlines()
    outcomes.write_text("\n".join(lines[: len(lines) // 2]) + '\n{"job": "half a li')
    code, said = answered(capsys, monkeypatch, "study", "report", run)
    assert code == 3
    assert "not run yet" in said
    outcomes.write_text("")
    code, said = answered(capsys, monkeypatch, "study", "report", run)
    assert code == 3
    assert re.search(r"42 (runs )?not run yet", flat((run / "report.html").read_text()))


def test_another_study_of_the_same_name_is_refused(undisturbed, recipe, capsys, monkeypatch, tmp_path):
    shutil.copytree(undisturbed[0] / "runs", tmp_path / "runs")
    said = refused(capsys, monkeypatch, *command(recipe, tmp_path), "trials=3")
    assert "holds another study, which differs in trials" in said
    assert "--replace" in said


def answered(capsys, monkeypatch, *arguments):
    """The exit code of a command, and what it said."""
    monkeypatch.setattr(sys, "argv", ["headstart", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    return left.value.code, flat(said.out + said.err)


def flat(text):
    """What a terminal wrapped, in one line."""
    return " ".join(text.split())
