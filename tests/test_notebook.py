"""The notebook of the docs, cell by cell in a fresh kernel: what is shown by itself, and how little of it is kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.api import Study

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "notebook.ipynb"
MOST_BYTES = 300_000


def code_cells(page):
    return [cell for cell in json.loads(page.read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The cells with what they put out, and the folder that they ran in. A cell that fails ends it."""
    folder = tmp_path_factory.mktemp("notebook")
    command = [sys.executable, HERE / "run_notebook.py", PAGE, folder / "out.ipynb", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return code_cells(folder / "out.ipynb"), folder


def shown(cells, code):
    """What the cell that holds ``code`` put out: its kind and, by MIME type, text."""
    (cell,) = (cell for cell in cells if code in "".join(cell["source"]))
    return [
        (output["output_type"], {kind: "".join(text) for kind, text in output.get("data", {}).items()})
        for output in cell["outputs"]
    ]


def test_progress_is_one_output_that_ends_with_all_done(executed):
    cells, _ = executed
    ((kind, progress),) = shown(cells, "study = headstart.run_study")
    assert kind == "display_data"
    assert "100%" in progress["text/html"]
    assert "took" in progress["text/html"]
    kept = [len(cell["outputs"]) for cell in cells]
    assert kept == [1] * len(cells)


def test_the_study_its_charts_and_what_follows_show_themselves(executed):
    cells, folder = executed
    headline = Study.load(folder / "runs" / "digits").tables.verdict.headline
    ((_, answer),) = shown(cells, "study  #")
    assert headline in answer["text/html"]
    assert answer["text/plain"].startswith(headline)
    ((_, chart),) = shown(cells, "study.figures")
    assert "image/png" in chart
    ((_, advice),) = shown(cells, "headstart.advise")
    assert "labels for 0.9" in advice["text/html"]


def test_the_page_holds_what_its_cells_put_out_and_is_small():
    assert all(cell["outputs"] for cell in code_cells(PAGE))
    assert PAGE.stat().st_size < MOST_BYTES
