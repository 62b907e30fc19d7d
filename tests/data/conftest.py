"""A small dataset with every annotation, rendered once."""

import pytest

from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    render_dataset(folder, RenderConfig(images=24, resolution=16, samples=1, targets="all"), workers=1)
    return folder
