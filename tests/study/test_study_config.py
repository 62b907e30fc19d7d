from dataclasses import replace

import pytest
import yaml

from headstart.backbones import BACKBONES, ResNet9
from headstart.errors import ConfigError, HeadstartError
from headstart.methods import METHODS
from headstart.study.config.checks import check_study, check_suite
from headstart.study.config.recipes import recipe_names
from headstart.study.config.suite import as_suite, load_study, load_suite
from headstart.study.running import plan as plans

ONE = {"steps": 2, "batch_size": 1}
VIT = {"name": "vit", "options": {"width": 8, "heads": 1, "depth": 1}}
UNTAUGHT = [name for name in METHODS if not METHODS.traits(name).taught]


def make_plan(config):
    return plans.make_plan(as_suite(config).settled())


def small(**changes):
    base = {
        "name": "small",
        "dataset": {"source": "synthetic", "images": 120, "resolution": 16},
        "backbone": {"name": "resnet9", "options": {"width": 4}},
        "arms": {"rotation": {}, "cmc": {}},
        "pretrain": {"steps": 2},
        "protocols": {"finetune": {"min_steps": 2}, "linear": {"min_steps": 2}},
        "budgets": [10, 20],
        "trials": 2,
    }
    return base | changes


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(small(**changes)))
        return path

    return write


@pytest.mark.parametrize("recipe", recipe_names())
def test_every_shipped_recipe_is_sound(recipe):
    suite = load_suite(recipe)
    check_suite(suite)
    assert suite.title
    assert make_plan(suite).jobs


def test_the_resolved_study_is_the_same_study(write, tmp_path):
    config = load_study(write())
    again = tmp_path / "again.yaml"
    settled = as_suite(config).settled()
    again.write_text(settled.to_yaml())
    assert load_study(again) == settled.first
    assert [job.key for job in make_plan(load_study(again)).jobs] == [job.key for job in make_plan(config).jobs]


def test_overrides_reach_any_depth(write):
    config = load_study(write(), ["trials=5", "pretrain.steps=7", "arms.cmc.options.temperature=0.2"])
    assert (config.trials, config.pretrain.steps) == (5, 7)
    assert config.arms["cmc"].options.model_dump() == {"negatives": 4096, "temperature": 0.2, "momentum": 0.4}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trails": 3}, "unknown key 'trails': did you mean 'trials'"),
        ({"trials": "many"}, "key 'trials' is 'many': input should be a valid integer"),
        ({"pretrain": {"steps": 2, "learning_rate": 1}}, "unknown key 'pretrain.learning_rate'.*the keys here are.*lr"),
        ({"pretrain": {}}, "key 'pretrain.steps' is missing"),
        ({"arms": {"simclrr": {}}}, "arm 'simclrr' is called like no method: .* one of scratch, .*cmc.*rotation"),
        (
            {"arms": {"cmc": {"options": {"temprature": 1}}}},
            "arms.cmc: options: unknown key 'temprature': did you mean",
        ),
        ({"arms": {"cmc": {"pretrain": {"steps": 0}}}}, "arms.cmc: pretrain: key 'steps' is 0"),
        ({"tasks": ["clasification"]}, "unknown task 'clasification': choose one of classification"),
        ({"backbone": {"name": "resnet10"}}, "unknown backbone 'resnet10'"),
        ({"backbone": {"name": "resnet9", "options": {"depth": 3}}}, "backbone.*unknown key 'depth'"),
        ({"protocols": {"linear": {}}}, "protocols needs 'finetune'"),
        ({"protocols": {"finetune": {}, "liner": {}}}, "unknown protocol 'liner'"),
        ({"budgets": [20, 10]}, r"\[20, 10\] must be at least two different budgets in ascending order"),
        ({"dataset": {"source": "imagenet"}}, "unknown source 'imagenet': choose one of arrays, folder, .*synthetic"),
        ({"dataset": {"source": "synthetic", "image": 12}}, "dataset.*unknown key 'image': did you mean 'images'"),
        ({"dataset": {"images": 120, "factors": "TXVL"}}, "TXVL"),
        ({"name": "../escape"}, "name"),
    ],
)
def test_a_wrong_key_value_or_name_is_answered_with_the_right_one(write, changes, message):
    with pytest.raises(ConfigError, match=message) as refusal:
        load_study(write(**changes))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budgets": [10, 101]}, "budget 101 is larger than the training split of 100 images"),
        ({"budgets": [5, 20]}, "budget 5 is smaller than the 10 classes"),
        ({"dataset": {"images": 120, "resolution": 7}}, "resolution"),
        (
            {"pretrain_dataset": {"images": 120, "resolution": 32}},
            "pretrain_dataset.resolution is 32 and dataset.resolution is 16",
        ),
        ({"dataset": {"source": "folder", "path": "/nowhere"}}, "/nowhere is not a dataset folder"),
        (
            {"backbone": {"name": "resnet50"}, "dataset": {"images": 120, "resolution": 12}},
            "dataset: resolution 12 is too small for backbone 'resnet50': use images of at least 16 px",
        ),
        (
            {"backbone": {"name": "amdim"}, "arms": {"cmc": {}}},
            "dataset: resolution 16 is too small for backbone 'amdim': use images of at least 48 px, or its option",
        ),
        (
            {"backbone": {"name": "vit"}, "arms": {"cmc": {}}, "dataset": {"images": 120, "resolution": 28}},
            "dataset: resolution 28 is no multiple of 8, the patch of backbone 'vit'",
        ),
        (
            {"backbone": {"name": "vit", "options": {"width": 12}}, "arms": {"cmc": {}}},
            "arms.cmc: half of backbone 'vit': width is 6",
        ),
        (
            {"arms": {"simmim": {"options": {"patch": 12}}}},
            "arms.simmim: .* images of 16 px into two or more patches of 12 px .* option patch to .* such as 8",
        ),
        ({"arms": {"simclr": {}}, "pretrain": ONE}, "pretrain.batch_size is 1, .* 'simclr' needs at least 2 images"),
        (
            {"arms": {"amdim": {"pretrain": {"batch_size": 1}}}},
            "arms.amdim.pretrain.batch_size is 1, and method 'amdim' needs at least 2 images a batch: set it to 2",
        ),
        (
            {"arms": {"rotation": {}}, "pretrain": ONE},
            "batch_size is 1, and method 'rotation' trains batch n",
        ),
        (
            {"arms": {"vae": {"pretrain": {"batch_size": 1}}}, "backbone": VIT},
            "arms.vae.pretrain.batch_size is 1, and method 'vae' trains batch norms here",
        ),
        (
            {"protocols": {"finetune": {"batch_size": 1}}},
            "protocols.finetune.batch_size is 1, and protocol 'finetune' trains batch norms here",
        ),
        (
            {"protocols": {"finetune": {"batch_size": 1}, "mlp": {"batch_size": 1}}, "backbone": VIT},
            "protocols.mlp.batch_size is 1, and protocol 'mlp' trains batch norms here, .* set it to 2 or more",
        ),
    ],
)
def test_a_study_that_cannot_work_is_refused_before_it_starts(write, changes, message):
    with pytest.raises(HeadstartError, match=message) as refusal:
        check_study(load_study(write(**changes)))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "pretrain": ONE | {"batch_size": 2, "devices": 2},
            "arms": {name: {} for name in UNTAUGHT},
        },
        {"pretrain": ONE, "arms": {"rotation": {}, "cmc": {}, "simmim": {}}, "backbone": VIT},
        {"protocols": {"finetune": {"batch_size": 1}, "linear": {"batch_size": 1}}, "backbone": VIT},
        {"protocols": {"finetune": {}, "linear": {"batch_size": 1}, "knn": {}}},
    ],
)
def test_the_smallest_batches_that_work_are_taken(write, changes):
    check_study(load_study(write(**changes)))


def test_a_method_that_its_backbone_does_not_bear_is_refused_by_name(write, monkeypatch):
    class Blind(ResNet9):
        name = "blind"
        local_stages = None

    monkeypatch.setitem(BACKBONES, "blind", Blind)
    config = load_study(write(backbone={"name": "blind"}, arms={"rotation": {}, "amdim": {}}))
    with pytest.raises(ConfigError, match="^arms.amdim: .* backbone 'blind' names none .* choose one that does"):
        check_study(config)


def test_lab_is_refused_for_images_without_three_channels(write, monkeypatch):
    config = load_study(write(arms={"rotation": {}}, color="lab"))
    info = replace(config.dataset.info(), channels=1)
    monkeypatch.setattr(type(config.dataset), "info", lambda self: info)
    with pytest.raises(ConfigError, match="color is lab, .* have 1: set color to auto or rgb"):
        check_study(config)
    for color in ("auto", "rgb"):
        check_study(load_study(write(arms={"rotation": {}}, color=color)))
    with pytest.raises(ConfigError, match="'cmc' works in lab, .* of 1 channels are seen in rgb: leave the arm out"):
        check_study(load_study(write(arms={"cmc": {}})))


def test_budgets_may_be_shares_of_the_training_split(write):
    assert load_study(write(budgets=["10%", "25.5 %", 40])).budgets == (10, 26, 40)
    with pytest.raises(ConfigError, match="budgets"):
        load_study(write(budgets=["ten%", 20]))


def test_a_recipe_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(ConfigError, match="'quikstart' is neither a recipe nor a file: choose .*quickstart"):
        load_study("quikstart")


def test_the_plan_shares_what_can_be_shared(write):
    plan = make_plan(load_study(write()))
    assert [job.kind for job in plan.jobs].count("dataset") == 1
    assert len(plan.pretrainings) == 2
    assert len(plan.points) == (1 + 3 + 3) * 2 * 2  # blind; scratch and methods; random and methods
    assert len({job.key for job in plan.jobs}) == len(plan.jobs)
    seen = set()
    for job in plan.jobs:
        assert all(needed.key in seen for needed in job.inputs)
        seen.add(job.key)


def test_what_changes_a_result_changes_its_key_and_nothing_else(write):
    def keys(**changes):
        return {job.key for job in make_plan(load_study(write(**changes))).jobs}

    base = keys()
    assert keys(title="another title", utility={"draws": 500}) == base
    assert len(keys(trials=3) & base) == len(base)
    assert not keys(dataset={"images": 240, "resolution": 16}) & base
    # Images; their check; scratch, random and blind at four points each; random features of two trials; scratch with
    # twice the steps at two budgets in two trials.
    assert len(keys(pretrain={"steps": 3}) & base) == 1 + 1 + 3 * 4 + 2 + 4


def test_pretraining_seeds_are_dealt_to_trials(write):
    plan = make_plan(load_study(write(pretrain_seeds=2)))
    seeds = [start.job.seed for start in plan.arms[0][1].starts]
    pretrained = [point.job for point in plan.points if point.pretraining]
    assert {(job.trial, seeds.index(job.start.job.seed)) for job in pretrained} == {(0, 0), (1, 1)}
    assert len(set(seeds)) == 2
