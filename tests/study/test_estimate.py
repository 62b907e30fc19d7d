"""How long a plan is said to take: what counts, and what runs side by side. Speeds are given here, never timed."""

import time
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from headstart.cli import main
from headstart.data.sources import ImagesSource
from headstart.execution import plan_with
from headstart.study.config.suite import load_suite
from headstart.study.running import estimate, others, reading, timing
from headstart.study.running.estimate import START_SECONDS, seconds_left, side_by_side, wall_seconds
from headstart.study.running.launchers import LocalLauncher, base
from headstart.study.running.overrun import overrun
from headstart.study.running.plan import make_plan
from headstart.study.running.reading import seconds_of_reading
from headstart.study.running.store import Store
from headstart.study.running.timing import image_steps_per_second, views_per_second


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def plan(store):
    return plan_with(load_suite("quickstart", ["device=cpu"]).settled(), store)


@pytest.fixture
def timed(monkeypatch):
    """The batch sizes that were timed, each at 1,000 image-steps a second."""
    batches = []

    def speed(config, job, budget):
        batches.append(estimate._size(job).batch)
        return 1000.0

    monkeypatch.setattr(estimate, "_speed", speed)
    return batches


def test_each_network_and_batch_size_is_timed_once(plan, store, timed):
    seconds_left(plan, store.states(plan.jobs))
    configured = {job.train.batch_size for job in plan.jobs if getattr(getattr(job, "train", None), "batch_size", None)}
    assert configured <= set(timed)
    assert len(timed) < 10


def test_work_is_counted_with_its_tests_and_images_with_their_pixels(plan, store, timed):
    seconds = seconds_left(plan, store.states(plan.jobs))
    tuned = next(job for job in plan.jobs if job.kind == "trial" and job.protocol == "finetune")
    counts = tuned.dataset.source.info().counts
    assert seconds[tuned.key] > (tuned.cost + (counts["val"] + counts["test"]) / 3) / 1000
    images = next(job for job in plan.jobs if job.kind == "dataset")
    source = images.source
    assert seconds[images.key] > source.images * source.resolution**2 / 700_000


def test_what_is_done_takes_no_time_and_is_not_timed(plan, store, timed):
    assert seconds_left(plan, {job.key: "done" for job in plan.jobs}) == {}
    assert wall_seconds(plan, {}, 2) == 0
    assert timed == []


def test_more_workers_than_cores_are_no_faster(plan, store, monkeypatch):
    monkeypatch.setattr(base, "available_cores", lambda: 2)
    launchers = [LocalLauncher(store, workers) for workers in (1, 2, 16)]
    assert [side_by_side(plan, launcher) for launcher in launchers] == [1, 2, 2]


def test_many_cores_wait_for_the_longest_chain(plan):
    seconds = {job.key: 1.0 for job in plan.jobs}
    alone = wall_seconds(plan, seconds, 1)
    assert alone == pytest.approx(START_SECONDS + len(plan.jobs))
    assert wall_seconds(plan, seconds, 2) == pytest.approx(START_SECONDS + len(plan.jobs) / 2)
    most = wall_seconds(plan, seconds, 10_000)
    assert START_SECONDS + 2 < most <= START_SECONDS + 5  # targets, pretraining, features, trial


def test_steps_are_timed_with_the_networks_own_batches():
    suite = load_suite("quickstart", ["device=cpu", "backbone.options.width=2"]).settled()
    config = suite.first
    job = next(job for job in make_plan(suite).jobs if job.kind == "trial")
    assert image_steps_per_second(config, config.dataset.info(), job.start, 4, 0.0) > 0


def meant_to_take(minutes):
    """Four trials, of which each takes a second a job; the rest, once, another second a job."""
    plan = make_plan(load_suite("quickstart", ["device=cpu", f"minutes={minutes}"]).settled())
    seconds = {job.key: 1.0 for job in plan.jobs}
    trials = [sum(getattr(job, "trial", -1) == trial for job in plan.jobs) for trial in range(4)]
    return plan, seconds, START_SECONDS + len(plan.jobs) - sum(trials), trials


def test_a_study_that_takes_no_longer_than_it_is_meant_to_says_nothing():
    for minutes in ("null", 10_000):
        plan, seconds, *_ = meant_to_take(minutes)
        assert overrun(plan, seconds, 1) is None


def test_what_takes_longer_says_how_many_trials_would_fit():
    _, seconds, rest, trials = meant_to_take(1)
    plan, *_ = meant_to_take((rest + sum(trials[:3])) / 60)
    found = overrun(plan, seconds, 1)
    assert found.needed == rest + sum(trials)
    assert (found.trials, found.with_trials) == (3, pytest.approx(found.meant))
    plan, *_ = meant_to_take((rest + 1) / 60)
    assert overrun(plan, seconds, 1)[2:] == (2, rest + sum(trials[:2])), "not even the fewest fit"
    one = make_plan(load_suite("quickstart", ["device=cpu", "minutes=0.1", "trials=1"]).settled())
    assert overrun(one, {job.key: 1.0 for job in one.jobs}, 1).trials is None


def test_it_is_said_before_the_study_starts(tmp_path, capsys, monkeypatch, timed):
    monkeypatch.setattr("headstart.execution.StudyRun.execute", lambda self, *heard: None)
    arguments = ["quickstart", "minutes=0.5", f"--out={tmp_path}", f"--store={tmp_path / 'store'}", "device=cpu"]
    monkeypatch.setattr("sys.argv", ["headstart", "study", "run", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert "this study is meant to take 30 s and takes about" in capsys.readouterr().err.replace("\n", " ")


def test_a_pretraining_is_timed_by_its_own_method_and_once_a_process(monkeypatch):
    suite = load_suite("quickstart", ["device=cpu", "backbone.options.width=2", "pretrain.batch_size=8"]).settled()
    config, taken = suite.first, []
    monkeypatch.setattr(estimate, "_SPEEDS", {})
    monkeypatch.setattr(timing, "views_per_second", lambda *given: taken.append(given[2].method) or 1.0)
    jobs = [job for job in make_plan(suite).jobs if job.kind == "pretrain"]
    for job in jobs * 2:
        estimate._speed(config, job, 0.0)
    assert sorted(taken) == ["rotation", "simclr"]
    monkeypatch.undo()
    assert all(views_per_second(config, config.dataset.info(), job, 0.0) > 0 for job in jobs)


def test_pictures_of_others_are_read_as_far_as_a_sample_tells(tmp_path, monkeypatch):
    for number in range(26):
        path = tmp_path / "few" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (12, 12), number).save(path)
    few = ImagesSource(path=tmp_path / "few")
    clock = iter([0.0, 1.0, 3.4])  # a second to open them, a tenth of one for each of 24
    monkeypatch.setattr(reading, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    assert seconds_of_reading(few) == pytest.approx(1 + 26 * (0.1 + reading.WRITTEN))
    assert seconds_of_reading(few) > 0, "it is timed once: the clock has stopped"


@pytest.mark.parametrize(
    ("itself", "each", "close"), [(0.001, 0.001, 1e-6), (0.09, 0.002, 1e-6), (0.2, 0.02, 1e-6), (0.5, 0.5, 0.6)]
)
def test_what_a_step_takes_of_itself_is_not_taken_for_what_images_take(itself, each, close):
    """Of many layers and few channels, a step of two images takes nearly as long as one of a whole batch."""

    def seconds_of(images, steps):
        return steps * (itself + images * each)

    said = timing._images_per_second(seconds_of, 64, budget=0.5)
    assert said == pytest.approx(64 / seconds_of(64, 1), rel=close)


def test_waiting_for_a_core_that_others_have_is_no_work(monkeypatch):
    monkeypatch.setattr(timing, "train", lambda *_: time.sleep(0.1))
    of = {kind: timing._taken(None, SimpleNamespace(device=torch.device(kind)), None) for kind in ("cpu", "cuda")}
    assert of["cpu"] < 0.05
    assert of["cuda"] >= 0.1


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Two cores that this process may use and one that it may not; what passes of two seconds, in hundredths."""
    counts, clock = tmp_path / "stat", iter([10.0, 12.0])

    def passes(own, *busy):
        rows = [f"cpu{number} {ticks} 0 0 {500 - ticks} 7 0 0 0 99 0" for number, ticks in enumerate(busy)]
        counts.write_text("\n".join(["cpu 1 2 3 4 5 6 7 8 9 0", *rows, "intr 5 0"]))
        monkeypatch.setattr(others, "time", SimpleNamespace(monotonic=lambda: next(clock), process_time=lambda: own))

    usable = SimpleNamespace(sched_getaffinity=lambda _: {0, 1}, sysconf=lambda _: 100)
    monkeypatch.setattr(others, "os", usable)
    monkeypatch.setattr(others, "available_cores", lambda: 2)
    monkeypatch.setattr(others, "COUNTS", counts)
    passes(5.0, 0, 0, 0)
    return passes


def test_other_programs_are_told_where_they_take_much(machine):
    found = others.Others()
    machine(6.0, 200, 150, 90)
    assert found.sentence().startswith("other programs keep 1.2 of 2 cores busy: while they do, it takes longer")


@pytest.mark.parametrize("own", [3.0, 9.0])
def test_work_of_its_own_is_not_that_of_others(machine, own):
    found = others.Others()
    machine(5.0 + own, 200, 100, 90)
    assert found.sentence() == ""
