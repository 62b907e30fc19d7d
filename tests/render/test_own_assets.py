"""Models and pictures from disk, all the way to datasets; meshes in their own colors; textures that come and go."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
import warp as wp
from PIL import Image

from headstart.errors import ConfigError, DataError
from headstart.folder import read_folder
from headstart.render import ENGINES, atlas
from headstart.render.config import RenderConfig
from headstart.render.writer import render_dataset
from headstart.scenes.assets import Assets, ProceduralTextures, load_assets
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.scene import Background, Camera, Light, Scene, SceneObject, Shape, Sun, Surface
from headstart.scenes.textures import make_texture
from headstart.schema import validate

SOLIDS = {
    "ball": lambda size: trimesh.creation.icosphere(subdivisions=2, radius=size),
    "box": lambda size: trimesh.creation.box((size, 1, 1)),
    "cone": lambda size: trimesh.creation.cone(radius=1, height=size),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def solids(root: Path, count: int = BUCKETS) -> Path:
    for category, make in SOLIDS.items():
        (root / category).mkdir(parents=True)
        for number in range(count):
            make(1 + number / 10).export(root / category / f"{number}.stl")
    return root


def config(root: Path, **keys) -> RenderConfig:
    values = {"images": 36, "resolution": 24, "samples": 1, "shapes": root / "solids"} | keys
    return validate(RenderConfig, values, "render")


def test_solids_from_disk_are_rendered_and_classified_by_their_folder(tmp_path):
    solids(tmp_path / "solids")
    made = config(tmp_path, targets="all", factors="----", resolution=48)
    assert made.classes == ("ball", "box", "cone")
    render_dataset(tmp_path / "out", made, workers=1)
    _, tensors = read_folder(tmp_path / "out")
    for index in range(36):
        thing = made.sampler().scene(index).objects[0]
        assert thing.shape.instance % BUCKETS == index % BUCKETS
        assert made.classes[tensors["target.class"][index]] == thing.shape.category
    areas = (tensors["target.instance"] > 0).float().mean(dim=(1, 2))
    by_class = [areas[tensors["target.class"] == label].mean() for label in range(3)]
    assert by_class[1] > by_class[2], "a box covers more than the cone that fits into it"


def test_broken_models_are_named_together_before_any_image_is_made(tmp_path):
    solids(tmp_path / "solids")
    for name in ("ball/3.stl", "cone/5.stl"):
        (tmp_path / "solids" / name).write_bytes(b"\0" * 90)
    with pytest.raises(DataError, match=r"ball/3\.stl.*; .*cone/5\.stl"):
        render_dataset(tmp_path / "out", config(tmp_path), workers=1)
    assert not list((tmp_path / "out").glob("shard-*"))


def test_a_category_with_fewer_models_than_buckets_is_refused_with_the_count(tmp_path):
    solids(tmp_path / "solids")
    (tmp_path / "solids" / "cone" / "0.stl").unlink()
    with pytest.raises(ConfigError, match="category 'cone' has 11 models, and 12 are the fewest"):
        config(tmp_path)
    assert config(tmp_path, categories=["ball", "box"]).classes == ("ball", "box")


def test_moving_the_folder_changes_nothing_and_editing_a_model_does(tmp_path):
    solids(tmp_path / "solids")
    before = config(tmp_path).identity()
    (tmp_path / "solids").rename(tmp_path / "moved")
    assert config(tmp_path, shapes=tmp_path / "moved").identity() == before
    trimesh.creation.box((9, 1, 1)).export(tmp_path / "moved" / "box" / "0.stl")
    load_assets.cache_clear()
    assert config(tmp_path, shapes=tmp_path / "moved").identity() != before


def test_pictures_from_disk_are_what_objects_and_backgrounds_wear(tmp_path):
    (tmp_path / "red").mkdir()
    for number in range(BUCKETS):
        Image.new("RGB", (16, 16), (200 + number, 0, 0)).save(tmp_path / "red" / f"{number}.png")
    made = validate(RenderConfig, {"images": 12, "resolution": 16, "textures": tmp_path / "red"}, "render")
    render_dataset(tmp_path / "out", made, workers=1)
    _, tensors = read_folder(tmp_path / "out")
    red, green, blue = tensors["images"].float().mean(dim=(0, 2, 3))
    assert red > 5 * max(green, blue)


CORNERS = "v -1 -1 0 {0}\nv 1 -1 0 {1}\nv 1 1 0 {2}\nv -1 1 0 {3}\nf 1 2 3 4\n"


def plate(*, own: bool) -> Scene:
    """A plate seen from above, evenly lit by the sun."""
    camera = Camera(np.array([0.0, 0.0, 5.0]), np.eye(3))
    gray = Surface(np.array([0.5, 0.5, 0.5]), own=own)
    thing = SceneObject(Shape("plate", 0), np.eye(3), np.full(3, 3.6), np.zeros(3), gray)
    ground = Background(np.array([0.0, 0.0, -1.0]), np.eye(3), 8.0, Surface(np.zeros(3)))
    dark = Light(np.array([0.0, 0.0, 5.0]), 0.0, 0.0)
    return Scene(1, camera, dark, Sun(np.array([0.0, 0.0, 1.0]), 1.0), ground, (thing,))


@pytest.fixture
def engine(tmp_path):
    """A plate, black on the left and red on the right."""
    (tmp_path / "m" / "plate").mkdir(parents=True)
    text = CORNERS.format("0 0 0", "1 0 0", "1 0 0", "0 0 0")
    (tmp_path / "m" / "plate" / "one.obj").write_text(text)
    shapes = load_assets(tmp_path / "m", None, True, 1000, "y").shapes
    return ENGINES["warp"](Assets(shapes), ENGINES["warp"].Config())


def test_a_mesh_in_its_own_colors_blends_them_across_its_triangles(engine):
    """Linear light is blended: black and red meet half-way in the red whose sRGB value is 0.735, not 0.5."""
    scene = plate(own=True)
    (thing,) = scene.objects
    reds = [replace(thing, surface=Surface(np.array([value, 0, 0]))) for value in (0.0, 0.735, 1.0)]
    scenes = [scene, *(replace(scene, objects=(red,)) for red in reds)]
    own, *flat = engine.render(scenes, 33, samples=64).images.int()
    assert (own[1:] == 0).all()
    for column, expected in zip((0, 16, 32), flat, strict=True):
        assert abs(own[0, 16, column] - expected[0, 16, 16]) <= (30 if column == 0 else 4), "a pixel is 3 % of the way"


def test_a_surface_that_does_not_ask_for_them_hides_the_colors_of_its_mesh(engine):
    alone = engine.render([plate(own=False)], 32, samples=1).images
    together = engine.render([plate(own=True), plate(own=False)], 32, samples=1).images[1:]
    assert (alone == together).all()


def test_textures_come_and_go_without_being_mixed_up():
    """An atlas of three places: whatever is asked for lies where the answer says."""
    held = atlas.Atlas(ProceduralTextures(), wp.get_device("cpu"), kept=3)
    size = 128 * 128
    for wanted in ([0, 1, 2], [3, 1], [0, 4, 5], [7, 8, 9, 10, 11], [0, 7]):
        slots = held.hold(Surface(np.zeros(3), texture=number) for number in wanted)
        texels = held.texels.numpy()
        for number in wanted:
            assert np.array_equal(texels[slots[number], :size].reshape(128, 128, 3), make_texture(number))
    assert len(held.texels) == 5


def test_a_picture_in_a_material_reaches_the_image(tmp_path):
    root = tmp_path / "signs"
    photo = io.BytesIO()
    Image.new("RGB", (4, 4), (0, 0, 255)).save(photo, format="PNG")
    text = "mtllib a.mtl\nv -1 -1 0\nv 1 -1 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nusemtl a\nf 1/1 2/2 3/3\n"
    for category in ("left", "right"):
        (root / category).mkdir(parents=True)
        (root / category / "a.mtl").write_text("newmtl a\nmap_Kd a.png\n")
        (root / category / "a.png").write_bytes(photo.getvalue())
        for number in range(BUCKETS):
            (root / category / f"{number}.obj").write_text(text)
    values = {"images": 12, "resolution": 32, "factors": "----", "shapes": root, "keep_materials": True}
    made = validate(RenderConfig, values | {"targets": ("instance",)}, "render")
    render_dataset(tmp_path / "out", made, workers=1)
    _, tensors = read_folder(tmp_path / "out")
    inside = tensors["images"].permute(0, 2, 3, 1)[tensors["target.instance"] > 0].float().mean(dim=0)
    assert inside[2] > 2 * inside[:2].max()
