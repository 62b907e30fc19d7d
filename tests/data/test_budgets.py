import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.batches.budgets import check_budgets, in_labels, label_order, suggest_budgets
from headstart.errors import ConfigError


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(0, 2**32))
def test_every_prefix_is_stratified(labels, seed):
    order = label_order(labels, np.random.default_rng(seed))
    assert sorted(order) == list(range(len(labels)))
    total, classes = np.bincount(labels, minlength=5), len(np.unique(labels))
    for size in range(1, len(labels) + 1):
        drawn = np.bincount(np.asarray(labels)[order[:size]], minlength=5)
        assert np.all(np.abs(drawn - total * size / len(labels)) < classes + 1)
        assert np.count_nonzero(drawn) >= min(size, classes), "a class that fits the budget has a label in it"


def test_trials_draw_different_images():
    labels = np.arange(1000) % 10
    first, second = (label_order(labels, np.random.default_rng(seed))[:50] for seed in (0, 1))
    assert np.bincount(labels[first]).tolist() == [5] * 10
    assert len(set(first) & set(second)) < 20


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(0, 2**32), st.floats(0, 1))
def test_a_class_that_can_have_a_label_has_one_however_rare(counts, seed, share):
    labels = np.repeat(np.arange(len(counts)), counts)
    classes = np.count_nonzero(counts)
    budget = classes + int(share * (len(labels) - classes))
    drawn = labels[label_order(labels, np.random.default_rng(seed))[:budget]]
    assert len(np.unique(drawn)) == classes


@pytest.mark.parametrize(
    ("budget", "labels"), [("1%", 20), ("0.01 %", 1), ("12.5%", 250), (7, 7), ("0%", "0%"), ("x%", "x%")]
)
def test_budgets_in_per_cent(budget, labels):
    assert in_labels(budget, 2000) == labels


@given(st.integers(1, 100_000), st.integers(0, 1000))
def test_suggested_budgets_can_be_had(images, classes):
    budgets = suggest_budgets(images, classes)
    assert len(budgets) != 1
    assert budgets == sorted(set(budgets))
    check_budgets(budgets, images=images, fewest=max(1, classes), where="study")


@pytest.mark.parametrize(
    ("budget", "message"),
    [(101, "budget 101 is larger than the training split of 100"), (4, "budget 4 is smaller than the 5 classes")],
)
def test_impossible_budgets_are_refused(budget, message):
    with pytest.raises(ConfigError, match=message):
        check_budgets([50, budget], images=100, fewest=5, where="study")
