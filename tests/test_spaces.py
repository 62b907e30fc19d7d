"""Spaces of search: each holds its default and fits its option, wherever one stands, and changes nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.catalogue import catalogue
from headstart.data.transforms.config import AugmentConfig
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.schema import overrides_of
from headstart.space import Space, search_spaces
from headstart.training.config import TrainConfig
from headstart.training.protocols import PROTOCOLS

CONFIGS = {
    "pretrain": TrainConfig,
    "augment": AugmentConfig,
    **{name: protocol.Config for name, protocol in PROTOCOLS.items()},
    **{name: METHODS.traits(name).Config for name in METHODS},
}
REQUIRED = {TrainConfig: {"steps": 100}}
FEATURED = {
    "pretrain": {"lr", "stable", "weight_decay", "batch_size", "steps"},
    "augment": {"crop", "cutout", "zoom"},
    "cmc": {"temperature", "negatives", "momentum"},
    "vae": {"kl_weight"},
    "amdim": {"tanh_clip"},
    "simclr": {"temperature"},
    "byol": {"momentum"},
    "barlow_twins": {"redundancy"},
    "vicreg": {"invariance", "variance", "covariance"},
    "simmim": {"patch", "ratio"},
    "distill": {"loss", "local", "projector"},
}
SPACES = [(name, option) for name, config in CONFIGS.items() for option in search_spaces(config)]


@pytest.mark.parametrize(("name", "option"), SPACES)
def test_a_space_holds_the_default_and_fits_its_option_at_every_end(name, option):
    config = CONFIGS[name]
    space, field = search_spaces(config)[option], config.model_fields[option]
    assert field.is_required() or field.get_default() in space
    for value in space.values:
        built = config.model_validate(REQUIRED.get(config, {}) | {option: value})
        assert getattr(built, option) == value
    assert space.about


@pytest.mark.parametrize("name", FEATURED)
def test_what_is_worth_tuning_has_a_space(name):
    assert set(search_spaces(CONFIGS[name])) >= FEATURED[name]


def test_a_space_goes_where_its_option_goes():
    assert search_spaces(overrides_of(TrainConfig)) == search_spaces(TrainConfig)
    assert "spaces" not in str(TrainConfig.model_json_schema()).lower()


@given(
    st.sampled_from(["log", "uniform"]),
    st.lists(st.floats(1e-9, 1e9) | st.integers(1, 10**9), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_what_is_written_is_read_again(kind, ends):
    space = Space(kind, tuple(ends))
    assert Space.read(str(space)) == space
    assert all(end in space for end in ends)


def test_choices_are_read_as_yaml_has_them():
    assert Space.read("choice(true, 8, 1e-4, adam)").values == (True, 8, 1e-4, "adam")


def test_a_space_grows_no_further_than_it_must():
    assert Space.log(1e-4, 1e-2).including(0.05).values == (1e-4, 0.05)
    assert Space.log(1e-4, 1e-2).including(0.005).values == (1e-4, 1e-2)
    assert Space.choice(8, 16).including(24).values == (8, 16, 24)
    assert 12.5 not in Space.uniform(8, 16), "between whole ends there are whole numbers"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("uniform(3, 3)", "is empty"),
        ("log(0, 1)", "no logarithm"),
        ("choice(8)", "holds no choice"),
        ("choice()", "holds no choice"),
        ("uniform(1)", "is no range"),
        ("uniform(a, b)", "is no range"),
        ("between(1, 2)", "is no space: write log"),
        ("0.1", "is no space: write log"),
        ("choice([1], [2])", "is no value of a space"),
    ],
)
def test_what_is_no_space_is_answered_with_a_sentence(text, says):
    with pytest.raises(ConfigError, match=says):
        Space.read(text)


def test_spaces_are_listed_with_range_and_default():
    rows = dict(catalogue("spaces"))
    assert rows["protocols.finetune.lr"] == "log(0.0001, 0.01), default 0.001: peak learning rate."
    assert rows["options.temperature of simclr"].startswith("log(0.05, 1.0), default 0.5")
    assert rows["pretrain.steps"].startswith("log(250, 8000), default the study's")
