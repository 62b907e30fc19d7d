"""Whether probes rank arms as fine-tuning does, in a sentence."""

import pytest
from synthetic_study import METRICS, make_results

from headstart.report.trust import trust_sentence


@pytest.mark.parametrize(("trials", "ends"), [(4, "(95\u00a0% interval "), (1, "(no interval; 2 arms at 6 budgets)")])
def test_a_single_trial_has_no_interval(trials: int, ends: str) -> None:
    told = trust_sentence(make_results(trials), METRICS, (), 0, 0.95)
    assert told.startswith("Do probes rank arms as fine-tuning does? linear probe: rank correlation ")
    assert ends in told
