"""The page of a reproduction, and the verb that makes it."""

import re
import sys
from dataclasses import replace

import pandas as pd
import pytest
from made_up import ENCODERS, FALLING, TRANSFER, gaining, made, made_run, shifted

from headstart.cli import main
from headstart.errors import ConfigError
from headstart.packing import pack_run, unpack_run
from headstart.report.reproduction import ReproductionPage, RunNote, write_reproduction
from headstart.report.reproduction_text import write_reproduction_text
from headstart.reproduction import reproduce, verb
from headstart.reproduction.figures import FIGURES
from headstart.reproduction.parts import part_of
from headstart.study.config.suite import load_suite

FEW = [one for one in TRANSFER if set("".join(one.values())) <= set("-V")]
MINIATURE = [
    "dataset.images=60", "dataset.resolution=16", "dataset.samples=1", "budgets=[10, 20]", "trials=2", "device=cpu",
    "protocols={finetune: {steps: 2, batch_size: 8}}", "controls=[blind]", "tasks=[classification]",
]  # fmt: skip


def part(name, *runs):
    figure = FIGURES[name]
    evidence = replace(made(), runs=dict(zip(figure.recipes, runs, strict=True)))
    notes = {recipe: RunNote(recipe, f"{recipe}/report.html", ("<b>Looked at.",)) for recipe in figure.recipes}
    return part_of(figure, evidence, notes)[1]


def test_a_page_says_what_was_claimed_and_what_was_found_and_runs_nothing(tmp_path):
    curves = made_run(
        gaining(FALLING, also=0.05), [{"dataset.factors": "<script>alert(1)</script>"}], lost=["cmc"], tables=True
    )
    encoders = made_run(gaining(FALLING), ENCODERS, arms=["amdim"], protocols=["linear", "finetune"], tables=True)
    shifts = made_run(shifted((0.0, 0.0, 0.1, 0.0)), FEW, arms=["amdim"], tables=True)
    tasks = ("classification", "pose", "segmentation", "depth")
    runs = [made_run(gaining(FALLING), task=task, protocols=["linear", "finetune"], trials=2) for task in tasks]
    parts = (
        part("fig05", curves), part("fig04", encoders), part("fig01", shifts), part("methods", *runs),
        part("probes", *runs),
    )  # fmt: skip
    path = tmp_path / "index.html"
    page = ReproductionPage("Reproduced", "tiny", "headstart reproduce all", 0.95, parts)
    write_reproduction(path, page)
    text = path.read_text()
    write_reproduction_text(tmp_path / "index.md", page)
    plain = (tmp_path / "index.md").read_text()
    assert r"1 of 12 runs of CMC (fine-tuned) on \<script\>alert(1)" in plain
    named = re.findall(r'src(?:set)?="(charts/[^"]+)"', plain)
    assert len(named) == 2 * 7
    assert all((tmp_path / name).exists() for name in named)
    assert "default-src 'none'; img-src data:" in text
    assert not re.search(r"<script|https?://|<b>Looked", text)
    assert "1 of 12 runs of CMC (fine-tuned) on &lt;script&gt;" in text
    assert "Of 72 runs 1 has no number: CMC 1 (not run yet)." in text
    assert [len(one.figures) for one in parts] == [1, 1, 3, 1, 1]
    assert (
        text.count('<svg role="img" aria-label=')
        == sum(len(chart.panels) for one in parts for chart in one.figures)
        == 11
    )
    assert re.search(r'undecided">undecided</span><p><strong>viewpoint hurts most:', text)


def test_a_figure_of_which_nothing_is_run_says_so_and_draws_nothing(tmp_path):
    run = made_run(gaining(FALLING), tables=True)
    results = run.results.assign(value=float("nan"))
    unrun = run._replace(results=results, missing=results[["arm"]].assign(reason="not run yet"))
    one, two = part("fig05", run), part("fig07", unrun)
    assert {answer.verdict for answer in two.answers} == {"not run"}
    assert (two.figures, two.lacking) == ((), "No run of it has a number yet.")
    page = ReproductionPage("Reproduced", "tiny", "headstart reproduce all", 0.95, (one, two))
    assert page.headline == "1 agree, 0 disagree, 1 undecided, 2 not run"
    write_reproduction(tmp_path / "index.html", page)
    assert '<span class="verdict not-run">not run</span>' in (tmp_path / "index.html").read_text()
    others = [made_run(gaining(FALLING), task=task) for task in ("classification", "pose", "segmentation", "depth")]
    others[0] = others[0]._replace(results=others[0].results.assign(value=float("nan")))
    begun = part("methods", *others)
    assert "not run" not in {answer.verdict for answer in begun.answers}


def test_what_is_missing_counts_a_run_in_every_cell_that_it_is_part_of():
    twice = made_run(
        gaining(FALLING), [{"dataset.factors": "----"}, {"dataset.factors": "T---"}], lost=["cmc"], tables=True
    )
    shared = twice._replace(results=twice.results.assign(job="the same"))
    assert part("fig05", shared).lacking == "Of 144 runs 2 have no number: CMC 2 (not run yet)."


@pytest.fixture
def miniature(monkeypatch, tmp_path):
    """Figure 3 as small as it gets."""
    monkeypatch.setattr(
        verb, "load_suite", lambda recipe, scale: load_suite(recipe, [*MINIATURE, "pretrain.steps=2"], scale)
    )
    return {"scale": "tiny", "out": tmp_path / "runs", "store": tmp_path / "store", "workers": 1}


def test_what_is_there_is_drawn_then_the_rest_is_run(miniature, tmp_path):
    with pytest.raises(ConfigError, match=r"nothing of fig03 at scale tiny is finished in .*store: run `headstart rep"):
        reproduce("fig03", what_is_there=True, **miniature)
    assert not list((tmp_path / "runs").rglob("fig03"))
    with pytest.raises(KeyboardInterrupt):
        reproduce("fig03", run=run_some, **miniature)
    settings = tmp_path / "runs" / "paper" / "tiny" / "fig03" / "study.yaml"
    settings.write_text(settings.read_text().replace("trials: 2", "trials: 5"))  # as another version would have it
    some = reproduce("fig03", what_is_there=True, **miniature)
    assert not some.complete
    assert some.table["verdict"].tolist() == ["not run"]
    assert "Of 12 runs 4 have no number: scratch split 4 (not run yet)." in some.page.read_text()
    found = reproduce("fig03", run=run_here, **miniature)
    assert found.complete
    took = r"took 14 jobs, 188 image-steps, \d+ s of one core or GPU\. Run on: .*, \d+ cores, .*torch \d"
    assert re.search(f"It {took}", found.page.read_text())
    assert re.search(f"`headstart reproduce fig03 --scale tiny` {took}", found.page.with_suffix(".md").read_text())
    assert found.page == tmp_path / "runs" / "paper" / "tiny" / "fig03.html"
    assert found.table.columns.tolist() == ["figure", "rule", "value", "low", "high", "verdict", "sentence"]
    assert found.table["value"].notna().all()
    links = re.findall(r'href="(charts/[^"]+)"', found.page.read_text())
    assert len(links) == 4
    for link in (*links, "fig03/report.html", "charts/fig03/accuracy.json"):
        assert (found.page.parent / link).exists(), link
    elsewhere = miniature | {"out": tmp_path / "elsewhere", "store": tmp_path / "empty"}
    unpack_run(pack_run(found.page.parent / "fig03", tmp_path), elsewhere["out"] / "paper" / "tiny")
    redrawn = reproduce("fig03", what_is_there=True, **elsewhere)
    assert redrawn.complete
    pd.testing.assert_frame_equal(redrawn.table, found.table)
    beside = redrawn.page.parent / "fig03"
    beside.rename(beside.with_name("fig99"))  # of another figure that shares all its runs
    shared = reproduce("fig03", what_is_there=True, **elsewhere)
    assert shared.complete
    pd.testing.assert_frame_equal(shared.table, found.table)


def run_some(title, prepared):
    """All but what is compared, and then the user has enough."""
    for job in prepared.plan.jobs:
        if job.key not in {point.job.key for point in prepared.plan.points if point.role == "compared"}:
            prepared.store.run(job)
    raise KeyboardInterrupt


def run_here(title, prepared):
    """In this process, for a worker takes seconds to load what it needs."""
    for job in prepared.plan.jobs:
        if prepared.states[job.key] != "done":
            prepared.store.run(job)
    prepared.states = prepared.store.states(prepared.plan.jobs)
    prepared.collect()


def test_weeks_of_work_are_refused_with_both_ways_out(miniature, monkeypatch, tmp_path):
    monkeypatch.setattr(verb, "LARGE", 10)
    with pytest.raises(ConfigError, match=r"lacks \d+ jobs.*--launcher ray.*--what-is-there; --yes") as refusal:
        reproduce("fig03", **miniature)
    assert "\n" not in str(refusal.value)
    assert not list((tmp_path / "runs").rglob("fig03"))


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("fig6", "fig06"),
        ("FIG05", "fig05"),
        ("7", "fig07"),
        ("Figure 12", "fig12"),
        ("fig99", "fig09"),
        ("lables", "labels"),
    ],
)
def test_a_figure_that_does_not_exist_gets_the_nearest_name(wrong, near):
    with pytest.raises(ConfigError, match=f"unknown figure '{wrong}': did you mean '{near}'; there are fig01 to"):
        reproduce(wrong)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("fig99", "unknown figure 'fig99': did you mean 'fig09'; there are fig01 to fig16, labels"),
        ("all --scale huge", "unknown scale 'huge': choose one of paper, small, tiny"),
        ("fig03 --scale tiny --what-is-there", "nothing of fig03 at scale tiny is finished in store: run `headstart"),
    ],
)
def test_a_mistake_at_the_command_line_gets_one_sentence(words, says, capsys, monkeypatch, tmp_path, miniature):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["headstart", "reproduce", *words.split(), "--store", "store"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert " ".join(told.err.split()).startswith(f"error: {says}")
    assert told.err.count(". ") == 0
    assert "Traceback" not in told.err
