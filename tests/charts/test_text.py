"""How numbers and names read."""

import math

import pandas as pd
import pytest

from headstart.charts.text import (
    bounded,
    difference_text,
    interval,
    labels_text,
    metric_style,
    signed_labels,
    utility_text,
    with_missing_texts,
)


@pytest.mark.parametrize(
    ("labels", "text"),
    [(0, "0"), (7.4, "7"), (9.7, "10"), (66.4, "66"), (1749, "1,700"), (20_500, "20,000"), (-32, "−32")],
)
def test_labels_have_two_digits(labels: float, text: str) -> None:
    assert labels_text(labels) == text


@pytest.mark.parametrize(("labels", "text"), [(412, "+410"), (-31.6, "−32"), (0.3, "0"), (-0.2, "0")])
def test_extra_labels_have_a_sign(labels: float, text: str) -> None:
    assert signed_labels(labels) == text


@pytest.mark.parametrize(("utility", "text"), [(0.424, "0.42"), (-0.9, "−0.90"), (12.34, "12"), (1234, "1,200")])
def test_utility(utility: float, text: str) -> None:
    assert utility_text(utility) == text


def test_bounds_say_which_side_is_known() -> None:
    assert bounded(3.1, "above", utility_text) == "≥ 3.10"
    assert bounded(0.2, "below", utility_text) == "≤ 0.20"
    assert bounded(0.42, "none", utility_text) == "0.42"
    assert bounded(math.nan, "none", utility_text) == "–"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (280, 620, "280–620"),
        (280, math.inf, "≥ 280"),
        (0, 50, "≤ 50"),
        (0, math.inf, "anything"),
        (math.nan, 5, "no interval"),
    ],
)
def test_open_intervals(low: float, high: float, text: str) -> None:
    assert interval(low, high, labels_text, lowest=0) == text


def test_an_interval_across_zero_has_no_dash_to_take_for_a_sign() -> None:
    assert interval(-30, 25, labels_text) == "−30 to 25"


def test_known_metrics_have_a_style_and_others_are_plain_numbers() -> None:
    assert metric_style("accuracy").show(0.6125) == "61.3"
    assert metric_style("mine").show(0.123456) == "0.1235"


@pytest.mark.parametrize(
    ("name", "difference", "text"),
    [
        ("accuracy", 0.0312, "+3.1"),
        ("accuracy", -0.0312, "−3.1"),
        ("accuracy", -0.0001, "0.0"),
        ("rmse", 0.25, "+0.250"),
        ("accuracy", math.nan, "–"),
    ],
)
def test_a_difference_has_a_sign_unless_it_is_none(name: str, difference: float, text: str) -> None:
    assert difference_text(name, difference) == text


@pytest.mark.parametrize(
    ("trials", "missing", "if_blind", "text"),
    [
        (4, 0, math.nan, ""),
        (2, 2, 0.31, "2 of 4 missing; 31.0\u00a0% if they had guessed"),
        (3, 1, 0.31, "1 of 4 missing; 31.0\u00a0% if it had guessed"),
        (0, 4, math.nan, "4 of 4 missing"),
    ],
)
def test_missing_runs_in_words(trials: int, missing: int, if_blind: float, text: str) -> None:
    row = {"metric": "accuracy", "trials": trials, "missing": missing, "value_if_blind": if_blind}
    assert list(with_missing_texts(pd.DataFrame([row]))["missing_text"]) == [text]
