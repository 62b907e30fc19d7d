"""Fixtures that several rooms share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def golden() -> Path:
    """Numbers measured from the reference implementation."""
    return Path(__file__).parent / "golden"
