"""Fixtures that several rooms share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker per core, each with a thread per core, is many times slower than a worker per core. Before torch is read.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


LONG = ["test_cli", "test_docs", "test_ray", "test_notebook", "test_tune_ray", "test_up_front", "test_joint"]
"""Files that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first, so that processes end together; each is one process's (``--dist loadfile``)."""
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def golden() -> Path:
    """Numbers measured from the reference implementation."""
    return Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Headless Chromium; missing, it is a failure where tests must be complete and a reason to skip elsewhere."""
    executable = shutil.which("chromium")
    if executable is None:
        missing = "chromium is not installed (apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield launched
        launched.close()
