"""Which test images a network got right: kept, read, and counted as units that were sampled."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from synthetic_study import METRICS, make_results

from headstart.errors import StoreError
from headstart.study.jobs.hits import HITS, keep_hits, read_hits
from headstart.study.results.tables import utility_table


@pytest.mark.parametrize("images", [1, 8, 13])
def test_what_is_kept_is_read(tmp_path, images):
    hits = torch.rand(images, generator=torch.Generator().manual_seed(0)) < 0.5
    keep_hits(tmp_path, hits)
    assert read_hits(tmp_path / HITS).tolist() == hits.tolist()


def test_what_is_no_share_of_images_is_not_kept(tmp_path):
    keep_hits(tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / HITS).write_bytes(b"cut")
    with pytest.raises(StoreError, match=rf"{HITS} is damaged"):
        read_hits(tmp_path / HITS)
    save_file({"packed": torch.zeros(1, dtype=torch.uint8)}, tmp_path / HITS)
    with pytest.raises(StoreError, match=rf"{HITS} is damaged"):
        read_hits(tmp_path / HITS)


@pytest.fixture
def study():
    """A study of 100 test images, each arm better at some that are its own: results, and hits by job."""
    results, rng = make_results(), np.random.default_rng(0)
    arms = {arm: rng.normal(size=100) for arm in results["arm"].unique()}
    tests = results[results["split"] == "test"]
    hits = {row.job: np.argsort(np.argsort(arms[row.arm])) < round(100 * row.value) for row in tests.itertuples()}
    return results, hits


def width(results: pd.DataFrame, hits: dict[str, np.ndarray] | None) -> float:
    found = utility_table(results, METRICS, seed=0, draws=500, hits=hits)
    return float((found["gain_high"] - found["gain_low"]).mean())


def test_few_test_images_widen_intervals(study):
    results, hits = study
    assert width(results, hits) > 1.3 * width(results, None)


def test_images_are_left_out_where_some_runs_kept_none_or_others(study):
    results, hits = study
    unknown, lost = width(results, None), next(iter(hits))
    assert width(results, hits | {lost: hits[lost][:50]}) == unknown
    del hits[lost]
    assert width(results, hits) == unknown
    missing = results.assign(value=results["value"].mask(results["job"] == lost))
    assert width(missing, hits) > 1.3 * width(missing, None)
