"""What every engine must do, and where its pixels, shades and shadows must fall."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.render import ENGINES, Engine
from headstart.scenes.assets import Assets
from headstart.scenes.factors import Factors
from headstart.scenes.pose import euler_matrix
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.scene import Background, Camera, Light, Scene, SceneObject, Shape, Sun, Surface
from headstart.scenes.shapes import CATEGORIES, build_mesh
from headstart.scenes.textures import TEXTURES, make_texture

UPRIGHT, FLAT = euler_matrix(np.array([np.pi / 2, 0, 0])), np.eye(3)
ABOVE = Camera(np.array([0.0, 0.0, 5.0]), FLAT)
"""Five units above the origin, looking down, +y up in the picture; it sees 3.6 units there."""
DARK = Light(np.array([0.0, 0.0, 5.0]), 0.0, 0.0)
SUN = Sun(np.array([0.0, 0.0, 1.0]), 1.0)
GRAY = Surface(np.array([0.5, 0.5, 0.5]))


MARKS = {"blender": pytest.mark.blender}
OPTIONS = {"blender": {"denoise": False}}
"""A denoiser looks at the whole picture, and what is checked here is checked of single pixels."""


def new_engine(name: str) -> Engine:
    config = ENGINES[name].Config(**OPTIONS.get(name, {}))
    missing = ENGINES[name].missing(config)
    if missing:
        pytest.skip(missing)
    return ENGINES[name](Assets(), config)


@pytest.fixture(scope="module", params=[pytest.param(name, marks=MARKS.get(name, ())) for name in sorted(ENGINES)])
def engine_name(request):
    return request.param


@pytest.fixture(scope="module")
def engine(engine_name):
    return new_engine(engine_name)


def square(x: float = 0.0, y: float = 0.0, *, side: float = 2.0, surface: Surface = GRAY) -> Background:
    return Background(np.array([x, y, 0.0]), FLAT, side, surface)


def plain(
    background: Background, *, light: Light = DARK, sun: Sun = SUN, objects: tuple[SceneObject, ...] = ()
) -> Scene:
    return Scene(1, ABOVE, light, sun, background, objects)


def sampled(count: int, factors: str = "TCVL") -> list[Scene]:
    sampler = SceneSampler(0, Factors.parse(factors).dials(), tuple(CATEGORIES))
    return [sampler.scene(index) for index in range(count)]


def render(engine, *scenes: Scene, resolution: int = 64, samples: int = 4) -> torch.Tensor:
    return engine.render(scenes, resolution, samples=samples).images


def test_frames_are_bytes_of_the_size_asked_for(engine):
    for resolution in (16, 33):
        images = render(engine, *sampled(3), resolution=resolution)
        assert images.shape == (3, 3, resolution, resolution)
        assert images.dtype == torch.uint8
        assert images.float().std(dim=(2, 3)).min() > 1


def test_a_frame_depends_on_its_scene_alone(engine, engine_name):
    scenes = sampled(5)
    together = render(engine, *scenes, resolution=32)
    alone = torch.cat([render(engine, scene, resolution=32) for scene in reversed(scenes)])
    assert torch.equal(together, alone.flip(0))
    assert torch.equal(together, render(new_engine(engine_name), *scenes, resolution=32))


def test_every_factor_changes_the_picture(engine):
    images = render(engine, *(sampled(1, text)[0] for text in ("----", "T---", "-C--", "--V-", "---L")))
    for index in range(1, 5):
        assert (images[0].int() - images[index].int()).abs().float().mean() > 1


def test_more_samples_give_the_same_picture_with_less_noise(engine):
    scene = sampled(1)[0]
    best = render(engine, scene, samples=64).float()
    errors = [(render(engine, scene, samples=samples).float() - best).abs().mean().item() for samples in (1, 4, 16)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 2


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (0.5, 0.25), (-0.8, 0.6)])
def test_a_square_lands_on_the_pixels_computed_by_hand(engine, x, y):
    """64 pixels span 3.6 units, so that a unit is 17.78 pixels; rows run down while y runs up.

    The backdrop is seen by the pixels whose centres it covers. Of a pixel that it covers in part, one engine shows all
    or nothing and another that part: half of the light, about three quarters of the byte, tells the centre in both.
    """
    image = render(engine, plain(square(x, y)), samples=64)[0, 1].float() / 255
    assert image.max() > 0.02
    lit = (image > 0.74 * image.max()).nonzero()
    unit = 64 / 3.6
    left, right = 32 + (x - 1) * unit, 32 + (x + 1) * unit
    top, bottom = 32 - (y + 1) * unit, 32 - (y - 1) * unit
    assert lit.min(dim=0).values.tolist() == [max(round(top), 0), max(round(left), 0)]
    assert lit.max(dim=0).values.tolist() == [round(bottom) - 1, round(right) - 1]


@pytest.mark.parametrize("factors", ["----", "TCVL"])
def test_an_object_covers_the_box_that_its_corners_project_to(engine, factors):
    """The camera's matrix is written out by hand: right +y, forward (-sin 0.36π, 0, -cos 0.36π)."""
    steep = 0.36 * np.pi
    right, ahead = np.array([0, 1, 0]), np.array([-np.sin(steep), 0, -np.cos(steep)])
    up = np.cross(right, ahead)
    for scene in sampled(12, factors):
        thing = scene.objects[0]
        corners = (build_mesh(thing.shape).vertices * thing.scale) @ thing.rotation.T - [1, 0, 0.4]
        projected = np.stack([corners @ right, -(corners @ up)], axis=1) / (corners @ ahead)[:, None] / 0.36
        low, high = ((projected.min(axis=0) + 1) * 64).clip(0, 128), ((projected.max(axis=0) + 1) * 64).clip(0, 128)
        unlit = replace(scene, light=replace(scene.light, energy=0.0))
        full, empty = render(engine, unlit, replace(unlit, objects=()), resolution=128, samples=16).int()
        seen = ((full - empty).abs().sum(dim=0) > 0).nonzero().flip(1).numpy()
        assert np.all(np.abs(seen.min(axis=0) - low) < 2.0)
        assert np.all(np.abs(seen.max(axis=0) + 1 - high) < 2.0)


def test_a_flat_patch_has_the_color_that_lambert_and_the_camera_give_it(engine):
    """Linear light: albedo / π times what arrives. The expected bytes were computed from the standard's sRGB curve."""
    color = np.array([0.5, 0.25, 0.75])
    image = render(engine, plain(square(surface=Surface(color))))[0]
    albedo = ((color + 0.055) / 1.055) ** 2.4
    sky = 0.14
    linear = albedo * (1 / np.pi + sky) * 1.9
    shown = linear * (1 + linear / 9) / (1 + linear)
    expected = (1.055 * shown ** (1 / 2.4) - 0.055) * 255
    assert np.abs(image[:, 32, 32].numpy() - expected).max() <= 1.0


def lightness(image: torch.Tensor) -> float:
    """Linear light at the middle of an image, up to a factor, undoing the camera's curves by search."""
    value = image[1, 32, 32].item() / 255
    shown = ((value + 0.055) / 1.055) ** 2.4
    inputs = np.linspace(0, 9, 200_001)
    return float(np.interp(shown, inputs * (1 + inputs / 9) / (1 + inputs), inputs))


def test_light_falls_off_with_the_cosine_and_with_the_square_of_the_distance(engine):
    def under(light: Light) -> float:
        lamp, none = render(engine, *(plain(square(), light=one, sun=Sun(SUN.direction, 0.0)) for one in (light, DARK)))
        return lightness(lamp) - lightness(none)

    near, far = (under(Light(np.array([0.0, 0.0, height]), 100.0, 0.0)) for height in (2.0, 4.0))
    aslant = under(Light(np.array([0.0, 2.0 * np.sin(1.0), 2.0 * np.cos(1.0)]), 100.0, 0.0))
    assert near / far == pytest.approx(4, rel=0.03)
    assert aslant / near == pytest.approx(np.cos(1.0), rel=0.03)


def shadow(engine, radius: float, *, there: bool) -> torch.Tensor:
    """A wardrobe out of sight, half-way between a lamp and the middle of the picture."""
    wardrobe = SceneObject(Shape("cabinet", 0), UPRIGHT, np.full(3, 0.5), np.array([0.0, 2.0, 2.0]), GRAY)
    light = Light(np.array([0.0, 4.0, 4.0]), 1000.0, radius)
    scene = plain(square(side=8), light=light, sun=Sun(SUN.direction, 0.0), objects=(wardrobe,) if there else ())
    return render(engine, scene, samples=16)[0, 1].int()


def test_what_stands_before_the_light_throws_a_shadow(engine):
    with_it, without = shadow(engine, 0.0, there=True), shadow(engine, 0.0, there=False)
    assert with_it[32, 32] < without[32, 32] - 40
    assert torch.equal(with_it[:, :4], without[:, :4])


def test_a_wide_light_throws_a_soft_shadow(engine):
    def partly(radius: float) -> int:
        with_it, without = (shadow(engine, radius, there=there).float() for there in (True, False))
        dark = with_it.min()
        seen = (with_it - dark) / (without - dark)
        return int(((seen > 0.2) & (seen < 0.8)).sum())

    assert partly(0.3) > 3 * partly(0.0)


def test_a_texture_is_seen_as_far_as_the_tint_lets_it(engine):
    surfaces = [Surface(GRAY.color, texture=0, tint=tint) for tint in (0.0, 0.5, 1.0)]
    images = render(engine, *(plain(square(side=8, surface=surface)) for surface in surfaces)).float()
    contrast = images.std(dim=(1, 2, 3))
    assert contrast[0] > contrast[1] > contrast[2]
    assert torch.equal(images[2], render(engine, plain(square(side=8)))[0].float())


@pytest.mark.parametrize("number", [0, 37, TEXTURES - 1])
def test_the_texture_seen_is_the_one_asked_for(engine, number):
    """Its colors, averaged over a tile or more, are those of its own texels and of no other texture's."""
    flat = Surface(make_texture(number).mean(axis=(0, 1)) / 255)
    textured = Surface(GRAY.color, texture=number, tint=0.0)
    other = Surface(make_texture((number + 60) % TEXTURES).mean(axis=(0, 1)) / 255)
    images = render(engine, *(plain(square(side=8, surface=surface)) for surface in (textured, flat, other)))
    seen, expected, wrong = images.float().mean(dim=(2, 3))
    assert (seen - expected).abs().max() < 12
    assert (seen - wrong).abs().max() > (seen - expected).abs().max()


def test_an_object_that_reaches_behind_the_camera_is_still_seen(engine):
    close = SceneObject(Shape("table", 0), FLAT, np.full(3, 2.0), np.array([0.0, 0.0, 4.6]), GRAY)
    bare, full = render(engine, plain(square(side=8)), plain(square(side=8), objects=(close,)))
    assert (bare != full).any(dim=0).float().mean() > 0.2


def test_several_objects_hide_each_other(engine):
    red, blue = Surface(np.array([1.0, 0, 0])), Surface(np.array([0, 0, 1.0]))
    low, high = (
        SceneObject(Shape("cabinet", 0), UPRIGHT, np.full(3, 1.0), np.array([0.0, 0, height]), surface)
        for height, surface in ((0.8, red), (2.5, blue))
    )
    both = render(engine, plain(square(), objects=(low, high)), plain(square(), objects=(high, low)))
    assert (both[:, 2, 32, 32] > both[:, 0, 32, 32] + 50).all()
    assert torch.equal(both[0], both[1])


def test_depth_is_measured_along_the_optical_axis(engine):
    """The square lies 5 units ahead of the eye in every pixel that shows it, and nothing is infinitely far away."""
    frames = engine.render([plain(square())], 64, samples=1, targets=("depth", "instance"))
    depth = frames.targets["depth"][0].cpu()
    assert depth.dtype == torch.float16
    shown = torch.zeros(64, 64, dtype=torch.bool)
    shown[14:50, 14:50] = True  # 32 ± 17.78
    assert torch.equal(depth.isinf(), ~shown)
    assert (depth[shown] - 5).abs().max() < 0.005
    assert not frames.targets["instance"].any()


def test_instances_are_numbered_as_the_scene_has_them(engine):
    objects = tuple(
        SceneObject(Shape("cabinet", 0), UPRIGHT, np.full(3, 0.5), np.array([x, 0.0, 0.5]), GRAY) for x in (-1.0, 1.0)
    )
    instances = engine.render([plain(square(side=8), objects=objects)], 64, targets=("instance",)).targets["instance"]
    assert instances.dtype == torch.uint8
    seen = instances[0].cpu()
    assert set(seen[:, :32].unique().tolist()) == {0, 1}
    assert set(seen[:, 32:].unique().tolist()) == {0, 2}
