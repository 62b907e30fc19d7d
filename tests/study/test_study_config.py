import pytest
import yaml

from headstart.errors import ConfigError
from headstart.study.check import check_study
from headstart.study.config import dump_yaml, load_study, recipe_names
from headstart.study.plan import make_plan


def small(**changes):
    base = {
        "name": "small",
        "dataset": {"source": "synthetic", "images": 120, "resolution": 16},
        "backbone": {"name": "resnet9", "options": {"width": 4}},
        "methods": {"rotation": {}, "cmc": {}},
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
    config = load_study(recipe)
    check_study(config)
    assert config.title
    assert make_plan(config).jobs


def test_the_resolved_study_is_the_same_study(write, tmp_path):
    config = load_study(write())
    again = tmp_path / "again.yaml"
    again.write_text(dump_yaml(config))
    assert load_study(again) == config
    assert [job.key for job in make_plan(load_study(again)).jobs] == [job.key for job in make_plan(config).jobs]


def test_overrides_reach_any_depth(write):
    config = load_study(write(), ["trials=5", "pretrain.steps=7", "methods.cmc.options.temperature=0.2"])
    assert (config.trials, config.pretrain.steps) == (5, 7)
    assert config.methods["cmc"].options == {"temperature": 0.2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trails": 3}, "unknown key 'trails': did you mean 'trials'"),
        ({"trials": "many"}, "key 'trials' is 'many': input should be a valid integer"),
        ({"pretrain": {"steps": 2, "learning_rate": 1}}, "unknown key 'pretrain.learning_rate'.*the keys here are.*lr"),
        ({"pretrain": {}}, "key 'pretrain.steps' is missing"),
        ({"methods": {"simclrr": {}}}, "unknown method 'simclrr': choose one of .*cmc.*rotation"),
        (
            {"methods": {"cmc": {"options": {"temprature": 1}}}},
            "methods.cmc.options: unknown key 'temprature': did you mean",
        ),
        ({"methods": {"cmc": {"train": {"steps": 0}}}}, "methods.cmc.train: key 'steps' is 0"),
        ({"tasks": ["clasification"]}, "unknown task 'clasification': choose one of classification"),
        ({"backbone": {"name": "resnet10"}}, "unknown backbone 'resnet10'"),
        ({"backbone": {"name": "resnet9", "options": {"depth": 3}}}, "backbone.*unknown key 'depth'"),
        ({"protocols": {"linear": {}}}, "protocols needs 'finetune'"),
        ({"protocols": {"finetune": {}, "liner": {}}}, "unknown protocol 'liner'"),
        ({"budgets": [20, 10]}, r"\[20, 10\] must be at least two different budgets in ascending order"),
        ({"dataset": {"source": "imagenet"}}, "unknown source 'imagenet': choose one of folder, .*synthetic"),
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
    ],
)
def test_a_study_that_cannot_work_is_refused_before_it_starts(write, changes, message):
    with pytest.raises(Exception, match=message):
        check_study(load_study(write(**changes)))


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
    # Images; their check; scratch, random and blind at four points each.
    assert len(keys(pretrain={"steps": 3}) & base) == 1 + 1 + 3 * 4


def test_pretraining_seeds_are_dealt_to_trials(write):
    plan = make_plan(load_study(write(pretrain_seeds=2)))
    starts = {(job.trial, job.start.seed) for job in plan.points if getattr(job, "start", None)}
    assert starts == {(0, 0), (1, 1)}
