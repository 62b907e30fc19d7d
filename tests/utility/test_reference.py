"""The original study's rule, against numbers measured from its code."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.utility import (
    StudyScores,
    interpolate_labels,
    reference_estimate,
    reference_labels_needed,
    reference_utility,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/utility/utility_cases.json").read_text())
VALIDATION = 1


def by_labels(table: dict[str, list[list[float]]]) -> dict[int, list[float]]:
    return {int(labels): [seed[VALIDATION] for seed in seeds] for labels, seeds in table.items()}


@pytest.mark.golden
@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_utility_curve(case: dict[str, Any]) -> None:
    found = reference_utility(by_labels(case["scratch"]), by_labels(case["pretrained"]), case["d_amts"])
    assert len(found.labels) == len(case["final_d_amts"])
    np.testing.assert_allclose(found.labels, case["final_d_amts"], rtol=1e-12)
    np.testing.assert_allclose(found.utility, case["ratios"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.std, case["ratio_std"], rtol=1e-9, atol=1e-12)


@pytest.mark.golden
@pytest.mark.parametrize("point", GOLDEN["get_x_val"]["points"], ids=lambda point: str(point["y"]))
def test_labels_needed(point: dict[str, float]) -> None:
    scratch = {n: float(np.mean(values)) for n, values in by_labels(GOLDEN["get_x_val"]["scratch"]).items()}
    assert reference_labels_needed(scratch, point["y"]) == pytest.approx(point["x"], rel=1e-12)


@pytest.mark.golden
@pytest.mark.parametrize("case", GOLDEN["linear_interpolate_x"])
def test_interpolation(case: dict[str, Any]) -> None:
    assert interpolate_labels(*case["args"]) == pytest.approx(case["x"], rel=1e-12)


@pytest.mark.golden
@pytest.mark.parametrize("name", ["better_everywhere_under_max", "exceeds_best_scratch_midway", "worse_than_scratch"])
def test_the_curve_as_an_estimate(name: str) -> None:
    case = next(case for case in GOLDEN["cases"] if case["name"] == name)
    tables = [by_labels(case[arm]) for arm in ("scratch", "pretrained")]
    labels = sorted({*tables[0], *tables[1]})
    trials = max(len(values) for table in tables for values in table.values())
    baseline, arm = (np.array([table.get(count, [np.nan] * trials) for count in labels]) for table in tables)
    scores = StudyScores(np.array(labels, dtype=float), baseline, arm[None], np.full((1, trials), -1))
    found = reference_estimate(scores, 0)
    np.testing.assert_allclose(found.labels, case["final_d_amts"], rtol=1e-12)
    np.testing.assert_allclose(found.utility, case["ratios"], rtol=1e-12, atol=1e-12)
    budgets = np.isin(found.labels, list(tables[1]))
    np.testing.assert_allclose(found.value[~budgets], np.nanmax(baseline.mean(axis=1)))
    assert np.isnan(found.value_low[~budgets]).all()
    expected = [np.mean(tables[1][int(count)]) for count in found.labels[budgets]]
    np.testing.assert_allclose(found.value[budgets], expected)
