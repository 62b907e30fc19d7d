"""What holds in the charts of every figure: looks, intervals, axes, and what cannot be measured or is not there."""

import json

import altair as alt
import pytest
from made_up import BUDGETS

from headstart.charts.direct import is_direct
from headstart.charts.marks import CROSS
from headstart.charts.theme import GRAY
from headstart.reproduction.figures import FIGURES

CURVES = ("accuracy", "utility")


def charts(parts, *kinds):
    """Figure, chart and panel of every chart of these kinds, or of all."""
    for part in parts:
        for figure in part.figures:
            if not kinds or figure.name.partition("-")[0] in kinds:
                for panel in figure.panels:
                    yield part.name, figure, panel


def scales(panel, channel):
    """By line, what a channel's scales have for it."""
    for layer in panel["layer"]:
        encoding = layer["encoding"].get(channel, {})
        if encoding.get("field") == "line":
            yield from zip(encoding["scale"]["domain"], encoding["scale"]["range"], strict=True)


def rows(panel, layer):
    return panel["datasets"][layer["data"]["name"]]


def test_every_figure_has_its_charts(parts):
    drawn = {part.name: {figure.name.partition("-")[0] for figure in part.figures} for part in parts}
    planned = {name: set(figure.charts) for name, figure in FIGURES.items()}
    assert drawn == planned | {"fig02": {"utility"}}


def test_an_arm_has_one_color_and_one_mark_in_all_figures_and_shares_them_with_none(parts):
    looks = {}
    for _, figure, panel in charts(parts):
        known = {look.title: look for look in figure.legend}
        for title, look in known.items():
            looks.setdefault(title, set()).add((look.color, look.shape))
        for channel, of in (("color", "color"), ("fill", "color"), ("shape", "shape")):
            for line, drawn in scales(panel, channel):
                tinted = figure.name == "best" and channel == "color"
                assert tinted or drawn == getattr(known[line], of), (figure.name, line)
    assert {name: len(own) for name, own in looks.items() if len(own) > 1} == {}
    assert {"from scratch", "VAE", "rotation", "CMC", "AMDIM", "scratch split", "half the epochs"} <= set(looks)
    assert looks.pop("full") == looks["CMC"], "the effort of figure 2 that is CMC as in all others"
    known = {name: looks.pop(name).pop() for name in ("from scratch", "VAE", "rotation", "CMC", "AMDIM")}
    others = [look for own in looks.values() for look in own]
    for part in (0, 1):
        taken = {look[part] for look in known.values()}
        assert len(taken) == len(known)
        assert not taken & {look[part] for look in others}


def test_lines_are_named_at_their_ends(parts):
    for _, figure, panel in charts(parts, *CURVES):
        named = {row["line"] for layer in panel["layer"] if is_direct(layer) for row in rows(panel, layer)}
        drawn = [layer for layer in panel["layer"] if layer["mark"]["type"] == "line"]
        shown = {row["line"] for layer in drawn for row in rows(panel, layer) if row["value"] is not None}
        assert named == shown, figure.name


def test_label_axes_are_logarithmic_and_have_the_budgets_as_ticks(parts):
    axes = [
        layer["encoding"]["x"]
        for _, _, panel in charts(parts, *CURVES)
        for layer in panel["layer"]
        if layer["encoding"].get("x", {}).get("field") in ("labels", "position")
    ]
    assert len(axes) > 50
    assert {axis["scale"]["type"] for axis in axes} == {"log"}
    assert {tuple(axis["axis"]["values"]) for axis in axes} == {BUDGETS}


def test_what_scratch_cannot_measure_is_shaded(parts):
    for name, _, panel in charts(parts, "utility"):
        shaded = [
            layer for layer in panel["layer"] if layer["mark"].get("color") == GRAY and layer["mark"]["type"] == "area"
        ]
        assert {layer["encoding"]["y"]["field"] for layer in shaded} == {"above", "below"}, name
        first = rows(panel, shaded[0])[0]
        most, fewest = (first["labels"] * (first[side] + 1) for side in ("above", "below"))
        top, bottom = first["top"], first["bottom"]
        assert most == pytest.approx(BUDGETS[-1]) or first["above"] == top
        assert fewest == pytest.approx(BUDGETS[0]) or first["below"] == bottom


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("accuracy", ("value_low", "value_high")),
        ("utility", ("bar_low", "bar_high")),
        ("networks", ("x_low", "x_high", "y_low", "y_high")),
        ("probes", ("x_low", "x_high", "y_low", "y_high")),
        ("shifts", ("low", "high")),
        ("best", ("low", "high")),
    ],
)
def test_intervals_are_there_where_several_runs_are_and_only_there(parts, kind, ends):
    found = {True: 0, False: 0}
    for _, _, panel in charts(parts, kind):
        for row in (row for some in panel["datasets"].values() for row in some if "whole" in row and "arm" in row):
            lacks = [row.get(end) is None for end in ends]
            if row["whole"]:
                found[True] += not any(lacks)
                assert not any(lacks) or row.get("censored", "none") != "none", row
            if row.get("trials") == 1 or row.get("value", 0) is None:
                found[False] += all(lacks)
                assert all(lacks), row
    assert found[True] > 0 or kind == "best"
    assert found[False] > 0 or kind not in CURVES


def test_cells_that_failed_or_are_missing_are_crossed_out_and_said_to_be(parts):
    crossed = {}
    for name, figure, panel in charts(parts):
        for layer in panel["layer"]:
            if layer["mark"].get("shape") == CROSS:
                crossed.setdefault(name, set()).update((row["arm"], row["labels"]) for row in rows(panel, layer))
                assert "Crosses" in figure.caption
    failed = {("cmc", 100)}
    assert crossed.pop("fig07") == {("vae", labels) for labels in BUDGETS}
    assert crossed == dict.fromkeys(("fig05", "fig06", "labels", "probes"), failed)
    lacking = {part.name: part.lacking for part in parts if part.lacking}
    assert lacking["fig07"] == "Of 72 runs 12 have no number: VAE 12 (not run yet)."
    assert "CMC 8 (the loss is not finite)" in lacking["fig05"]
    assert {"fig04", "fig05", "fig06", "fig07", "labels", "methods", "probes", "thumbs"} == set(lacking)


def test_single_runs_are_hollow_and_said_to_be(parts):
    hollow = {name for name, figure, _ in charts(parts) if "Hollow" in figure.caption}
    assert hollow == {"fig04", "fig05", "fig06", "fig09", "labels", "probes"}
    (best,) = (panel for _, _, panel in charts(parts, "best"))
    beside = {row["beside"] for some in best["datasets"].values() for row in some}
    assert {"4 runs missing", "3 runs missing"} <= beside
    assert any(" to " in text for text in beside)


def test_specifications_are_sound_and_hold_no_nan(parts):
    """Altair's own check is slow, and what a chart has in one figure it has in all."""
    kinds = {
        figure.name: panel for _, figure, panel in charts(parts, "networks", "best", "shifts", "probes", "transfer")
    }
    assert len(kinds) == 5
    for panel in kinds.values():
        alt.LayerChart.from_dict(panel | {"datasets": {}}, validate=True)
    for _, _, panel in charts(parts):
        json.dumps(panel, allow_nan=False)
