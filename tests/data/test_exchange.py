"""Every format: a dataset comes back equal, byte for byte, and what is damaged is named."""

import pytest

from headstart.data.exchange import FORMATS
from headstart.data.exchange.transfer import export_folder, guess_format, import_folder
from headstart.folder import read_folder, read_manifest
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset

SEVERAL = RenderConfig(
    images=24, objects=3, resolution=32, targets=("semantic", "instance", "depth"), samples=1, shard_size=10
)
SINGLE = RenderConfig(images=24, resolution=32, targets="all", samples=1, shard_size=10)


@pytest.fixture(scope="module", params=[SEVERAL, SINGLE], ids=["several", "single"])
def rendered(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    render_dataset(folder, request.param, workers=1)
    return folder


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_dataset_comes_back_equal(name, rendered, tmp_path):
    export_folder(rendered, name, tmp_path / "out")
    assert guess_format(tmp_path / "out") == name
    import_folder(tmp_path / "out", tmp_path / "back")
    manifest, tensors = read_folder(rendered)
    found, back = read_folder(tmp_path / "back")
    assert back.keys() == tensors.keys()
    for key, values in tensors.items():
        assert back[key].dtype == values.dtype
        assert back[key].equal(values), key
    assert found.model_copy(update={"normalisation": {}}) == manifest
    assert read_manifest(tmp_path / "back").normalisation["rgb"]["mean"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "out"]
