"""A folder of pictures for whoever asks what can be studied of it."""

import pytest
from pictured import pictures


@pytest.fixture(scope="session")
def pets(tmp_path_factory):
    return pictures(tmp_path_factory.mktemp("looks") / "pets", 60)
