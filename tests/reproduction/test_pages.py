"""The page of a reproduction, and the verb that makes it."""

import re
from dataclasses import replace

import pytest
from made_up import ENCODERS, FALLING, TRANSFER, gaining, made, made_run, shifted

from headstart.errors import ConfigError
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
    assert r"1 of 12 runs of cmc (finetune) on \<script\>alert(1)" in plain
    assert all((tmp_path / name).exists() for name in re.findall(r"\]\((charts/.*?)\)", plain))
    assert plain.count("](charts/") == 6
    assert "default-src 'none'; img-src data:" in text
    assert not re.search(r"<script|https?://|<b>Looked", text)
    assert "1 of 12 runs of cmc (finetune) on &lt;script&gt;" in text
    assert "1 not run yet" in text
    assert [len(one.figures) for one in parts] == [1, 1, 2, 1, 1]
    assert text.count("data:image/svg+xml;base64,") == 6
    assert "undecided</span> (viewpoint hurts most)" in text


@pytest.fixture
def miniature(monkeypatch, tmp_path):
    """Figure 3 as small as it gets."""
    monkeypatch.setattr(
        verb, "load_suite", lambda recipe, scale: load_suite(recipe, [*MINIATURE, "pretrain.steps=2"], scale)
    )
    return {"scale": "tiny", "out": tmp_path / "runs", "store": tmp_path / "store", "workers": 1}


def test_what_is_there_is_drawn_then_the_rest_is_run(miniature, tmp_path):
    nothing = reproduce("fig03", what_is_there=True, **miniature)
    assert not nothing.complete
    assert nothing.table["verdict"].tolist() == ["undecided"]
    assert "12 not run yet" in nothing.page.read_text()
    found = reproduce("fig03", run=run_here, **miniature)
    assert found.complete
    assert found.page.with_suffix(".md").read_text().startswith("# ")
    assert found.page == tmp_path / "runs" / "paper" / "tiny" / "fig03.html"
    assert found.table.columns.tolist() == ["figure", "rule", "value", "low", "high", "verdict", "sentence"]
    assert found.table["value"].notna().all()
    for ending in ("svg", "png", "json"):
        assert (found.page.parent / "charts" / "fig03" / f"accuracy.{ending}").exists()
    assert (found.page.parent / "fig03" / "report.html").exists()


def run_here(title, prepared):
    """In this process, for a worker takes seconds to load what it needs."""
    for job in prepared.plan.jobs:
        if prepared.states[job.key] != "done":
            prepared.store.run(job)
    prepared.states = prepared.store.states(prepared.plan.jobs)
    prepared.collect()


def test_weeks_of_work_are_refused_with_both_ways_out(miniature, monkeypatch):
    monkeypatch.setattr(verb, "LARGE", 10)
    with pytest.raises(ConfigError, match=r"lacks \d+ jobs.*--launcher ray.*--what-is-there; --yes") as refusal:
        reproduce("fig03", **miniature)
    assert "\n" not in str(refusal.value)


def test_a_figure_that_does_not_exist_gets_the_nearest_name():
    with pytest.raises(ConfigError, match="unknown figure 'fig6': did you mean 'fig06'"):
        reproduce("fig6")
