"""``trials: auto``: a study adds trials until it is decided, and run again it adds none."""

from typing import Any

import pytest
from in_process import Here

from headstart.api import Study, prepare_study
from headstart.errors import ConfigError
from headstart.schema import validate
from headstart.study.config.study import StudyConfig


def study(**keys: Any) -> StudyConfig:
    values = {
        "name": "adaptive",
        "dataset": {"images": 240, "resolution": 16, "samples": 1, "factors": "----"},
        "backbone": {"options": {"width": 4}},
        "arms": {"rotation": {}},
        "controls": ["blind"],
        "pretrain": {"steps": 2, "batch_size": 8},
        "protocols": {"finetune": {"batch_size": 8, "steps": 2}},
        "budgets": [10, 20, 40],
        "trials": "auto",
    }
    return validate(StudyConfig, values | keys, "study")


def run(config: StudyConfig, folder) -> tuple[Study, int]:
    prepared = prepare_study(config, out=folder, store=folder / "store", replace=True)
    prepared.launcher = launcher = Here(prepared.store)
    prepared.execute()
    return Study(prepared.run), launcher.ran


def test_trials_are_added_while_it_hangs_and_found_again(tmp_path) -> None:
    """Two steps teach nothing that could be told from nothing: no interval is so narrow."""
    config = study(adaptive={"first": 2, "most": 4, "worth": 0.001})
    found, ran = run(config, tmp_path)
    assert found.complete
    assert ran > 0
    assert found.results["trial"].nunique() == 4
    assert "There are 4 trials, looked at after 2 and 4" in found.tables.verdict.detail
    again, more = run(config, tmp_path)
    assert more == 0
    assert again.results.equals(found.results)
    fixed, more = run(study(trials=4), tmp_path)
    assert more == 0, "the same runs as those of a study that says how many"
    paid, plain = (one.utility.set_index("labels") for one in (found, fixed))
    assert (paid["gain"] == plain["gain"]).all()
    assert (paid["gain_high"] - paid["gain"] > plain["gain_high"] - plain["gain"]).all(), "looks are paid for"


def test_no_look_is_taken_that_does_not_fit_into_the_minutes(tmp_path) -> None:
    config = study(adaptive={"first": 2, "most": 4, "worth": 0.001}, minutes=0.001)
    found, _ = run(config, tmp_path)
    assert found.results["trial"].nunique() == 2
    assert "2 trials so far" in found.tables.verdict.detail


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"adaptive": {"first": 1}}, "adaptive.first"),
        ({"adaptive": {"first": 5, "most": 4}}, "most is 4 and first is 5: raise most or lower first"),
        ({"adaptive": {"worth": 0}}, "adaptive.worth"),
        ({"trials": 0}, "study: key 'trials' is 0: input should be greater than or equal to 1 or 'auto'"),
        ({"trials": "some"}, "key 'trials' is 'some': input should be a valid integer"),
    ],
)
def test_a_mistake_is_a_sentence(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        study(**keys)
