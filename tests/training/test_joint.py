"""Several processes learn what one learns on the joint batch."""

import multiprocessing as mp
import os
import shutil
import signal
import time
from functools import partial

import joint_work
import pytest
import torch
from torch import nn

from headstart.data.batches.share import Share
from headstart.errors import ConfigError, DataError, HeadstartError
from headstart.methods import METHODS
from headstart.testing.toys import same_state
from headstart.training import TrainConfig, train
from headstart.training.devices import check_devices, on_devices
from headstart.training.joint import JointBatchNorm, synchronise_batch_norm

EXACT = {"rtol": 1e-7, "atol": 1e-10}


def read(folder):
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in each of several processes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each of two processes found, for all methods at once, because processes take seconds to start."""
    folder, steps = tmp_path_factory.mktemp("both"), []
    for name in ("whole", "killed"):
        (folder / name).mkdir()
    with pytest.raises(HeadstartError, match="a pretraining process died.*run the same command again"):
        on_devices(partial(joint_work.compare, folder), 2, steps.append, device="cpu")
    assert steps
    assert max(steps) <= joint_work.RUN_STEPS
    return folder


@pytest.mark.parametrize("name", METHODS)
def test_two_processes_are_one_on_the_joint_batch(both, name):
    with joint_work.double_precision():
        alone = joint_work.descend(name, Share())
    assert_equal(alone, *(found[name] for found in read(both)), **EXACT)


@pytest.mark.parametrize("name", joint_work.ONE_EACH)
def test_one_image_per_process_is_enough(both, name):
    """Batch norms and comparisons see both images."""
    with joint_work.double_precision():
        alone = joint_work.descend(name, Share(), batch=2)
    # Two values that a batch norm takes apart may be near to each other: rounding grows with them.
    assert_equal(alone, *(found["one each"][name] for found in read(both)), rtol=1e-5, atol=1e-8)


def assert_equal(alone, first, second, **tolerance):
    """Both processes found the same, and what one finds alone."""
    for what in ("losses", "gradients", "state"):
        torch.testing.assert_close(first[what], second[what], rtol=0, atol=0)
        torch.testing.assert_close(first[what], alone[what], **tolerance)


def test_batch_norm_sees_the_joint_batch(both):
    alone = joint_work.normalise(Share())
    for found in read(both):
        torch.testing.assert_close(found["norms"], alone, **EXACT)


def test_batch_norm_keeps_weights_names_and_what_it_gives_alone():
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()))
    joint = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()))
    joint.load_state_dict(plain.state_dict())
    weights = list(joint.parameters())
    synchronise_batch_norm(joint, torch.device("cpu"))
    assert isinstance(joint[1][0], JointBatchNorm)
    assert all(one is other for one, other in zip(weights, joint.parameters(), strict=True))
    values = torch.randn(6, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(joint(values), plain(values))
    assert joint(values).is_contiguous(memory_format=torch.channels_last)
    plain(values)
    torch.testing.assert_close(joint.state_dict(), plain.state_dict())
    plain.load_state_dict(joint.state_dict())
    assert torch.equal(joint.eval()(values), plain.eval()(values))
    assert joint.train()(values.bfloat16().float()).dtype == torch.float32
    assert joint[1][0](torch.randn(6, 4, 2, 2).bfloat16()).dtype == torch.bfloat16


def test_on_a_gpu_batch_norm_is_torchs_own():
    module = nn.Sequential(nn.BatchNorm2d(4))
    state = module.state_dict()
    synchronise_batch_norm(module, torch.device("cuda"))
    assert isinstance(module[0], nn.SyncBatchNorm)
    assert same_state(module.state_dict(), state)


def test_a_run_of_two_processes_is_that_of_one_but_for_rounding(both):
    first, second = read(both / "whole")
    assert same_state(first["state"], second["state"])
    assert first["history"] == second["history"]
    alone = train(joint_work.objective("cmc"), joint_work.loader("cmc", Share()), joint_work.CONFIG)
    for ours, theirs in zip(first["history"][:5], alone.history[:5], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-3)


def test_a_killed_run_goes_on_and_ends_like_an_undisturbed_one(both, tmp_path):
    """And a user's mistake in one of the processes comes out as its sentence; the last step is reported."""
    killed, steps = tmp_path / "killed", []
    shutil.copytree(both / "killed", killed)
    assert torch.load(killed / "checkpoint.pt", weights_only=True)["state"]["step"] == 10
    with pytest.raises(DataError, match="^toy data is broken: mend it$"):
        on_devices(partial(joint_work.run_and_refuse, killed), 2, steps.append, device="cpu")
    assert steps[-1] == joint_work.RUN_STEPS
    for undisturbed, resumed in zip(read(both / "whole"), read(killed), strict=True):
        assert same_state(undisturbed["state"], resumed["state"])
        assert undisturbed["history"] == resumed["history"]


def wait_for(condition, seconds=180):  # only against waiting forever: three processes load torch first
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def start(folder):
    on_devices(partial(joint_work.tell_pid, folder), 2, lambda step: None, device="cpu")


def test_no_process_outlives_a_killed_parent(tmp_path):
    parent = mp.get_context("spawn").Process(target=start, args=(tmp_path,))
    parent.start()
    wait_for(lambda: len([path for path in tmp_path.glob("*.pid") if path.read_text()]) == 2)
    children = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    os.kill(parent.pid, signal.SIGKILL)
    parent.join()
    wait_for(lambda: not any(map(is_alive, children)))


def test_one_device_is_this_process():
    seen = []
    on_devices(lambda on_step: seen.append((os.getpid(), on_step)), 1, print, device="cpu")
    assert seen == [(os.getpid(), print)]


def test_a_batch_without_equal_parts_is_refused():
    with pytest.raises(ValueError, match="batch_size is 9 and has no equal parts for 2 devices.*pretrain.batch_size"):
        TrainConfig(steps=1, batch_size=9, devices=2)


def test_more_devices_than_gpus_are_refused(monkeypatch):
    check_devices(64, "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    check_devices(1, "cuda")
    with pytest.raises(
        ConfigError, match="pretrain.devices is 2 and this machine has 1 GPU: set pretrain.devices to 1"
    ):
        check_devices(2, "cuda")
