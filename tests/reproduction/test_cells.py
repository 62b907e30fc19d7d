"""Numbers of single cells: what is missing leaves the rest, and no interval where it has none to stand on."""

import math

import numpy as np
import pytest
from made_up import CORNERS, METHODS, SCRATCH, TRANSFER, failing, gaining, made, made_run, shifted

from headstart.reproduction.cells import best_cells, probe_points
from headstart.reproduction.drawing import draw
from headstart.reproduction.rules import UnmeasuredError
from headstart.reproduction.transfer import change_table, pairs_of, shift_table

AHEAD = gaining({20: 0.1, 100: 0.1, 500: 0.1}, also=0.05)


def cells(run):
    (place,) = made(run).places
    return list(best_cells(place, 0.95))


def test_the_best_arm_leads_the_next_by_what_trials_say():
    run = made_run(AHEAD)
    first = cells(run)[0]
    assert (first["arm"], first["labels"], first["missing"]) == ("cmc", 20, 0)
    scores = run.results[(run.results["labels"] == 20) & (run.results["arm"] != "random")].pivot(
        index="arm", columns="trial", values="value"
    )
    means = scores.mean(axis=1).drop("scratch").sort_values()
    assert first["lead"] == pytest.approx(means.iloc[-1] - means.iloc[-2])
    assert first["low"] < first["lead"] < first["high"]
    assert first["low"] > 0.03


def test_a_cell_says_what_it_lacks_and_the_others_stay():
    few = cells(failing(made_run(AHEAD, tables=True), "cmc", 20, 3))
    assert few[0]["arm"] == "cmc"
    assert few[0]["missing"] == 3
    assert math.isnan(few[0]["low"]), "one run is left"
    none = cells(failing(made_run(AHEAD, tables=True), "cmc", 20, 4))
    assert none[0]["arm"] in METHODS
    assert none[0]["arm"] != "cmc"
    assert none[1]["arm"] == "cmc"
    single = cells(made_run(AHEAD, trials=1))
    assert all(math.isnan(cell["low"]) and cell["lead"] > 0 for cell in single)


def test_a_cell_without_any_number_is_drawn_as_that():
    run = made_run(AHEAD, tables=True)
    for arm in METHODS:
        run = failing(run, arm, 100, 4)
    (figure,) = draw(("best",), made(run))
    (panel,) = figure.panels
    (empty,) = [layer for layer in panel["layer"] if layer["mark"].get("strokeDash")]
    rows = panel["datasets"][empty["data"]["name"]]
    assert [(row["labels"], row["name"], row["beside"]) for row in rows] == [(100, "no number", "16 runs missing")]
    assert ">no number<" in figure.svg()
    with pytest.raises(UnmeasuredError):
        made(run).places[0].gains()


def test_nothing_at_all_is_no_chart():
    run = made_run(AHEAD, tables=True)
    for arm in METHODS:
        for labels in SCRATCH:
            run = failing(run, arm, labels, 4)
    assert draw(("best", "accuracy"), made(run))[0].name == "accuracy", "of scratch, which is there"
    assert [cell["arm"] for cell in cells(run)] == [None] * 3


def test_probes_are_in_units_of_what_labels_bring_scratch():
    def score(names, arm, protocol, labels):
        own = {"cmc": 0.2, "random": 0.1}.get(arm, 0.0)
        return SCRATCH[labels] + (own if protocol == "linear" else own / 2)

    run = made_run(score, protocols=("linear", "finetune"), noise=1e-6)
    points = {(row["arm"], row["labels"]): row for row in probe_points(made(run).places[0], 0.95)}
    rise = SCRATCH[500] - SCRATCH[20]
    assert points["cmc", 100]["x"] == pytest.approx((0.2 - 0.1) / rise, abs=1e-4)
    assert points["cmc", 100]["y"] == pytest.approx(0.1 / rise, abs=1e-4)
    assert all(row["whole"] and row["x_low"] <= row["x"] <= row["x_high"] for row in points.values())
    some = failing(made_run(score, protocols=("linear", "finetune"), tables=True), "cmc", 100, 4)
    row = {(row["arm"], row["labels"]): row for row in probe_points(made(some).places[0], 0.95)}["cmc", 100]
    assert np.isnan(row["y"])
    assert np.isfinite(row["x"])
    assert not row["whole"]


def test_a_scratch_that_gains_nothing_has_no_units():
    flat = made_run(lambda names, arm, protocol, labels: 0.5 - labels / 10_000, protocols=("linear", "finetune"))
    assert all(math.isnan(row["x"]) for row in probe_points(made(flat).places[0], 0.95))


def lacking(*pairs):
    """Transfer without lighting, of which AMDIM has no number for ``pairs``: pretrained on, then learned."""
    places = [one for one in TRANSFER if set(one.values()) <= {*CORNERS[:4]}]
    whole = made_run(shifted((0.02, 0.01, 0.08, 0.0)), places, arms=["amdim"], tables=True)
    ends = zip(whole.results["pretrain_dataset.factors"], whole.results["dataset.factors"], strict=True)
    lost = np.array([pair in pairs for pair in ends]) & whole.results["arm"].eq("amdim")
    return whole._replace(results=whole.results.assign(value=whole.results["value"].mask(lost)))


def test_a_change_is_from_pretraining_on_what_is_learned():
    run = lacking(("-C--", "T---"), ("--V-", "--V-"))
    table = change_table(made(run)).set_index(["pretrained", "learned"])
    assert len(table) == 16
    assert table.loc[("----", "T---"), "change"] == pytest.approx(-0.02, abs=0.006)
    assert table.loc[("--V-", "----"), "change"] == pytest.approx(-0.08, abs=0.006)
    assert (table.loc[("--V-", "----"), ["low", "high"]] < 0).all()
    assert table.loc[("T---", "T---"), "change"] == 0
    untold = {("-C--", "T---"), *((source, "--V-") for source in CORNERS[:4])}
    assert {*table[table["change"].isna()].index} == untold
    (figure,) = draw(("changes",), made(run))
    (panel,) = figure.page_specs()
    cells = {(row["pretrained"], row["learned"]): row for rows in panel["datasets"].values() for row in rows}
    assert {pair for pair, row in cells.items() if row["few"] == "runs missing"} == {("-C--", "T---"), ("--V-", "--V-")}
    assert cells["--V-", "----"]["sure"]
    assert cells["-C--", "T---"]["ends"] == "no interval"
    assert cells["--V-", "----"]["strength"] == pytest.approx(-0.8, abs=0.1), "of −0.1, of two factors at once"
    score = run.results.query("arm == 'amdim' & `dataset.factors` == '----' & `pretrain_dataset.factors` == '----'")
    assert cells["----", "----"]["text"] == f"{100 * score['value'].mean():.1f}\N{NO-BREAK SPACE}%"
    assert all(f">{row['text']}<" in figure.svg().replace("&nbsp;", "\N{NO-BREAK SPACE}") for row in cells.values())


def test_shifts_are_told_by_the_pairs_that_are_whole():
    some = lacking(("-C--", "T---"))
    with pytest.raises(UnmeasuredError, match="have no number"):
        pairs_of(made(some))
    table = shift_table(made(some)).set_index(["factor", "shift"])
    assert table["left_out"].unique().tolist() == [1]
    assert table.loc[("viewpoint", "added"), "effect"] == pytest.approx(-0.08, abs=0.005)
    assert math.isnan(table.loc[("lighting", "added"), "effect"])
    (figure,) = draw(("shifts",), made(some))
    assert "lack runs are left out, 1 of them" in figure.caption
    assert figure.svg().count(">not told by any pair<") == 2
    placed = figure.panels[0]["layer"][-1]["encoding"]["y"]["sort"]
    assert placed[:4] == ["texture added", "texture removed", "color added", "color removed"]
