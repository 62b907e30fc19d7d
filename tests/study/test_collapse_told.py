"""A pretraining that collapses is named as such, with the step, wherever its numbers would have stood."""

import pytest

from headstart.api import Study, prepare_study
from headstart.methods import METHODS, Method
from headstart.objective import StepResult
from headstart.schema import Schema
from headstart.study.config.study import StudyConfig


class Shrink(Method):
    """Make all features the same."""

    name = "shrink"
    Config = Schema

    def __init__(self, backbone, config, *, images, generator):
        super().__init__(backbone, config, images=images, generator=generator)

    def step(self, batch):
        return StepResult((self.backbone(batch.views[0]).pooled.float() - 1).square().sum(dim=1).mean())


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    METHODS["shrink"] = Shrink
    config = StudyConfig(
        name="collapsed",
        dataset={"source": "synthetic", "images": 120, "resolution": 16},
        backbone={"name": "resnet9", "options": {"width": 4}},
        arms={"shrink": {}, "rotation": {"pretrain": {"lr": 0.001, "weight_decay": 1e-5}}},
        controls=(),
        pretrain={"steps": 400, "batch_size": 16, "lr": 0.03, "warmup": 0.0, "weight_decay": 0.01},
        protocols={"finetune": {"min_steps": 2}},
        budgets=(10, 20),
        trials=1,
    )
    folder = tmp_path_factory.mktemp("collapsed")
    prepared = prepare_study(config, out=folder, store=folder / "store")
    for job in prepared.plan.jobs:  # in this process, for others would not know the method
        prepared.store.run(job)
    for job in prepared.plan.jobs:
        prepared.run.keep(job, prepared.store.folder(job), prepared.store.seconds(job))
    found = Study(prepared.run)
    found.report()
    yield found
    del METHODS["shrink"]


def test_the_tables_name_the_collapse_and_its_step(study):
    states = study.tables.pretraining.set_index("method")["state"]
    assert states["rotation"] == "ok"
    assert states["shrink"].startswith("collapsed: all images have the same features (step ")
    step = int(states["shrink"].rpartition("step ")[2].rstrip(")"))
    assert 4 <= step <= 400
    missing = study.tables.missing
    assert set(missing["arm"]) == {"shrink"}
    assert missing["reason"].str.startswith("pretraining failed: collapsed").all()
    assert (missing["step"] == step).all()


def test_a_collapsed_pretraining_has_no_number_and_the_report_says_why(study):
    shrunk = study.results[study.results["method"] == "shrink"]
    assert shrunk["value"].isna().all()
    page = (study.folder / "report.html").read_text()
    assert "2 runs failed" in page
    assert "collapsed: all images have the same features (step" in page
