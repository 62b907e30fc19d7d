"""Known solids in every mesh format: read, rendered, labelled, exported to every dataset format and back."""

from pathlib import Path

import pytest
import trimesh

from headstart.data.exchange import FORMATS
from headstart.data.exchange.transfer import export_folder, guess_format, import_folder
from headstart.folder import read_folder
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset
from headstart.scenes.buckets import BUCKETS, split_of
from headstart.schema import validate

MESHES = ("dae", "glb", "obj", "off", "ply", "stl")
SOLIDS = {
    "ball": lambda size: trimesh.creation.icosphere(subdivisions=2, radius=size),
    "box": lambda size: trimesh.creation.box((size, 1, 1)),
    "cone": lambda size: trimesh.creation.cone(radius=1, height=size),
}
IMAGES = 36


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def render(root: Path, mesh: str, growth: float = 0.1) -> tuple[RenderConfig, dict]:
    """A dataset of the solids as ``mesh`` files, in ``root/<mesh>``, each model longer than the one before."""
    for category, make in SOLIDS.items():
        (root / f"{mesh} solids" / category).mkdir(parents=True)
        for number in range(BUCKETS):
            make(1.5 + number * growth).export(root / f"{mesh} solids" / category / f"{number}.{mesh}")
    keys = {"images": IMAGES, "resolution": 48, "samples": 1, "factors": "--V-", "targets": "all"}
    config = validate(RenderConfig, keys | {"shapes": root / f"{mesh} solids"}, "render")
    render_dataset(root / mesh, config, workers=1)
    return config, read_folder(root / mesh)[1]


@pytest.mark.parametrize("mesh", MESHES)
def test_a_solid_is_drawn_labelled_and_carried_through_every_format(mesh, tmp_path):
    config, tensors = render(tmp_path, mesh)
    sampler = config.sampler()
    for index in range(IMAGES):
        shape = sampler.scene(index).objects[0].shape
        assert shape.instance % BUCKETS == index % BUCKETS
        assert tensors["split"][index] == split_of(index)
        assert config.classes[tensors["target.class"][index]] == shape.category
    for name in sorted(FORMATS):
        exported, back = tmp_path / f"{mesh}-{name}", tmp_path / f"{mesh}-{name}-back"
        export_folder(tmp_path / mesh, name, exported)
        assert guess_format(exported) == name
        import_folder(exported, back)
        again = read_folder(back)[1]
        assert again.keys() == tensors.keys()
        assert all(again[key].equal(values) for key, values in tensors.items())


def test_the_same_solids_have_the_same_outlines_in_every_format(tmp_path):
    """A unit, an axis or a face that a loader loses would change them.

    A category's models are all alike, because which of them comes first depends on the contents of the files.
    """
    outlines = {mesh: render(tmp_path, mesh, growth=0)[1]["target.instance"] > 0 for mesh in MESHES}
    for mesh, outline in outlines.items():
        known = outlines["stl"]
        overlap = (outline & known).sum(dim=(1, 2)) / (outline | known).sum(dim=(1, 2))
        assert overlap.min() > 0.97, f"{mesh}: image {overlap.argmin()} overlaps by {overlap.min():.3f}"
