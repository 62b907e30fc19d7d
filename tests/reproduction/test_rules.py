"""Rules find what tables were made to hold: agree, disagree, and undecided with the reason."""

import math

import pytest
from made_up import (
    EFFORTS,
    ENCODERS,
    FALLING,
    FLAT,
    METHODS,
    NETWORKS,
    SCRATCH,
    TRANSFER,
    failing,
    gaining,
    made,
    made_run,
    shifted,
)

from headstart.reproduction.evidence import Evidence
from headstart.reproduction.figures import FIGURES, find_figure
from headstart.reproduction.rules import Measured, Rule


def verdicts(figure, *runs):
    evidence = made(*runs)
    return [rule.ask(evidence).verdict for rule in FIGURES[figure].rules]


@pytest.mark.parametrize(
    ("low", "high", "bound", "verdict"),
    [
        (0.1, 0.3, "none", "agree"),
        (-0.3, -0.1, "none", "disagree"),
        (-0.1, 0.1, "none", "undecided"),
        (math.nan, math.nan, "none", "undecided"),
        (0.1, 0.3, "lower", "agree"),
        (0.1, 0.3, "upper", "undecided"),
        (-0.3, -0.1, "lower", "undecided"),
        (-0.3, -0.1, "upper", "disagree"),
    ],
)
def test_the_whole_interval_decides_and_a_bound_only_on_its_side(low, high, bound, verdict):
    rule = Rule("rule", "the number", "more than 0", lambda evidence: None, low=0.0)
    assert rule.verdict(Measured(0.2, low, high, str, bound))[0] == verdict


@pytest.mark.parametrize(
    ("figure", "score", "expected"),
    [
        ("fig05", gaining({20: 0.15, 100: 0.1, 500: 0.0}, also=0.05), ["agree", "agree"]),
        ("fig05", gaining({20: 0.0, 100: 0.1, 500: 0.15}, also=-0.05), ["disagree", "disagree"]),
        ("fig05", gaining({20: 0.1, 100: 0.1, 500: 0.1}), ["undecided", "undecided"]),
        ("fig06", gaining(FALLING), ["agree", "agree"]),
        ("fig06", gaining(FLAT), ["disagree", "disagree"]),
        ("fig11", gaining(FALLING, also=-0.05), ["agree", "agree"]),
        ("fig11", gaining(FALLING, also=0.05), ["agree", "disagree"]),
    ],
)
def test_curves(figure, score, expected):
    assert verdicts(figure, made_run(score)) == expected


@pytest.mark.parametrize(
    ("cost", "verdict"),
    [
        ((0.02, 0.01, 0.08, 0.0), "agree"),
        ((0.08, 0.01, 0.02, 0.0), "disagree"),
        ((0.05, 0.0, 0.05, 0.0), "undecided"),
    ],
)
def test_which_shift_hurts_most(cost, verdict):
    assert verdicts("fig01", made_run(shifted(cost), TRANSFER, arms=["amdim"])) == [verdict]


def test_a_factor_that_no_pair_tells_is_named():
    places = [one for one in TRANSFER if set("".join(one.values())) <= set("-TV")]
    evidence = made(made_run(shifted((0.0, 0.0, 0.1, 0.0)), places, arms=["amdim"]))
    (answer,) = (rule.ask(evidence) for rule in FIGURES["fig01"].rules)
    assert answer.verdict == "undecided"
    assert "color or lighting" in answer.reason


@pytest.mark.parametrize(("loss", "verdict"), [(0.0, "agree"), (0.05, "disagree"), (0.01, "undecided")])
def test_effort(loss, verdict):
    def score(names, arm, protocol, labels):
        return SCRATCH[labels] - loss * (arm == "cmc" and names["effort"].startswith("an eighth"))

    assert verdicts("fig02", made_run(score, EFFORTS, arms=["cmc"], noise=0.001)) == [verdict]


@pytest.mark.parametrize(("loss", "verdict"), [(0.0, "agree"), (0.1, "disagree"), (0.02, "undecided")])
def test_networks_of_one_kind_and_of_two(loss, verdict):
    def split(names, arm, protocol, labels):
        return SCRATCH[labels] - loss * (arm == "scratch split")

    def network(names, arm, protocol, labels):
        return SCRATCH[labels] + 0.1 * (arm in METHODS) - loss * (arm in METHODS and names["network"] == "ResNet50")

    assert verdicts("fig03", made_run(split, arms=["scratch split"])) == [verdict]
    assert verdicts("fig10", made_run(network, NETWORKS)) == [verdict]


@pytest.mark.parametrize(("lead", "verdict"), [(0.1, "agree"), (-0.1, "disagree"), (0.0, "undecided")])
def test_an_encoder_that_helps_probes_more(lead, verdict):
    def score(names, arm, protocol, labels):
        led = lead * (protocol == "linear" and names["network"].startswith("AMDIM"))
        return SCRATCH[labels] + led - 0.2 * (arm == "random")

    assert verdicts("fig04", made_run(score, ENCODERS, arms=["amdim"], protocols=["linear", "finetune"])) == [verdict]


@pytest.mark.parametrize(("dense", "verdict"), [(-0.1, "agree"), (0.3, "disagree"), (0.1, "undecided")])
def test_the_best_method_by_task(dense, verdict):
    runs = [
        made_run(gaining(FALLING, also=lead), task=task)
        for task, lead in (("classification", 0.1), ("depth", dense), ("segmentation", dense))
    ]
    assert verdicts("methods", *runs) == [verdict]
    assert verdicts("methods", runs[0]) == ["undecided"]


@pytest.mark.parametrize(("order", "verdict"), [((3, 2, 1, 0), "agree"), ((0, 1, 2, 3), "disagree")])
def test_probes_that_rank_as_fine_tuning_does_or_the_other_way_round(order, verdict):
    def score(names, arm, protocol, labels):
        rank = METHODS.index(arm) if arm in METHODS else 0
        return SCRATCH[labels] + 0.05 * (order[rank] if protocol == "linear" else rank)

    runs = [made_run(score, task=task, protocols=["linear", "finetune"]) for task in ("classification", "depth")]
    assert verdicts("probes", *runs) == [verdict]
    assert verdicts("probes", runs[0]) == ["undecided"], "four methods are too few to draw from"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"trials": 1}, "a single trial has no interval"),
        ({"trained_out": False}, "arms are not trained out"),
        ({"trained_out": None}, "arms are not trained out"),
    ],
)
def test_what_cannot_be_told_is_undecided_for_a_reason(changes, says):
    answer = FIGURES["fig05"].rules[0].ask(made(made_run(gaining(FALLING, also=0.05), **changes)))
    assert answer.verdict == "undecided"
    assert says in answer.sentence


@pytest.mark.parametrize(("reason", "verdict"), [("not run yet", "not run"), ("the loss is not finite", "undecided")])
def test_what_lacks_runs_is_not_run_unless_they_failed(reason, verdict):
    answer = FIGURES["fig05"].rules[0].ask(made(failing(made_run(gaining(FALLING)), "cmc", 100, 2, reason)))
    assert answer.verdict == verdict
    assert "2 of 12 runs of CMC (fine-tuned) on TCVL, classification have no number" in answer.sentence


@pytest.mark.parametrize(
    ("gained", "verdict", "says"),
    [
        ({20: 0.02, 100: 0.02, 500: 0.02}, "agree", "agree, as against a baseline of twice the steps: +1"),
        (
            {20: 0.2, 100: 0.0, 500: 0.0},
            "undecided",
            "not labels: against a baseline of twice the steps it is −",
        ),
    ],
)
def test_a_gain_of_arms_that_are_not_trained_out_has_to_hold_against_twice_the_steps(gained, verdict, says):
    run = made_run(gaining(FALLING), trained_out=False)
    extra = run.results["labels"].map(gained) * (run.results["arm"] == "scratch")
    doubled = run.results.assign(value=run.results["value"] + extra)
    answer = FIGURES["fig05"].rules[0].ask(made(run._replace(doubled=doubled)))
    assert answer.verdict == verdict
    assert says in answer.sentence


@pytest.mark.parametrize(
    ("few", "many", "others", "verdict", "says"),
    [
        (0.5, 0.02, 1, "agree", "≥ ×"),
        (0.1, 0.3, 1, "undecided", "bound on the wrong side"),
        (0.5, 0.3, 1, "undecided", "1 of 4 utilities lie beyond"),
        (0.5, 0.02, 3, "undecided", "3 of 4 utilities lie beyond"),
    ],
)
def test_utilities_beyond_scratch_are_bounds_that_decide_on_their_side_alone(few, many, others, verdict, says):
    """Of so many arms at 20 and at 100 labels, of which scratch reaches 0.7 at most."""

    def score(names, arm, protocol, labels):
        gains = {20: few, 100: many, 500: 0.0} if arm in METHODS[:others] else FALLING
        return SCRATCH[labels] + (gains[labels] if arm in METHODS else 0.0)

    answer = FIGURES["fig08"].rules[0].ask(made(made_run(score)))
    assert (answer.verdict, says in answer.sentence) == (verdict, True), answer.sentence


def test_further_budgets_of_scratch_measure_what_was_beyond_them():
    """Arms that score with 20 labels what scratch scores with 10, and with 100 what it does with 50."""

    def score(names, arm, protocol, labels):
        if arm in METHODS:
            return {20: 0.2, 100: 0.4, 500: 0.7}[labels]
        return {10: 0.2, 50: 0.4, **SCRATCH}[labels]

    few, more = made_run(score, noise=0.0005), made_run(score, further=(10, 50), noise=0.0005)
    rule = FIGURES["fig08"].rules[0]
    assert "4 of 4 utilities lie beyond" in rule.ask(made(few)).sentence
    measured = rule.ask(made(more)).measured
    assert measured.value == pytest.approx(0, abs=0.02), "half as many labels at either end"
    (place,) = made(more).places
    assert (list(place.labels), list(place.read_off().labels)) == ([20, 100, 500], [10, 20, 50, 100, 500])


def test_every_figure_has_its_recipe_and_a_rule():
    assert [name for name in FIGURES if name.startswith("fig")] == [f"fig{number:02}" for number in range(1, 17)]
    assert all(figure.rules for figure in FIGURES.values())
    assert len(find_figure("all")) == 20


def test_rules_of_thumb_have_a_number_or_say_that_this_size_cannot_tell():
    def effort(names, arm, protocol, labels):
        return SCRATCH[labels] + 0.1 * (arm == "cmc")

    runs = {
        "fig01": made_run(shifted((0.02, 0.01, 0.08, 0.01)), TRANSFER, arms=["amdim"]),
        "fig02": made_run(effort, EFFORTS, arms=["cmc"]),
        "fig05": made_run(gaining(FALLING)),
    }
    evidence = Evidence({name: run._replace(unlabelled=1000) for name, run in runs.items()})
    answers = [rule.ask(evidence) for rule in FIGURES["thumbs"].rules]
    assert [one.verdict for one in answers] == ["agree", "agree", "undecided", "agree", "agree"]
    assert "not decidable at this size: the largest budget is 500 labels" in answers[2].sentence
    more = Evidence(evidence.runs | {"fig05": runs["fig05"]._replace(unlabelled=20_000)})
    assert "every budget has five of 20,000" in FIGURES["thumbs"].rules[1].ask(more).sentence
