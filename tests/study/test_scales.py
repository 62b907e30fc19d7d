"""Scales: how large a study is changes, and nothing of how it is done."""

from fnmatch import fnmatchcase

import pytest
import yaml

from headstart.backbones import build_backbone
from headstart.backbones.sizes import count_parameters, outline
from headstart.errors import ConfigError
from headstart.schema import flat
from headstart.study.config.scales import is_size
from headstart.study.config.suite import load_study, load_suite
from headstart.study.running.plan import make_plan

RECIPES = [f"paper/fig{number:02}" for number in range(1, 17)]
BASE = {
    "dataset": {"images": 600, "factors": "----"},
    "arms": {"rotation": {}},
    "pretrain": {"steps": 200},
    "protocols": {"finetune": {"steps": 100}},
    "budgets": [10, 20],
    "vary": {"dataset.factors": ["----", "T---"], "effort": {"full": {}, "half": {"pretrain.steps": 100}}},
}
SCALES = {
    "paper": {},
    "small": {"pretrain.steps": 20, "budgets": [10, 12]},
    "tiny": {
        "pretrain.steps": 2,
        "vary": {"dataset.factors": ["T---"], "effort": {"half": {"pretrain.steps": 1}}},
    },
}


@pytest.fixture
def written(tmp_path):
    def write(name="study.yaml", **changes):
        path = tmp_path / name
        path.write_text(yaml.safe_dump(BASE | {"scales": SCALES} | changes, sort_keys=False))
        return path

    return write


def test_a_scale_lies_over_the_file_and_overrides_over_the_scale(written):
    one = load_suite(written(), ["trials=7"], "small").variants[0].config
    assert (one.pretrain.steps, one.budgets, one.trials) == (20, (10, 12), 7)
    assert load_suite(written(), scale="paper").variants[0].config.pretrain.steps == 200
    assert load_suite(written(), ["budgets=[10, 30]"], "small").first.budgets == (10, 30)


def test_a_scale_keeps_some_of_what_varies_with_sizes_of_its_own(written):
    tiny = load_suite(written(), scale="tiny")
    assert [dict(one.values) for one in tiny.variants] == [{"dataset.factors": "T---", "effort": "half"}]
    assert tiny.first.pretrain.steps == 1


def test_without_a_name_it_is_small_and_that_is_said(written):
    suite = load_suite(written())
    assert suite.first.pretrain.steps == 20
    assert suite.guesses == ("scale small, of paper, small, tiny: --scale names another",)
    assert load_suite(written(), scale="small").guesses == ()


def test_what_a_run_leaves_has_no_scales(written, tmp_path):
    suite = load_suite(written(), scale="tiny").settled()
    (tmp_path / "left.yaml").write_text(suite.to_yaml())
    again = load_suite(tmp_path / "left.yaml").settled()
    assert "scales" not in yaml.safe_load(suite.to_yaml())
    assert [one.config for one in again.variants] == [one.config for one in suite.variants]


@pytest.mark.parametrize(
    ("scales", "scale", "says"),
    [
        (SCALES, "huge", "unknown scale 'huge': choose one of paper, small, tiny"),
        (None, "tiny", "has no scales, of which 'tiny' could be one: leave --scale out"),
        ({"small": {}, "paper": {"pretrain.lr": 0.1}}, "small", "scales.paper has 'pretrain.lr', which is no size"),
        ({"small": {"dataset": {"images": 60}}}, None, "scales.small has 'dataset', which is no size"),
        ({"small": {"vary": {"effort": {"full": {"arms": {}}}}}}, None, "has 'arms', which is no size"),
        ({"small": {"vary": {"dataset.factors": ["TCVL"]}}}, None, "keeps TCVL, and a scale adds nothing"),
        ({"small": {"vary": {"trials": [1]}}}, None, "has 'trials', which does not vary: choose among"),
        ({"tiny": {}}, None, "unknown scale 'small'"),
        ([], None, "scales must hold keys by the name of a scale"),
    ],
)
def test_a_mistake_is_one_sentence(written, scales, scale, says):
    with pytest.raises(ConfigError) as refusal:
        load_suite(written(scales=scales), scale=scale)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_like_another_says_where_it_differs(written, tmp_path):
    below = written()
    other = tmp_path / "other.yaml"
    tiny = {"trials": 2}
    other.write_text(yaml.safe_dump({"like": str(below), "pretrain": {"steps": 50}, "scales": {"tiny": tiny}}))
    assert load_suite(other, scale="small").name == "other"
    assert load_suite(other, scale="small").first.budgets == (10, 12)
    first = load_suite(other, scale="tiny").first
    assert (first.trials, first.pretrain.steps) == (2, 1), "what varies still lies over it"
    paper = load_suite(other, ["vary=null"], "small").first
    assert paper.pretrain.steps == 50, "sizes of what was replaced are gone"


def test_files_that_are_like_each_other_are_refused(tmp_path):
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(f"like: {other}")
    other.write_text(f"like: {one}")
    with pytest.raises(ConfigError, match="which is like itself in the end"):
        load_suite(one)


def protocol(config):
    """All that is no size, by dotted key."""
    return {key: value for key, value in flat(config.model_dump(mode="json")).items() if not is_size(key)}


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_figure_is_done_alike_at_all_scales(recipe):
    full = {tuple(one.values.items()): protocol(one.config) for one in load_suite(recipe, scale="paper").variants}
    for scale in ("small", "tiny"):
        for one in load_suite(recipe, scale=scale).variants:
            assert protocol(one.config) == full[tuple(one.values.items())]


def test_what_a_study_learns_from_is_no_size():
    for key in ("dataset.factors", "pretrain.lr", "arms.cmc.options.temperature", "protocols.finetune.stable", "seed"):
        assert not is_size(key)
        assert not any(fnmatchcase(key, pattern) for pattern in ("*.steps", "*.images"))


def keys(recipe, scale, kind):
    return [job.key for job in make_plan(load_suite(f"paper/{recipe}", scale=scale).settled()).jobs if job.kind == kind]


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_figures_pretrain_once(scale):
    """ResNet9 for figures 5, 6, 8 and 10, ResNet50 for 7, 9 and 10; the dense tasks share theirs, too."""
    for own, sharing in (("fig05", ["fig06"]), ("fig11", ["fig14"]), ("fig12", ["fig15"])):
        for other in sharing:
            assert set(keys(other, scale, "pretrain")) == set(keys(own, scale, "pretrain"))
    assert set(keys("fig10", scale, "pretrain")) <= {
        *keys("fig08", scale, "pretrain"), *keys("fig09", scale, "pretrain")
    }  # fmt: skip
    assert set(keys("fig16", scale, "trial")) == {*keys("fig14", scale, "trial"), *keys("fig15", scale, "trial")}
    assert keys("fig03", scale, "pretrain") == []


def test_the_split_arm_is_two_networks_and_shares_scratch_with_figure_5():
    plan = make_plan(load_suite("paper/fig03", scale="tiny").settled())
    splits = {point.arm: point.job.start.split for point in plan.points if point.arm != "blind"}
    assert splits == {"scratch": False, "scratch split": True}
    assert {point.job.key for point in plan.points if (point.arm, point.job.task) == ("scratch", "classification")} <= {
        *keys("fig05", "tiny", "trial")
    }
    with pytest.raises(ConfigError, match="split is for random weights"):
        load_study("quickstart", ["arms.rotation.split=true"])


def test_the_whole_grid_is_planned():
    plan = make_plan(load_suite("paper/fig05", scale="paper").settled())
    assert [job.kind for job in plan.jobs].count("pretrain") == 12 * 4
    assert plan.suite.first.dataset.info().counts["train"] == 400_000
    assert sum(point.protocol == "finetune" for point in plan.points) == 12 * 3 * (5 * 8 + 1), "scratch alone with 50"


@pytest.mark.parametrize("scale", ["tiny", "small", "paper"])
def test_networks_of_figure_4_are_of_one_size(scale):
    suite = load_suite("paper/fig04", scale=scale)
    choices = {one.values["network"]: one.config.backbone for one in suite.variants}
    encoder, resnet = (count_parameters(outline(build_backbone, one.name, one.options)) for one in choices.values())
    assert encoder == pytest.approx(resnet, rel=0.05)
