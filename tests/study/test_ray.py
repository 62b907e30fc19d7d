"""The Ray launcher, on a cluster of several nodes that all are this machine."""

import os
import re
import signal
import time
from collections import Counter
from dataclasses import replace
from threading import Thread

import pytest
from toy_jobs import TOYS, Gate, ToyJob

from headstart.api import Study, prepare_study
from headstart.errors import ConfigError
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Needs
from headstart.study.running.launchers import LAUNCHERS
from headstart.study.running.launchers.ray.errand import errand_for
from headstart.study.running.store import Store
from headstart.tuning import prepare_tuning

ray = pytest.importorskip("ray")


CONFIG = {"health_check_period_ms": 1000, "health_check_failure_threshold": 5, "worker_niceness": 0}
SMALL = {"object_store_memory": 80 * 2**20, "include_dashboard": False}


@pytest.fixture(scope="module")
def cluster():
    """Two nodes: one core, and two cores with two GPUs that are not there."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "_system_config": CONFIG, **SMALL})
    cluster.large = cluster.add_node(num_cpus=2, num_gpus=2, env_vars={"CUDA_VISIBLE_DEVICES": "4,6"}, **SMALL)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    path.touch()
    return path


def ran(journal):
    return [line.split() for line in journal.read_text().splitlines()]


def launch(tmp_path, jobs, cluster, listen=None, **options):
    store, events = Store(tmp_path / "store"), []

    def hear(event):
        events.append(event)
        if listen:
            listen(event)

    reasons = LAUNCHERS["ray"](store, address=cluster.address, **options).run(jobs, hear)
    return store, events, {job.number: reasons[job.key] for job in jobs if job.key in reasons}


def test_jobs_fail_die_and_pass_as_they_do_on_this_machine_alone(tmp_path, journal, cluster, monkeypatch):
    monkeypatch.setitem(TOYS, "mine", Gate)
    jobs = [ToyJob(number, str(journal), fault=fault) for number, fault in {1: "", 2: "refuse", 4: "die"}.items()]
    jobs += [ToyJob(10, str(journal), below=(jobs[0],)), ToyJob(11, str(journal), below=(jobs[1],))]
    store, events, reasons = launch(tmp_path, jobs, cluster)
    assert reasons.keys() == {2, 4, 11}
    assert reasons[2] == "toy data is broken: mend it"
    assert re.search(r"^its process died \(on .*, unexpectedly\): .*memory", reasons[4])
    assert reasons[11] == f"needs toy 2, which failed: {reasons[2]}"
    assert (store.folder(jobs[3]) / "sum").read_text() == "11"
    assert (store.folder(jobs[3]) / "toys").read_text() == "plain mine"
    assert Counter(int(line[0]) for line in ran(journal)) == {1: 1, 2: 2, 4: 2, 10: 1}
    assert Counter(event.what for event in events) >= Counter(finished=2, retried=2, failed=3)
    assert not list(store.root.glob(".seen*"))


def test_an_actor_sees_the_gpus_and_takes_the_cores_that_its_jobs_were_granted(tmp_path, journal, cluster):
    wants = [Needs(gpus=0.5), Needs(gpus=0.5), Needs(gpus=2, cpus=2), Needs(gpus=3)]
    jobs = [ToyJob(number, str(journal), wants=needs) for number, needs in enumerate(wants)]
    _, _, reasons = launch(tmp_path, jobs, cluster)
    assert reasons.keys() == {3}
    assert "planned for 3 GPUs (cuda), of which there are 2 here" in reasons[3]
    given = {int(number): (int(workers), *gpus) for number, _, workers, *gpus in ran(journal)}
    assert {given[number] for number in (0, 1)} == {(1, "4"), (1, "6")}
    assert given[2] == (2, "4,6")


TINY = StudyConfig(
    name="tiny",
    dataset={"images": 60, "resolution": 16},
    backbone={"options": {"width": 4}},
    arms={"rotation": {}},
    pretrain={"steps": 4, "batch_size": 8},
    protocols={"finetune": {"min_steps": 4}, "knn": {}},
    budgets=(10, 20),
    trials=2,
)


def test_tables_are_those_of_the_local_launcher(tmp_path, cluster):
    ways = {"local": {"workers": 2}, "ray": {"launcher": "ray", "address": cluster.address}}
    tables = {}
    for name, options in ways.items():
        prepared = prepare_study(TINY, out=tmp_path / name, store=tmp_path / name / "store", **options)
        prepared.execute()
        tables[name] = Study(prepared.run).results.drop(columns="seconds").to_csv(index=False)
    assert tables["local"] == tables["ray"]
    assert len(tables["ray"].splitlines()) > 20


def test_a_search_runs_its_trials_on_the_cluster(tmp_path, cluster):
    pytest.importorskip("optuna")
    ran_on = {"launcher": "ray", "address": cluster.address}
    search = prepare_tuning(TINY, trials=1, out=tmp_path / "tuning", store=tmp_path / "store", **ran_on)
    search.search()
    assert Counter((trial.arm, trial.status) for trial in search.trials) == {
        ("scratch", "finished"): 1,
        ("rotation", "finished"): 1,
    }
    assert not list((tmp_path / "store").glob(".seen*"))


def test_a_search_is_refused_where_a_machine_lacks_what_it_takes(tmp_path, cluster):
    from headstart.study.tuning.ray_search import check_machines, ray_session

    with ray_session(cluster.address, None) as joined, errand_for(Store(tmp_path)) as errand:
        assert check_machines(joined, errand) is None
        with pytest.raises(ConfigError, match=r"has torch .* and this machine 0\.1: install the same on all machines"):
            check_machines(joined, replace(errand, releases={"torch": "0.1"}))


def test_a_process_is_of_one_cluster_at_a_time(tmp_path, journal, cluster, monkeypatch):
    launch(tmp_path, [ToyJob(1, str(journal))], cluster, workers=1)
    monkeypatch.setattr("headstart.study.running.launchers.ray.cluster.reachable", str)
    with pytest.raises(ConfigError, match=f"the Ray cluster at {cluster.address} already: leave it to use 10.0.0.9:1"):
        LAUNCHERS["ray"](Store(tmp_path), address="10.0.0.9:1").width()


def test_a_machine_that_is_lost_takes_no_job_with_it(tmp_path, journal, cluster):
    """One dies in the midst of a job of several cores, for which the other has one."""
    job = ToyJob(1, str(journal), fault="wait once", wants=Needs(cpus=2))
    others = [ToyJob(number, str(journal), below=(job,)) for number in (2, 3)]

    def listen(event):
        if event.what == "started" and event.job is job and not ran(journal):
            Thread(target=kill_when_begun, daemon=True).start()

    def kill_when_begun():
        while not ran(journal):
            time.sleep(0.05)
        os.kill(cluster.large.all_processes["raylet"][0].process.pid, signal.SIGKILL)

    store, events, reasons = launch(tmp_path, [job, *others], cluster, listen)
    assert not reasons
    assert (store.folder(others[1]) / "sum").read_text() == "4"
    again = [(event.job.number, "was lost" in event.reason) for event in events if event.what == "retried"]
    assert again == [(1, True)]
    assert [line[0] for line in ran(journal)][:2] == ["1", "1"]
    assert [line[2] for line in ran(journal)][:2] == ["2", "1"]
