"""What the Ray launcher refuses, in a sentence and without waiting."""

import contextlib
import socket
import sys
import threading
from dataclasses import replace

import pytest
from toy_jobs import ToyJob

from headstart.errors import ConfigError
from headstart.processes.travel import pack
from headstart.study.running.launchers import LAUNCHERS
from headstart.study.running.launchers.ray import errand as errands
from headstart.study.running.launchers.ray import reach
from headstart.study.running.launchers.ray.actor import Labourer
from headstart.study.running.launchers.ray.errand import errand_for
from headstart.study.running.launchers.ray.reach import reachable
from headstart.study.running.launchers.worker import Refused
from headstart.study.running.store import Store

PACKAGE = "headstart.study.running.launchers.ray"


@contextlib.contextmanager
def listener(answer):
    """A port that takes connections and sends ``answer``."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(answer)
                    connection.recv(100)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
    thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_an_address_where_no_ray_answers_is_refused_in_seconds(monkeypatch, answer):
    monkeypatch.setattr(reach, "ANSWER_SECONDS", 0.2)
    with listener(answer) as place, pytest.raises(ConfigError, match=rf"no Ray cluster answers at {place}: see that"):
        reachable(place)


def test_an_address_that_greets_as_ray_does_is_taken():
    with listener(b"\0\0\0\4\0\0\0\0\0") as place:
        assert reachable(place) == place


def test_an_address_where_nothing_listens_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ConfigError, match=f"no Ray cluster answers at {place}"):
        reachable(place)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("ray://10.0.0.1:10001", "of Ray's client, which headstart does not use: run it on a machine of the cluster"),
        ("10.0.0.1", r"--address 10.0.0.1 is not HOST:PORT, as in 10.0.0.1:6379, nor auto"),
        ("head:node:1", "is not HOST:PORT"),
    ],
)
def test_what_is_no_address_is_refused(address, says):
    with pytest.raises(ConfigError, match=says):
        reachable(address)


def test_an_address_without_ray_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"--address auto is of a Ray cluster: say --launcher ray"):
        LAUNCHERS["local"](Store(tmp_path), address="auto")


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"needs Ray: pip install 'headstart\[ray\]'"):
        LAUNCHERS["ray"](Store(tmp_path)).run([ToyJob(1)], print)


def test_another_release_of_ray_or_python_is_named():
    utils = pytest.importorskip("ray._private.utils")
    from headstart.study.running.launchers.ray.cluster import _another_version

    there = {"ray_version": "2.1.0", "python_version": "3.10.2"}
    with pytest.raises(RuntimeError) as caught:
        utils.check_version_info(there, "node 10.0.0.2")
    said = _another_version("10.0.0.1:6379", str(caught.value))
    assert said.startswith("the Ray cluster at 10.0.0.1:6379 runs Ray 2.1.0 on Python 3.10.2 and this is Ray ")
    assert said.endswith("install the same on all machines")
    assert _another_version("10.0.0.1:6379", "no\nidea") == "the Ray cluster at 10.0.0.1:6379 cannot be joined: no idea"


def told_by_a_machine(tmp_path, token=None, **of_driver):
    with errand_for(Store("memory://told")) as errand:
        releases = errand.releases | of_driver
    errand = replace(errand, store=str(tmp_path / "store"), token=token, releases=releases)
    return list(Labourer([], pack(errand), (), "10.0.0.2").work(pack(([], 1))))


def test_a_machine_with_another_release_says_so(tmp_path):
    (refused,) = told_by_a_machine(tmp_path, headstart="9.9")
    assert isinstance(refused, Refused)
    assert "10.0.0.2 has headstart " in refused.reason
    assert "and this machine 9.9: install the same on all machines" in refused.reason


def test_a_machine_that_does_not_see_the_store_says_so_and_makes_none(tmp_path, monkeypatch):
    monkeypatch.setattr(errands, "SEEN_SECONDS", 0.1)
    (refused,) = told_by_a_machine(tmp_path, tmp_path / "store" / ".seen.1")
    assert isinstance(refused, Refused)
    assert "10.0.0.2 does not see the store" in refused.reason
    assert not (tmp_path / "store").exists()


def test_cores_are_dealt_to_machines_in_turns():
    pytest.importorskip("ray")
    from headstart.study.running.launchers.ray.cluster import Machine, _deal

    machines = {"a": Machine("1", 1, 0), "b": Machine("2", 8, 1), "c": Machine("3", 8, 0)}

    def cores(workers):
        return {name: machine.cpus for name, machine in _deal(machines, workers).items()}

    assert cores(None) == {"a": 1, "b": 8, "c": 8}
    assert cores(2) == {"a": 1, "b": 1}
    assert cores(6) == {"a": 1, "b": 3, "c": 2}
    assert cores(99) == cores(None)
