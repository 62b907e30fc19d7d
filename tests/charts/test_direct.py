"""Names at the ends of lines: where they fit, in order, apart, and on the side of their lines."""

import numpy as np
import pytest
import vl_convert
from synthetic_study import BUDGETS, make_history, make_results, make_tables

from headstart.charts import draw_figures
from headstart.charts.direct import GAP, Vertical, is_direct, spread

TABLES = make_tables()


def drawn(tables):
    return {one.name: one for one in draw_figures(tables.summary, tables.utility, make_history().iloc[:0])}


def names(figure):
    """By panel, where the name of each line stands and from where it is led to."""
    found = []
    for panel in figure.panels:
        layers = [layer for layer in panel["layer"] if is_direct(layer)]
        rows = {row["line"]: row for layer in layers for row in panel["datasets"][layer["data"]["name"]]}
        found.append(rows)
    return found


@pytest.mark.parametrize("name", ["accuracy", "utility"])
def test_every_line_is_named_at_its_last_point(name):
    figure = drawn(TABLES)[name]
    lines = [
        {row["line"] for rows in panel["datasets"].values() for row in rows if "value_text" in row}
        for panel in figure.panels
    ]
    assert [set(rows) for rows in names(figure)] == lines
    column = "value" if name == "accuracy" else "utility"
    table = TABLES.summary if name == "accuracy" else TABLES.utility
    last = table[(table["labels"] == BUDGETS[-1]) & (table["arm"] == "cmc") & (table["protocol"] == "finetune")]
    assert names(figure)[0]["CMC"][column] == last[column].item()
    assert figure.svg().count(">CMC<") == len(figure.panels) + 1, "and in the legend"
    assert not any(is_direct(layer) for spec in figure.page_specs() for layer in spec["layer"])


def test_a_name_that_is_too_long_stands_in_the_legend_alone():
    arm = "an arm with a name that nobody would write beside a line"
    tables = make_tables(make_results().replace({"arm": {"cmc": arm}}))
    figure = drawn(tables)["accuracy"]
    assert all("rotation" in rows and arm not in rows for rows in names(figure))
    assert figure.svg().count(f">{arm}<") == 1


@pytest.mark.parametrize("seed", range(5))
def test_names_are_apart_in_order_and_within(seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(90, 140, 12)
    found = spread(places, GAP, 300.0)
    assert (np.diff(np.sort(found)) >= GAP - 1e-9).all()
    assert (np.argsort(found) == np.argsort(places)).all()
    assert found.min() >= 0
    assert found.max() <= 300
    alone = np.array([10.0, 200.0])
    assert spread(alone, GAP, 300.0).tolist() == alone.tolist(), "what is apart stays where it is"
    crowded = spread(np.full(4, 299.0), GAP, 300.0)
    assert crowded.tolist() == pytest.approx([258, 272, 286, 300]), "as low as the plot goes"


@pytest.mark.parametrize("symlog", [False, True])
def test_pixels_and_values_are_the_drawn_ones(symlog):
    """A scale of Vega's puts a point where ours does."""
    vertical = Vertical((-0.5, 20.0), 300.0, symlog)
    values = np.array([-0.5, 0.0, 3.0, 20.0])
    scale = {"type": "symlog", "constant": 1} if symlog else {"type": "linear"}
    spec = {
        "width": 100, "height": 300, "data": {"values": [{"v": value} for value in values]},
        "mark": {"type": "point", "tooltip": None},
        "encoding": {"y": {"field": "v", "type": "quantitative", "axis": None,
                           "scale": scale | {"domain": list(vertical.domain), "nice": False}}},
    }  # fmt: skip
    drawn = vl_convert.vegalite_to_svg(spec)
    heights = [
        float(part.split(")")[0].split(",")[1])
        for part in drawn.split('transform="translate(')[1:]
        if "50," in part[:4]
    ]
    assert sorted(heights) == pytest.approx(sorted(vertical.pixels(values)), abs=0.01)
    assert vertical.values(vertical.pixels(values)) == pytest.approx(values)


def test_a_line_that_ends_before_others_is_led_to_by_dots_that_are_level():
    results = make_results()
    further = (results["labels"] == BUDGETS[-1]) & (results["arm"] != "scratch")
    panel = drawn(make_tables(results[~further]))["accuracy"].panels[0]
    dotted = [layer for layer in panel["layer"] if is_direct(layer) and "strokeDash" in layer["mark"]]
    assert len(dotted) == 1
    assert "y2" not in dotted[0]["encoding"]
    assert {row["line"] for row in panel["datasets"][dotted[0]["data"]["name"]]} == {"rotation", "CMC"}
    whole = drawn(TABLES)["accuracy"].panels[0]
    assert not any(is_direct(layer) and "strokeDash" in layer["mark"] for layer in whole["layer"])
