"""Pretraining by several processes, as a study does it."""

import json

import pytest
import torch
from safetensors.torch import load_file

from headstart.errors import ConfigError
from headstart.study.config import checks, settle
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.running.launchers import LocalLauncher
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.store import Store
from headstart.training import precision


def study(devices: int, batch_size: int = 8) -> StudyConfig:
    """An epsilon of this size keeps Adam from making steps of rounding errors."""
    train = {"steps": 4, "batch_size": batch_size, "devices": devices, "epsilon": 1e-2, "precision": "float32"}
    return StudyConfig(
        name="small",
        dataset={"source": "synthetic", "images": 60, "resolution": 16},
        backbone={"name": "resnet9", "options": {"width": 4}},
        arms={"rotation": {}},
        pretrain=train,
        protocols={"finetune": {"min_steps": 2}},
        budgets=(10, 20),
    )


def plan(devices: int) -> Plan:
    return make_plan(as_suite(study(devices)).settled())


def test_two_devices_give_the_weights_of_one(tmp_path):
    store = Store(tmp_path)
    plans = [plan(devices) for devices in (1, 2)]
    jobs = [one.pretrainings[0].job for one in plans]
    assert jobs[0].key != jobs[1].key
    assert plans[0].datasets[0].key == plans[1].datasets[0].key
    events = []
    assert not LocalLauncher(store, workers=2).run([plans[0].datasets[0], *jobs], events.append)
    assert max(event.done for event in events if event.job.key == jobs[1].key) == jobs[1].cost
    alone, shared = (load_file(store.folder(job) / "backbone.safetensors") for job in jobs)
    assert alone.keys() == shared.keys()
    for name, value in alone.items():
        torch.testing.assert_close(shared[name], value, rtol=1e-3, atol=1e-5, msg=name)
    histories = [json.loads((store.folder(job) / "history.json").read_text()) for job in jobs]
    losses = [[row["loss"] for row in history["rows"]] for history in histories]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert [sorted(row) for row in histories[0]["rows"]] == [sorted(row) for row in histories[1]["rows"]]
    assert not list(store.folder(jobs[1]).glob("checkpoint*"))


def test_devices_belong_to_pretraining_alone():
    scratch = [[point.job.key for point in plan(n).points if point.arm == "scratch"] for n in (1, 2)]
    assert scratch[0] == scratch[1] != []
    with pytest.raises(ConfigError, match="unknown key 'finetune.devices'|unknown key 'devices'"):
        StudyConfig.model_validate(study(1).model_dump() | {"protocols": {"finetune": {"devices": 2}}})


def test_what_cannot_be_shared_is_refused_before_any_work(monkeypatch):
    with pytest.raises(ValueError, match=r"batch_size is 9 and has no equal parts for 2 devices.*pretrain.batch_size"):
        study(2, batch_size=9)
    check_study(study(2))
    for module in (settle, precision, checks):
        monkeypatch.setattr(module, "has_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **options: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ConfigError, match="pretrain.devices is 2 and this machine has 1 GPU"):
        check_study(study(2))
