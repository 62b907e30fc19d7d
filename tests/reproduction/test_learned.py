"""What a page says of features: which tell more than those of random weights."""

import pytest
from made_up import SCRATCH, made, made_run

from headstart.reproduction.figures import FIGURES
from headstart.reproduction.learned import learned_text

ABOVE = {"vae": 0.1, "rotation": 0.05, "cmc": 0.0, "amdim": -0.05}
BOTH = ("linear", "finetune")


def score(names, arm, protocol, labels):
    return 0.3 + labels / 5000 + (ABOVE.get(arm, 0.0) if protocol == "linear" else 0.0)


def test_each_method_is_told_beside_random_weights():
    text = learned_text(made(made_run(score, protocols=BOTH, noise=0.001)))
    start, *arms = text.removesuffix(".").replace("weights: ", "weights; ").split("; ")
    assert start == "Linear evaluation with the most labels, above that of random weights"
    assert [arm.split()[0] for arm in arms] == ["VAE", "rotation", "CMC", "AMDIM"]
    assert arms[0].startswith("VAE +10.0 points (+9.")
    assert [arm.endswith(", no more than random weights tell") for arm in arms] == [False, False, True, True]


@pytest.mark.parametrize(("above", "verdict"), [(0.0, "undecided"), (0.1, "disagree")])
def test_of_a_method_that_learned_nothing_no_claim_is_decided(above, verdict):
    """CMC is behind by fine-tuning, and its features know something or nothing."""

    def score(names, arm, protocol, labels):
        if protocol == "linear":
            return 0.3 + (above if arm == "cmc" else 0.1) * (arm != "random")
        return SCRATCH[labels] - 0.05 * (arm == "cmc")

    answer = FIGURES["fig05"].rules[1].ask(made(made_run(score, protocols=BOTH, noise=0.001)))
    assert answer.verdict == verdict
    assert "−5.0 points" in answer.sentence
    assert ("CMC learned nothing that" in answer.sentence) == (above == 0)


@pytest.mark.parametrize(("learned", "verdict"), [((), "undecided"), (("cmc",), "agree")])
def test_where_no_method_learned_anything_gains_are_not_of_pretraining(learned, verdict):
    """Gains fall as labels grow, for features of which one method's know something, or none."""

    def score(names, arm, protocol, labels):
        if protocol == "linear":
            return 0.3 + 0.1 * (arm in learned)
        return SCRATCH[labels] + (10 / labels) * (arm != "scratch")

    answer = FIGURES["fig05"].rules[0].ask(made(made_run(score, protocols=BOTH, noise=0.001)))
    assert answer.verdict == verdict
    told = "no method learned anything that linear evaluation tells from random weights (classification)"
    assert (told in answer.sentence) == (not learned)


@pytest.mark.parametrize(("larger", "verdict"), [(0.0, "undecided"), (0.1, "agree")])
def test_networks_are_not_alike_where_one_of_them_learned_nothing(larger, verdict):
    def score(names, arm, protocol, labels):
        if protocol == "linear":
            return 0.3 + (larger if names["network"] == "ResNet50" else 0.1) * (arm != "random")
        return SCRATCH[labels]

    places = [{"network": name} for name in ("ResNet9", "ResNet50")]
    answer = FIGURES["fig10"].rules[0].ask(made(made_run(score, places, protocols=BOTH, noise=0.001)))
    assert answer.verdict == verdict
    assert ("(classification, ResNet50)" in answer.sentence) == (larger == 0)


@pytest.mark.parametrize(("maps", "verdict"), [(0.0, "undecided"), (0.1, "agree")])
def test_which_method_is_best_is_not_told_by_a_task_of_which_none_learned_anything(maps, verdict):
    """CMC leads in classification alone."""

    def scoring(lead, learned):
        def score(names, arm, protocol, labels):
            if protocol == "linear":
                return 0.3 + learned * (arm != "random")
            return SCRATCH[labels] + lead * (arm == "cmc")

        return score

    runs = [
        made_run(scoring(0.1, 0.1), task="classification", protocols=BOTH, noise=0.001),
        made_run(scoring(0.0, maps), task="segmentation", protocols=BOTH, noise=0.001),
    ]
    answer = FIGURES["methods"].rules[0].ask(made(*runs))
    assert answer.verdict == verdict
    assert ("(segmentation)" in answer.sentence) == (maps == 0)


def test_an_arm_that_lacks_runs_is_left_out_and_no_linear_evaluation_says_nothing():
    assert "CMC" not in learned_text(made(made_run(score, protocols=BOTH, lost=["cmc"])))
    assert learned_text(made(made_run(score))) == ""
    assert learned_text(made()) == ""
