"""How numbers and names read."""

import math

import pytest

from headstart.charts.text import (
    bounded,
    interval,
    labels_text,
    method_title,
    metric_style,
    protocol_title,
    signed_labels,
    utility_text,
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


def test_known_names_have_titles_and_others_stand_for_themselves() -> None:
    assert (method_title("cmc"), method_title("mine")) == ("CMC", "mine")
    assert (protocol_title("linear"), protocol_title("mine")) == ("linear probe", "mine")
    assert metric_style("accuracy").show(0.6125) == "61.3"
    assert metric_style("mine").show(0.123456) == "0.1235"
