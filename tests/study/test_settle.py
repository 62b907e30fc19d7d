"""What a study leaves to the machine is decided once, in all of its settings, and is in the keys of its jobs."""

from dataclasses import replace
from typing import Any

import pytest
import yaml

from headstart.study.config import settle as settling
from headstart.study.config.settle import Machine
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite, as_suite, suite_of
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.running.plan import make_plan

STEPS = {"steps": 2, "batch_size": 8}
WITHOUT: dict[str, Any] = {"arms": {"rotation": {"pretrain": STEPS}}}
WITH: dict[str, Any] = {"arms": {"rotation": {}}, "pretrain": STEPS}


def suite(keys: dict[str, Any], **more: Any) -> Suite:
    base = {
        "name": "settled",
        "device": "cpu",
        "dataset": {"images": 60, "resolution": 12, "samples": 1, "factors": "----"},
        "protocols": {"finetune": STEPS},
        "budgets": [10, 20],
        "trials": 1,
    }
    return suite_of(base | keys | more, "test")


def pretraining(of: Suite) -> PretrainJob:
    return make_plan(of).pretrainings[0].job


def test_a_pretraining_has_its_precision_in_its_key_whoever_says_its_settings(monkeypatch) -> None:
    keys = {}
    for native in ("bf16", "float32"):
        monkeypatch.setattr(settling, "native_precision", lambda device, native=native: native)
        jobs = [pretraining(suite(settings).settled()) for settings in (WITHOUT, WITH)]
        assert [job.train.precision for job in jobs] == [native, native]
        assert len({job.key for job in jobs}) == 1, "the same settings, said of the study or of its arm"
        keys[native] = jobs[0].key
    assert keys["bf16"] != keys["float32"]


def test_what_an_arm_says_itself_stays() -> None:
    own = {"arms": {"rotation": {"pretrain": STEPS | {"precision": "float32"}}}}
    assert pretraining(suite(own).settled(Machine("cpu", "bf16"))).train.precision == "float32"
    scratch = suite({"arms": {"scratch": {}}}).settled().first
    assert scratch.arms["scratch"].pretrain.model_dump() == {}


def test_a_pretraining_that_leaves_its_precision_open_is_no_job() -> None:
    job = pretraining(suite(WITH).settled())
    with pytest.raises(AssertionError, match="precision"):
        replace(job, train=job.train.model_copy(update={"precision": "auto"}))


@pytest.mark.parametrize("arm", [STEPS, STEPS | {"precision": "auto"}])
def test_the_file_of_a_suite_says_what_was_decided_for_its_arms(arm: dict[str, Any]) -> None:
    one = suite({"arms": {"rotation": {"pretrain": arm}}}, vary={"trials": [1, 2]}).settled(Machine("cpu", "bf16"))
    written = yaml.safe_load(one.to_yaml())
    assert written["arms"]["rotation"]["pretrain"]["precision"] == "bf16"
    again = suite_of(written, "again").settled(Machine("cpu", "float32"))
    assert pretraining(again).key == pretraining(one).key


def test_a_study_is_planned_for_another_machine_as_it_would_be_there(monkeypatch) -> None:
    here = suite(WITH, device="auto")
    there = here.settled(Machine("cuda", "bf16"))
    assert there.first.device == "cuda"
    assert there.first.protocols["finetune"].precision == "bf16"
    monkeypatch.setattr(settling, "native_precision", lambda device: "float32")
    told = suite(WITH, device="cpu").settled(Machine("cuda", "bf16")).first
    assert (told.device, told.protocols["finetune"].precision) == ("cpu", "float32"), "as the study says itself"
    assert as_suite(StudyConfig.model_validate(there.first.model_dump())).settled().first.device == "cuda"
