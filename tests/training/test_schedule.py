import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import ConfigError
from headstart.training import piecewise_linear, warmup_decay


@pytest.mark.golden
def test_piecewise_linear(golden):
    cases = json.loads((golden / "lr_schedule" / "cases.json").read_text())
    known = np.load(golden / "lr_schedule" / "lr_vals.npz")
    checked = 0
    for case in cases:
        if "error" not in case:
            rates = piecewise_linear(case["milestones"], case["target"], case["ipe"], case["exp"])
            assert rates.shape == (case["length"],)
            np.testing.assert_allclose(rates, known[case["name"]], rtol=1e-12, atol=0)
            checked += 1
    assert checked == len(known.files)


@pytest.mark.golden
def test_what_the_reference_breaks_on_works_or_is_refused(golden):
    cases = json.loads((golden / "lr_schedule" / "cases.json").read_text())
    broken = {case["name"]: case for case in cases if "error" in case}
    assert set(broken) == {"tuple_target_error", "scalar_three_milestones_error"}
    vector = broken["tuple_target_error"]
    as_tuple, as_list = (
        piecewise_linear(vector["milestones"], kind(vector["target"]), vector["ipe"]) for kind in (tuple, list)
    )
    assert np.array_equal(as_tuple, as_list)
    scalar = broken["scalar_three_milestones_error"]
    with pytest.raises(ConfigError, match="3 milestones need 4 targets, not 3"):
        piecewise_linear(scalar["milestones"], scalar["target"], scalar["ipe"])


@pytest.mark.golden
def test_rates_as_an_optimiser_saw_them(golden):
    """After the end of the schedule the reference keeps the last value."""
    used = np.load(golden / "lr_schedule" / "lambda_used.npz")["lr_used"]
    rates = piecewise_linear([2, 5], [0, 0.01, 1e-4], 3)
    np.testing.assert_allclose(used, np.append(rates, [rates[-1]] * (len(used) - len(rates))), rtol=1e-12)


def test_a_tuple_is_a_vector_too():
    assert np.array_equal(piecewise_linear((2, 4), (0, 1, 0.1), 3), piecewise_linear([2, 4], [0, 1, 0.1], 3))


@pytest.mark.parametrize(
    ("milestones", "targets", "said"),
    [
        ([2, 4, 6], 0.1, "3 milestones need 4 targets, not 3"),
        ([2, 4], [0, 1], "2 milestones need 3 targets, not 2"),
        ([4, 2], [0, 1, 0], r"milestones \[4, 2\] must be"),
        ([], 0.1, "must be one or more epochs"),
    ],
)
def test_what_makes_no_schedule_is_refused(milestones, targets, said):
    with pytest.raises(ConfigError, match=said):
        piecewise_linear(milestones, targets, 3)


@given(
    steps=st.integers(1, 500),
    peak=st.floats(1e-5, 1),
    end_share=st.floats(0, 1),
    warmup=st.floats(0, 1),
    stay=st.floats(0, 1),
)
def test_default_schedule_rises_stays_then_falls_and_every_step_learns(steps, peak, end_share, warmup, stay):
    end, stable = peak * end_share, stay * (1 - warmup)
    rates = warmup_decay(steps, peak=peak, end=end, warmup=warmup, stable=stable)
    assert np.isclose(rates, peak).sum() >= np.floor(stable * steps) - 1
    assert rates.shape == (steps,)
    assert rates[0] > 0
    assert rates.max() <= peak * (1 + 1e-9)
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) >= 0).all()
    assert (np.diff(rates[top:]) <= 0).all()


def test_default_schedule_by_hand():
    rates = warmup_decay(10, peak=1.0, end=0.1, warmup=0.4)
    np.testing.assert_allclose(rates, [0.25, 0.5, 0.75, 1.0, 1.0, 0.82, 0.64, 0.46, 0.28, 0.1])
