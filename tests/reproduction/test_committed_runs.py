"""The runs that ``docs/results/paper`` was drawn from are of the recipes as they are."""

from pathlib import Path

import pytest

from headstart.packing import unpack_run
from headstart.reproduction.there import place_of
from headstart.study.config.suite import load_suite
from headstart.study.results.run_folder import RunFolder

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "paper"
PACKED = sorted((RESULTS / "measured").glob("*.zip"))


@pytest.mark.parametrize("file", PACKED, ids=lambda file: file.stem)
def test_a_committed_run_is_whole_and_of_its_recipe(file, tmp_path):
    run = RunFolder(unpack_run(file, tmp_path))
    place = place_of(run)
    assert place is not None
    run.refuse_another(load_suite(f"paper/{file.stem}", scale="small").settled(place.machine))
    outcomes = run.outcomes()
    assert run.points["job"].map(lambda job: outcomes[job].done).all()


def test_every_committed_run_is_drawn():
    drawn = (RESULTS / "index.md").read_text(encoding="utf-8")
    assert PACKED
    for file in PACKED:
        assert f"\n* {file.stem}: " in drawn  # what the run took, below its figure
