"""Trained out or not, in words."""

from pathlib import Path

import numpy as np
import pandas as pd
from synthetic_report import make_report
from synthetic_study import make_doublings, make_tables

from headstart.report import Verdict, write_report
from headstart.report.training import guarded, state_training, training_grid

ARMS = pd.DataFrame({"arm": ["scratch", "rotation"], "role": ["baseline", "compared"]})


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_what_is_trained_out_says_what_the_baseline_would_gain() -> None:
    told = state_training(pd.concat([make_doublings(0.003), make_doublings(0.005, "rotation")]), ARMS)
    assert told.settled
    assert plain(told.sentence) == "Trained out: doubling the steps moves scratch by +0.3 points (± 0.7) at 500 labels."


def test_one_arm_that_gains_is_enough_to_doubt_every_gain() -> None:
    told = state_training(pd.concat([make_doublings(0.003), make_doublings(0.031, "rotation")]), ARMS)
    assert told.settled is False
    assert (
        "Not trained out: doubling the steps still moves rotation by +3.1 points (± 0.7) at 500 labels" in told.sentence
    )
    assert "may be speed, not labels" in told.sentence


def test_errors_are_told_in_their_own_units() -> None:
    table = make_doublings(-0.0123).assign(metric="rmse", error=np.nan)
    assert (
        state_training(table, ARMS).sentence == "Trained out: doubling the steps moves scratch by −0.012 at 500 labels."
    )


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert "moves scratch by 0.0 points" in state_training(make_doublings(-0.0004), ARMS).sentence


def test_where_nobody_looked_that_is_said() -> None:
    for table in (make_doublings().iloc[:0], make_doublings(np.nan)):
        told = state_training(table, ARMS)
        assert told.settled is None
        assert "was not looked at" in told.sentence


def test_a_baseline_that_nobody_looked_at_is_not_called_trained_out() -> None:
    """Neither of others, nor of itself by another protocol, nor in one study of a suite of two."""
    others = make_doublings(0.001, "rotation")
    probe = pd.concat([others, make_doublings(0.001).assign(protocol="linear")])
    one, two = (
        table.assign(width=width) for width, table in (("4", pd.concat([others, make_doublings()])), ("8", others))
    )
    failed = pd.concat([others, make_doublings(np.nan)])
    for table in (others, probe, pd.concat([one, two]), failed):
        told = state_training(table, ARMS)
        assert told.settled is None
        assert told.sentence == (
            "Whether the baseline is trained out was not looked at: a gain may be speed, not labels."
        )
    assert state_training(one, ARMS).settled
    assert state_training(make_doublings(0.05, "rotation"), ARMS).settled is False


def test_the_page_says_it_under_the_headline(tmp_path: Path) -> None:
    for change, words in ((0.003, "Trained out: doubling"), (0.05, "Not trained out: doubling")):
        page = tmp_path / "report.html"
        write_report(page, make_report(make_tables(), trained_out=make_doublings(change)))
        text = page.read_text()
        assert words in text.split("</header>")[0].split("</h1>")[1]
        assert ('class="warning">Not trained' in text) == (change > 0.01)


def test_the_table_names_the_arm_and_escapes_it(tmp_path: Path) -> None:
    grid = training_grid(make_doublings(arm="<script>mine"), ())
    assert [cell.text for cell in grid.rows[0]] == ["<script>mine", "fine-tuned", "yes", "500", "400", "+0.3"]
    page = tmp_path / "report.html"
    write_report(page, make_report(make_tables(), trained_out=make_doublings(arm="<script>mine")))
    assert "<script>mine" not in page.read_text()


def test_no_gain_is_claimed_of_arms_that_are_not_trained_out() -> None:
    gain = Verdict("With 50 labels, rotation is worth 60 more.", "Detail.", True, ("Worth labels elsewhere too: CMC.",))
    settled, unsettled = (state_training(make_doublings(change), ARMS) for change in (0.001, 0.05))
    unknown = state_training(make_doublings(np.nan), ARMS)
    assert guarded(gain, settled) == guarded(gain, unknown) == gain
    kept = guarded(gain, unsettled)
    assert kept.headline == "No gain in labels is claimed, for arms are not trained out."
    assert " ".join([gain.headline, *gain.lines, gain.detail]) in kept.detail
    assert kept.lines == ()
    none = gain._replace(claims=False)
    assert guarded(none, unsettled) == none
