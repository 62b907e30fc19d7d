"""What a search tries and chooses, told by runs that cost nothing; the real ones are in ``test_tune_ray``."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from filled_run import known

from headstart.errors import ConfigError, StoreError
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.points import RECORDS
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store
from headstart.study.tuning.choices import Choice, best_trial, choose, with_choices
from headstart.study.tuning.evaluation import Rung, read_score
from headstart.study.tuning.folder import TRIALS, begin_search
from headstart.study.tuning.knobs import find_knobs, with_values
from headstart.study.tuning.rounds import Lane, Rounds
from headstart.study.tuning.search import evaluation, plan_search
from headstart.study.tuning.trials import Trial, in_units, progress_table, read_trials, trials_table
from headstart.tuning import TuningRun

LR, TEMPERATURE = "protocols.finetune.lr", "options.temperature"


def study(**more):
    keys = {
        "name": "tiny",
        "dataset": {"images": 240, "resolution": 16, "samples": 1, "factors": "----"},
        "backbone": {"options": {"width": 4}},
        "arms": {"simclr": {}, "rotation": {"protocols": {"finetune": {"lr": 0.05}}}},
        "pretrain": {"steps": 3, "batch_size": 16},
        "protocols": {"finetune": {"steps": 4, "batch_size": 8}},
        "budgets": (20, 40, 80),
        "trials": 2,
        "device": "cpu",
    }
    return as_suite(StudyConfig.model_validate(keys | more)).settled().first


def test_every_arm_is_turned_alike_and_keeps_its_own_value_in_its_space():
    _, knobs = plan_search(study())
    assert {arm: list(own) for arm, own in knobs.items()} == {
        arm: [f"protocols.finetune.{name}" for name in ("lr", "stable", "weight_decay")]
        for arm in ("scratch", "simclr", "rotation")
    }
    assert knobs["rotation"][LR].default == 0.05
    assert knobs["rotation"][LR].space.values == (1e-4, 0.05), "made to hold what the arm has"


def test_pretraining_is_turned_where_there_is_one():
    _, knobs = plan_search(study(), pretraining=True)
    assert {TEMPERATURE, "pretrain.lr"} <= set(knobs["simclr"])
    assert "pretrain.lr" in knobs["rotation"]
    assert "pretrain.lr" not in knobs["scratch"]


def test_knobs_are_named_by_pattern_or_given_a_space():
    _, knobs = plan_search(study(), knobs=["options.*", "pretrain.warmup=uniform(0, 0.3)"])
    assert set(knobs) == {"simclr", "rotation"}, "scratch has nothing to turn here"
    assert str(knobs["simclr"]["pretrain.warmup"].space) == "uniform(0, 0.3)"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"trials": 0}, "--trials is 0"),
        ({"seconds": 0}, "--time leaves no time"),
        ({"knobs": ["nonsense"]}, "'nonsense' is no space of this study's arms: choose among augment.crop"),
        ({"knobs": ["pretrain.lr=uniform(1, 1)"]}, r"uniform\(1, 1\) is empty"),
        ({"knobs": ["pretrain.lr=uniform(-1, 1)"]}, "greater than 0"),
        ({"knobs": ["protocols.finetune.steps=choice(4, no)"]}, "steps"),
        ({"budgets": [30]}, "--budgets 30 is none of this study's budgets: choose among 20, 40, 80"),
        ({"task": "depth"}, "--task 'depth' is none of this study's"),
        ({"protocol": "linear"}, "unknown protocol of this study 'linear'"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_a_sentence(options, says):
    with pytest.raises(ConfigError, match=says):
        plan_search(study(), **options)


def test_one_validation_image_is_nothing_to_choose_on(monkeypatch):
    config = study()
    one = replace(config.dataset.info(), counts={"train": 200, "val": 1, "test": 39})
    monkeypatch.setattr(type(config.dataset), "info", lambda self: one)
    with pytest.raises(ConfigError, match="has 1 validation image, on which nothing can be chosen"):
        plan_search(config)


def test_several_tasks_have_no_common_score():
    config = study(tasks=["classification", "depth"], dataset={"images": 240, "resolution": 16, "targets": "all"})
    with pytest.raises(ConfigError, match="several tasks, whose scores have no common unit"):
        plan_search(config)
    assert plan_search(config, task="depth")[0].task == "depth"


def judged(config, arm, **options):
    search, _ = plan_search(config, **options)
    return evaluation(search, config, arm, {})


def test_settings_are_judged_by_jobs_of_the_study_with_draws_of_their_own():
    config = study()
    own = {job.key for job in make_plan(as_suite(config)).jobs}
    judge, done = judged(config, "simclr"), []
    rungs = list(judge.climb({}, done.append, lambda job: 0.5 + 0.1 * job.trial))
    kinds = [job.kind for job in done if job.key not in own]
    assert set(kinds) == {"trial"}, "images, targets and pretrainings are the study's own"
    assert [rung.draws for rung in rungs] == [1, 2]
    assert [rung.score for rung in rungs] == pytest.approx([0.5, 0.55])
    assert rungs[-1].image_steps == judge.cost({}) == 2 * 4 * 8
    assert rungs[-1].pretraining == 0
    assert {job.labels for job in done if job.kind == "trial"} == {40}, "the middle budget"


def test_other_settings_of_pretraining_cost_a_pretraining():
    done = []
    (first, _) = judged(study(), "simclr").climb({TEMPERATURE: 0.2}, done.append, lambda job: 0.5)
    assert first.pretraining == 3 * 16 * 2
    assert len({job.key for job in done if job.kind == "pretrain"}) == 1


def test_an_evaluation_ends_at_a_run_without_a_score():
    rungs = list(judged(study(), "scratch").climb({}, lambda job: None, lambda job: math.nan))
    assert [(rung.draws, bool(rung.reason)) for rung in rungs] == [(1, True)]


def test_records_of_test_images_decide_nothing(tmp_path):
    store, (job, *_) = Store(tmp_path), judged(study(), "scratch").runs({})[0]
    for test in (0.1, 0.9):
        records = [{"split": s, "metric": "accuracy", "value": v} for s, v in (("val", 0.4), ("test", test))]
        store.folder(job).mkdir(parents=True, exist_ok=True)
        (store.folder(job) / RECORDS).write_text(json.dumps({"records": records, "failure": None}))
        assert read_score(store, job) == 0.4


def test_values_that_do_not_fit_together_are_refused():
    with pytest.raises(ConfigError, match="warmup"):
        with_values(study(), "scratch", {"protocols.finetune.warmup": 0.5, "protocols.finetune.stable": 0.9})


class Steps:
    """Proposes 1, 2, 3, …; remembers what it is told."""

    def __init__(self):
        self.asked, self.told = 0, []

    def ask(self):
        self.asked += 1
        return {LR: self.asked}

    def tell(self, values, gain):
        self.told.append((values[LR], gain))


def lanes(cap=1000, arms=("one", "two")):
    return [Lane(arm, Steps(), [{LR: 0}], lambda values: 10, cap) for arm in arms]


def run(rounds, draws=2, score=lambda trial, draw: trial.values[LR] / 10):
    """All trials one after another, those above 3 stopped after a draw."""
    while trial := rounds.begin():
        for draw in range(1, draws + 1):
            value = score(trial, draw)
            rounds.reach(trial, Rung(draw, value, 5 * draw, 0, "" if math.isfinite(value) else "failed"))
            if trial.values[LR] > 3 or trial.reason:
                break
        rounds.end(trial, draws)
    assert rounds.over


def test_every_arm_has_as_many_trials_and_begins_with_its_default():
    rounds = Rounds(lanes(), 5, None, lambda trial: None)
    run(rounds)
    assert [(trial.arm, trial.number, trial.values[LR]) for trial in rounds.trials] == [
        (arm, number, number) for arm in ("one", "two") for number in range(5)
    ]
    assert [trial.status for trial in rounds.trials[:5]] == ["finished"] * 4 + ["stopped"]
    assert choose(rounds.trials[:5], {LR: SimpleNamespace(default=0)}).values == {LR: 3}


def test_an_arm_at_work_is_asked_for_nothing():
    rounds = Rounds(lanes(arms=["one"]), 5, None, lambda trial: None)
    assert rounds.begin() is not None
    assert rounds.begin() is None
    assert not rounds.over


def test_no_arm_takes_more_image_steps_than_its_share():
    rounds = Rounds(lanes(cap=35), 9, None, lambda trial: None)
    run(rounds)
    assert all(lane.spent <= 35 for lane in rounds.lanes.values())
    assert len({len(lane.trials) for lane in rounds.lanes.values()}) == 1


def test_when_time_is_over_all_arms_have_had_as_many_rounds(monkeypatch):
    now = iter(range(0, 10_000, 2))
    monkeypatch.setattr("headstart.study.tuning.rounds.time.monotonic", lambda: next(now))
    rounds = Rounds(lanes(), 50, 60.0, lambda trial: None)
    run(rounds)
    counts = {len(lane.trials) for lane in rounds.lanes.values()}
    assert len(counts) == 1
    assert 1 < counts.pop() < 50


def test_a_tie_keeps_the_default():
    trials = [Trial("one", number, {}, [score], "finished") for number, score in enumerate([0.5, 0.4, 0.5])]
    assert best_trial(trials).number == 0
    assert best_trial([*trials, Trial("one", 3, {}, [0.9], "stopped")]).number == 0, "one that was not finished"


def test_samplers_hear_of_gains_over_the_default_after_as_many_draws():
    """The second draw is harder by 0.2; a trial that was stopped before it is not the better for that."""
    rounds = Rounds(lanes(arms=["one"]), 6, None, lambda trial: None)
    run(rounds, score=lambda trial, draw: math.nan if trial.values[LR] == 2 else trial.values[LR] / 10 - 0.2 * draw)
    told = dict(rounds.lanes["one"].sampler.told)
    assert told == pytest.approx({0: 0.0, 1: 0.1, 2: 0.0, 3: 0.3, 4: 0.4, 5: 0.5}), "a failure is as bad as the worst"


def test_trials_are_read_as_they_were_written():
    trials = [
        Trial("one", 0, {LR: 0.001, "augment.crop": True}, [0.5, 0.6], "finished", 20, 5),
        Trial("two", 0, {LR: 0.01}, [], "failed", 10, 0, "died"),
    ]
    assert read_trials(trials_table(trials)) == trials
    assert progress_table(trials)["best"].tolist() == pytest.approx([0.6, math.nan], nan_ok=True)


def test_trials_of_an_error_are_told_in_its_units_and_read_as_they_were():
    trials = [Trial("one", 0, {LR: 0.01}, [-0.35, -0.33], "finished", 20), Trial("one", 1, {}, [-0.4], "stopped")]
    told = in_units(trials_table(trials), -1)
    assert told[["score", "score after 1"]].to_numpy().tolist() == [[0.33, 0.35], [0.4, 0.4]]
    assert read_trials(in_units(told, -1)) == trials
    assert in_units(progress_table(trials), -1)["best"].tolist() == [0.33, 0.33]


def begin(folder, config=None, **options):
    search, knobs = plan_search(config or study(), **options)
    return begin_search(folder, search, knobs)


def test_a_search_of_another_study_is_refused(tmp_path):
    begin(tmp_path)
    with pytest.raises(StoreError, match="holds a search of another study"):
        begin(tmp_path, study(seed=7))
    assert begin(tmp_path, study(title="Called otherwise"), trials=40).trials == 40


def test_what_was_tried_is_tried_first_in_another_space(tmp_path):
    from headstart.study.results.table_files import write_table

    begin(tmp_path, knobs=[LR])
    tried = [Trial("scratch", number, {LR: lr}, [0.5], "finished") for number, lr in enumerate([0.001, 0.003, 0.009])]
    write_table(trials_table(tried), tmp_path / TRIALS)
    assert begin(tmp_path, knobs=[LR]).given == {}, "the same spaces try the same again"
    narrow = [f"{LR}=log(0.0005, 0.005)", "protocols.finetune.stable"]
    given = begin(tmp_path, knobs=narrow).given
    assert given["scratch"] == [{LR: lr, "protocols.finetune.stable": 0.0} for lr in (0.001, 0.003)]
    assert begin(tmp_path, knobs=narrow).given == given, "and once more the same"


def test_knobs_of_a_protocol_that_freezes_are_those_of_pretrained_arms():
    config = study(protocols={"finetune": {"steps": 4}, "knn": {}})
    assert set(find_knobs(config, "knn", ["protocols.knn.*"])) == {"simclr", "rotation"}


def test_choices_are_written_among_the_arms_settings_and_nowhere_else():
    written = {"name": "mine", "arms": {"simclr": None, "rotation": {"pretrain": {"lr": 0.01}}}}
    chosen = with_choices(written, [Choice("simclr", {LR: 0.002}, 0.5, 0.6), Choice("scratch", {}, 0.5, 0.5)])
    assert chosen["arms"] == {
        "simclr": {"protocols": {"finetune": {"lr": 0.002}}},
        "rotation": written["arms"]["rotation"],
    }
    assert written["arms"]["simclr"] is None
    assert Choice("scratch", {}, 0.5, 0.5).text == "nothing did better than its own settings"


def test_a_seeded_sampler_proposes_the_same_and_stays_in_its_spaces():
    pytest.importorskip("optuna")
    from headstart.study.tuning.sampler import OptunaSampler

    _, knobs = plan_search(study(), knobs=["protocols.finetune.*"])

    def proposed(seed):
        sampler, own = OptunaSampler(knobs["simclr"], seed), []
        sampler.tell({path: knob.default for path, knob in knobs["simclr"].items()}, 0.0)
        for _ in range(9):
            own.append(sampler.ask())
            sampler.tell(own[-1], own[-1][LR])
        return own

    first = proposed(1)
    assert first == proposed(1)
    assert first != proposed(2)
    assert all(values[path] in knob.space for values in first for path, knob in knobs["simclr"].items())


def test_knobs_explain_shares_of_the_variance():
    """Scores follow the rate alone."""
    pytest.importorskip("optuna")
    from headstart.study.tuning.effects import effects_table

    _, knobs = plan_search(study(), knobs=["protocols.finetune.stable", LR])
    rates = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 8e-3]
    tried = [
        Trial("simclr", number, {LR: rate, "protocols.finetune.stable": 0.1 * (number * 5 % 8)}, [rate], "finished")
        for number, rate in enumerate(rates)
    ]
    table = effects_table(tried, {"simclr": knobs["simclr"]}, seed=1).groupby("knob")["share"].first()
    assert table[LR] > 0.7 > 0.3 > table["protocols.finetune.stable"]


def test_steps_that_are_to_be_found_are_found_by_the_study_and_taken_over():
    config = study(protocols={"finetune": {"batch_size": 8}})
    search, _ = plan_search(config)
    runs = evaluation(search, config, "scratch", {40: 6}).runs({})
    assert {job.steps for jobs in runs for job in jobs} == {6}


def test_arms_that_find_their_steps_are_judged_with_those_that_they_found(tmp_path):
    """And not with those that another is told."""
    arms = {"simclr": {}, "short": {"method": "simclr", "protocols": {"finetune": {"steps": 7}}}}
    config = study(arms=arms, protocols={"finetune": {"batch_size": 8, "first_steps": 50, "max_steps": 800}})
    search, knobs = plan_search(config)
    before = SimpleNamespace(plan=make_plan(as_suite(config), known))
    run = TuningRun(as_suite(config), search, knobs, tmp_path, before, {})
    assert run.image_steps == 20 * 2 * 50 * 8, "trials, draws, steps and images a step"
