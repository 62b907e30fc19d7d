"""How names read in titles and sentences."""

import pandas as pd
import pytest

from headstart.charts.names import (
    arm_title,
    arm_titles,
    find_baseline,
    in_words,
    protocol_title,
    short_keys,
    start_title,
    varied_text,
)


def test_known_names_have_titles_and_others_stand_for_themselves() -> None:
    assert (arm_title("cmc"), arm_title("mine")) == ("CMC", "mine")
    assert (protocol_title("linear"), protocol_title("mine")) == ("linear probe", "mine")
    assert arm_titles(["cmc", "mine", "cmc"]) == {"cmc": "CMC", "mine": "mine"}


@pytest.mark.parametrize(
    ("keys", "short"),
    [
        (["dataset.factors", "backbone.width"], ["factors", "width"]),
        (["dataset.factors", "pretrain_dataset.factors"], ["dataset factors", "pretrain dataset factors"]),
        (["pretrain.train.lr", "protocols.train.lr", "seed"], ["pretrain train lr", "protocols train lr", "seed"]),
        (["train.lr", "lr"], ["train lr", "lr"]),
        (["baseline.arm", "dataset.labels", "lr"], ["baseline arm", "dataset labels", "lr"]),
        ([], []),
    ],
)
def test_keys_are_as_short_as_can_be(keys: list[str], short: list[str]) -> None:
    assert short_keys(keys) == dict(zip(keys, short, strict=True))


def test_varied_values_in_words() -> None:
    assert varied_text({"dataset.factors": "T---", "backbone.width": "16"}) == "factors T---, width 16"


@pytest.mark.parametrize(
    ("arm", "method", "words"),
    [
        ("rotation", "rotation", "rotation pretraining"),
        ("rotation long", "rotation", "“rotation long”"),
        ("scratch", "scratch", "training from scratch"),
        ("imagenet", "", "“imagenet”"),
    ],
)
def test_an_arm_as_the_subject_of_a_sentence(arm: str, method: str, words: str) -> None:
    assert in_words(arm, method) == words


@pytest.mark.parametrize(
    ("arms", "name", "training"),
    [
        ([("scratch", "scratch")], "scratch", "training from scratch"),
        ([("scratch slow", "scratch")], "scratch slow", "training from scratch (scratch slow)"),
        ([("imagenet", "")], "imagenet", "imagenet"),
        ([("cmc", "cmc")], "CMC", "CMC"),
        ([], "the baseline", "the baseline"),
        ([("scratch", "scratch"), ("cmc", "cmc")], "the baseline", "the baseline"),
    ],
)
def test_from_scratch_is_only_said_of_random_weights(arms: list[tuple[str, str]], name: str, training: str) -> None:
    rows = [(*arm, "baseline") for arm in arms] + [("rotation", "rotation", "compared")]
    assert find_baseline(pd.DataFrame(rows, columns=["arm", "method", "role"])) == (name, training)


def test_where_weights_come_from() -> None:
    titles = [start_title(method) for method in ("scratch", "weights", "cmc", "mine")]
    assert titles == ["random weights", "weights from a file", "CMC pretraining", "mine pretraining"]
