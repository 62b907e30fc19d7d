"""What the pages say holds: links lead somewhere, and the package of docs/extending.md works as it is printed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from headstart.methods import METHODS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```\w+\n# (\S+)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
FEWER_THAN = 40
TINY = [
    "dataset.images=36",
    "dataset.resolution=24",
    "backbone.options={width: 4, depth: 2}",
    "arms={context: {options: {gap: 1}}}",
    "pretrain={steps: 4, batch_size: 8}",
    "protocols={finetune: {min_steps: 4, epochs: 1, batch_size: 8}}",
    "budgets=[4, 12]",
    "trials=1",
]


def targets(page):
    """Files that a page links to or shows."""
    links = LINK.findall(CODE.sub("", page.read_text()))
    return [(page.parent / link.partition("#")[0]).resolve() for link in links if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_is_there(page):
    missing = [str(target) for target in targets(page) if not target.exists()]
    assert not missing


def test_every_page_is_reached_from_the_readme():
    reached, new = set(), {ROOT / "README.md"}
    while new:
        reached |= new
        new = {target for page in new for target in targets(page) if target.suffix == ".md"} - reached
    assert [str(page) for page in PAGES if page not in reached] == []


SMALL = [
    "--time=none",
    "dataset.resolution=8",
    "backbone={name: resnet9, options: {width: 4}}",
    "arms={simclr: {pretrain: {steps: 2, batch_size: 8}}}",
    "controls=[blind]",
    "protocols={finetune: {steps: 2, batch_size: 8}}",
    "budgets=[10, 20]",
    "trials=2",
]
"""In place of what takes ten minutes, wherever the page chooses a study."""


def test_your_data_in_ten_minutes_line_by_line(tmp_path):
    page = (ROOT / "docs" / "ten-minutes.md").read_text()
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    assert len(lines) == 9
    shutil.copytree(ROOT / "examples" / "data", tmp_path / "examples" / "data")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "HEADSTART_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    for line in lines:
        words = shlex.split(line)
        if "--data" in words:
            words = [word for word in words if word not in ("--time", "10m")] + SMALL
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "runs" / "digits" / "report.html").exists()
    assert (tmp_path / "runs" / "digits" / "simclr.safetensors").exists()


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_page_and_a_line_in_the_index(name):
    folder = ROOT / "docs" / "methods"
    assert (folder / f"{name}.md").exists()
    rows = [row.split("|") for row in (folder / "README.md").read_text().splitlines() if f"[`{name}`]" in row]
    assert [row[4].strip() for row in rows] == [str(METHODS[name].views)]


@pytest.fixture(scope="module")
def files():
    """The files that docs/extending.md prints, by their paths."""
    return dict(BLOCK.findall((ROOT / "docs" / "extending.md").read_text()))


def test_a_method_a_task_and_a_backbone_are_short(files):
    code = [text for path, text in files.items() if path.endswith(".py")]
    assert len(code) == 4
    assert max(text.count("\n") + 1 for text in code) < FEWER_THAN  # and the line that names the file


@pytest.fixture(scope="module")
def package(files, tmp_path_factory):
    """The folder of a user who wrote those files and installed them: pip, too, leaves entry points in a text file."""
    folder = tmp_path_factory.mktemp("user")
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    metadata = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    (metadata / "entry_points.txt").write_text(
        "\n".join(
            f"[{group}]\n" + "\n".join(f"{name} = {where}" for name, where in points.items())
            for group, points in project["entry-points"].items()
        )
    )
    return folder


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_keeps_the_contracts(package):
    assert "3 passed" in run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_contracts.py")


def test_its_study_runs_from_the_command_line(package):
    command = ["study", "run", "context.yaml", *TINY, "--store", "store", "--workers", "1"]
    said = run(package, "-c", "from headstart.cli import main; main()", *command)
    assert "context" in said
    results = pd.read_csv(package / "runs" / "context" / "results.csv")
    assert set(results["method"]) == {"context", "scratch", "blind"}
    assert set(results["task"]) == {"foreground"}
    assert set(results["metric"]) == {"miou"}
    assert set(results["backbone"]) == {"plain depth=2 width=4"}
    assert results["value"].between(0, 1).all()
    assert (package / "runs" / "context" / "report.html").stat().st_size > 10_000
