"""Arms: free names with settings of their own, and starts of any kind."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from headstart.api import Study, prepare_study
from headstart.backbones import load_weights, save_weights
from headstart.data.transforms.input import ImageInput
from headstart.errors import ConfigError
from headstart.seeding import torch_generator
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.starts import PretrainedStart, RandomStart, Start
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.plan import make_plan, plan_study
from headstart.study.running.resolve import Arm

FOUR = {
    "scratch": {},
    "scratch slow": {"method": "scratch", "protocols": {"finetune": {"lr": 0.0001}}},
    "rotation": {},
    "rotation long": {"method": "rotation", "pretrain": {"steps": 4}},
}


def study(**changes: Any) -> StudyConfig:
    base = {
        "name": "arms",
        "dataset": {"images": 60, "resolution": 16, "samples": 1},
        "backbone": {"options": {"width": 4}},
        "arms": FOUR,
        "baseline": "scratch slow",
        "pretrain": {"steps": 2, "batch_size": 8},
        "protocols": {"finetune": {"min_steps": 2, "batch_size": 8}, "knn": {}},
        "budgets": (10, 20),
        "trials": 2,
    }
    return StudyConfig.model_validate(base | changes)


def run_here(prepared, plan=None) -> Study:
    """Everything in this process, which knows what the test defines."""
    for job in (plan or prepared.plan).jobs:
        prepared.store.run(job)
        prepared.run.keep(job, prepared.store.folder(job), prepared.store.seconds(job))
    return Study(prepared.run)


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> Study:
    folder = tmp_path_factory.mktemp("four")
    return run_here(prepare_study(study(), out=folder, store=folder / "store"))


def test_two_settings_of_a_method_stand_beside_each_other(four: Study) -> None:
    summary = four.tables.summary
    assert set(summary["arm"]) == {*FOUR, "random", "blind"}
    assert set(summary.loc[summary["role"] == "baseline", "arm"]) == {"scratch slow"}
    assert set(four.utility["arm"]) == {"scratch", "rotation", "rotation long"}
    tuned = four.results[four.results["protocol"] == "finetune"].pivot_table(
        index=["arm", "labels", "trial", "metric", "split"], values="job", aggfunc="first"
    )
    assert tuned["job"].nunique() == len(FOUR) * 2 * 2, "every arm has runs of its own"
    notes = four.tables.arms.set_index("arm")["note"]
    assert notes["rotation long"] == "pretrain steps 4"
    assert notes["scratch slow"] == "finetune lr 0.0001"
    assert notes["rotation"] == ""


def test_utility_is_read_from_the_baseline_and_no_other(four: Study) -> None:
    test = four.results[(four.results["split"] == "test") & (four.results["protocol"] == "finetune")]
    means = test.groupby(["arm", "labels"])["value"].mean()
    tuned = four.utility[four.utility["protocol"] == "finetune"]
    for row in tuned.itertuples():
        assert row.gain == pytest.approx(means[row.arm, row.labels] - means["scratch slow", row.labels])
    assert set(tuned["arm"]) == {"scratch", "rotation", "rotation long"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"arms": {"mine": {}}},
            "arm 'mine' is called like no method: say which it has, method: one of scratch, weights, amdim",
        ),
        ({"arms": {"mine": {"method": "simcrl"}}}, "unknown method 'simcrl': choose one of amdim"),
        (
            {"arms": FOUR, "baseline": "scratch slw"},
            "baseline 'scratch slw' is no arm: choose one of rotation, .*scratch slow",
        ),
        ({"arms": {"random": {"method": "rotation"}}}, "the arm's name 'random' is a control's"),
        ({"arms": {"a.b": {"method": "rotation"}}}, "must be one line of words without a dot"),
        (
            {"arms": {"rotation": {"pretrain": {"stepz": 3}}}},
            "arms.rotation: pretrain: unknown key 'stepz': did you mean",
        ),
        ({"arms": {"rotation": {"pretrain": {"steps": 0}}}}, "arms.rotation: pretrain: key 'steps' is 0"),
        ({"arms": {"rotation": {"augment": {"flip": "sometimes"}}}}, "augment: key 'flip' is 'sometimes'"),
        ({"arms": {"rotation": {"protocols": {"finetune": {"lrr": 1}}}}}, "protocols.finetune: unknown key 'lrr'"),
        (
            {"arms": {"rotation": {"protocols": {"linear": {"lr": 1}}}}},
            "'linear', which is none of this study's protocols",
        ),
        ({"arms": {"simclr": {"options": {"temprature": 1}}}}, "arms.simclr: options: unknown key 'temprature'"),
        ({"arms": {"scratch": {"pretrain": {"steps": 3}}}}, "pretrain has no meaning for random weights"),
        ({"arms": {"rotation": {"trian": {}}}}, "arms.rotation: unknown key 'trian'"),
        ({"arms": {"rotation": {}}, "pretrain": None}, "arms.rotation.pretrain: key 'steps' is missing"),
        ({"arms": {"rotation": 3}}, "rotation"),
        ({"methods": {"rotation": {}}}, "'methods' is called 'arms' now, .* 'train' is called 'pretrain'"),
    ],
)
def test_a_mistake_in_an_arm_is_one_sentence(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    from headstart.study.config.suite import load_study

    base = {"name": "x", "dataset": {"images": 60}, "protocols": {"finetune": {}, "knn": {}}, "budgets": [10, 20]}
    path = tmp_path / "study.yaml"
    arms = {"arms": {"rotation": {}}} if "methods" not in changes else {}
    path.write_text(yaml.safe_dump(base | arms | {"pretrain": {"steps": 2}} | changes))
    with pytest.raises(ConfigError, match=message) as refusal:
        load_study(path)
    assert "\n" not in str(refusal.value)


def test_twins_are_told_with_both_names() -> None:
    arms = {"rotation": {}, "again": {"method": "rotation"}}
    assert check_study(study(arms=arms, baseline="scratch")) == (
        "arms 'rotation' and 'again' are equal in all but their names: they will have the same numbers",
    )
    assert check_study(study()) == ()


@dataclass(frozen=True)
class FileStart(Start):
    """Weights from a file: a kind of start that headstart has never heard of."""

    path: str
    like: RandomStart

    @property
    def input(self) -> ImageInput:
        return self.like.input

    @property
    def title(self) -> str:
        return "file"

    @property
    def network(self) -> str:
        return self.like.network

    def identity(self) -> dict[str, Any]:
        return {"file": Path(self.path).name, "like": self.like.key}

    def build(self, channels, generator):
        return self.like.build(channels, generator)

    def load_backbone(self, context, channels, generator):
        backbone = self.build(channels, generator)
        load_weights(backbone, Path(self.path))
        return backbone


def test_a_start_of_another_kind_goes_through_plan_jobs_and_tables(tmp_path: Path) -> None:
    """A weights file, and the same weights trained on by a method, without a change to any of them."""
    from dataclasses import replace

    config = study(arms={"rotation": {}}, baseline="scratch", trials=1)
    prepared = prepare_study(config, out=tmp_path, store=tmp_path / "store")
    suite = prepared.plan.suite
    known = {arm.name: arm for arm in prepared.plan.arms[0]}
    like = known["scratch"].starts[0]
    assert isinstance(like, RandomStart)
    save_weights(like.build(3, torch_generator("a file")), tmp_path / "weights.safetensors")
    file = FileStart(str(tmp_path / "weights.safetensors"), like)
    rotation = known["rotation"].starts[0]
    assert isinstance(rotation, PretrainedStart)
    further = PretrainedStart(replace(rotation.job, start=file))
    arms = [
        *known.values(),
        Arm("from a file", "compared", (file,), known["rotation"].protocols),
        Arm("then rotation", "compared", (further,), known["rotation"].protocols),
    ]
    plan = plan_study(suite, [arms])
    assert further.job.key != rotation.job.key
    assert further.key != file.key
    prepared.run.begin(plan)
    found = run_here(prepared, plan)
    methods = found.tables.summary.set_index("arm")["method"].to_dict()
    assert (methods["from a file"], methods["then rotation"]) == ("file", "rotation")
    assert found.complete
    assert {"from a file", "then rotation"} <= set(found.utility["arm"])
    assert found.report().exists()


def test_weights_that_another_process_deleted_are_made_again(tmp_path: Path) -> None:
    prepared = prepare_study(study(arms={"rotation": {}}, baseline="scratch"), out=tmp_path, store=tmp_path / "store")
    trial = next(point.job for point in prepared.plan.points if point.arm == "rotation")
    for job in prepared.plan.jobs:
        if job.kind in ("dataset", "targets", "pretrain"):
            prepared.store.run(job)
    (weights,) = (tmp_path / "store" / "pretrain").glob("*/backbone.safetensors")
    learned = weights.read_bytes()
    weights.unlink()
    prepared.store.run(trial)
    assert prepared.store.state(trial) == "done"
    assert weights.read_bytes() == learned


def test_pretrainings_of_one_study_are_not_those_of_another() -> None:
    """Pretraining 1 of study seed 0 is not pretraining 0 of study seed 1."""

    def seeds(**changes: Any) -> list[str]:
        plan = make_plan(as_suite(study(arms={"rotation": {}}, baseline="scratch", **changes)).settled())
        return [one.job.key for one in plan.pretrainings]

    assert not set(seeds(pretrain_seeds=2, seed=0)) & set(seeds(pretrain_seeds=2, seed=1))


def test_arms_that_differ_in_protocols_alone_share_their_pretraining() -> None:
    arms = {"rotation": {}, "rotation slow": {"method": "rotation", "protocols": {"finetune": {"lr": 1e-4}}}}
    plan = make_plan(as_suite(study(arms=arms, baseline="scratch")).settled())
    assert len(plan.pretrainings) == 2
    assert [job.kind for job in plan.jobs].count("pretrain") == 1


def test_runs_are_read_from_their_folder_alone(four: Study) -> None:
    assert Study.load(four.folder).results.equals(four.results)
    assert isinstance(RunFolder.open(four.folder).jobs["job"].iloc[0], str)
