"""What only Blender itself can show: its death, its end with its parent, its denoiser, and meshes' own colors."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from headstart.errors import ConfigError
from headstart.render.blender import BlenderConfig, BlenderEngine
from headstart.render.warp import WarpConfig, WarpEngine
from headstart.scenes.assets import Assets, ProceduralShapes
from headstart.scenes.factors import Factors
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.shapes import CATEGORIES, Mesh

pytestmark = pytest.mark.blender
SCENES = [SceneSampler(0, Factors().dials(), tuple(CATEGORIES)).scene(index) for index in range(3)]


@pytest.fixture
def new_engine():
    """Makes engines, and ends them."""
    made = []

    def make(assets: Assets | None = None, **options) -> BlenderEngine:
        config = BlenderConfig(**options)
        missing = BlenderEngine.missing(config)
        if missing:
            pytest.skip(missing)
        made.append(BlenderEngine(assets or Assets(), config))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def test_denoised_frames_depend_on_their_scene_alone(new_engine):
    engine = new_engine()
    together = engine.render(SCENES, 32, samples=4).images
    alone = torch.cat([new_engine(threads=1).render([scene], 32, samples=4).images for scene in SCENES])
    assert torch.equal(together, alone)


def test_denoising_comes_closer_to_a_picture_without_noise(new_engine):
    best = new_engine(denoise=False).render(SCENES[:1], 64, samples=512).images.float()
    noisy, clean = (new_engine(denoise=on).render(SCENES[:1], 64, samples=4).images.float() for on in (False, True))
    assert (clean - best).abs().mean() < (noisy - best).abs().mean()


def test_a_killed_blender_costs_nothing_but_time(new_engine):
    engine = new_engine()
    expected = engine.render(SCENES, 32).images
    process = engine._process.pid
    threading.Timer(0.2, os.kill, (process, signal.SIGKILL)).start()
    assert torch.equal(engine.render(SCENES * 3, 32).images, expected.repeat(3, 1, 1, 1))
    assert engine._process.pid != process


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_blender_ends_with_its_parent(new_engine):
    new_engine()
    code = """
import sys, time
from headstart.render.blender import BlenderConfig, BlenderEngine
from headstart.scenes.assets import Assets
engine = BlenderEngine(Assets(), BlenderConfig())
process = engine._started()
print(process.pid, process.folder, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with parent:
        pid, folder = parent.stdout.readline().split()
        assert Path("/proc", pid).exists()
        parent.kill()
    deadline = time.monotonic() + 30
    while Path(folder).exists() or _runs(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: str) -> bool:
    """Whether a process runs; one that has ended may wait for whoever inherited it to notice."""
    try:
        return Path("/proc", pid, "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_gpu_that_is_not_there_is_named(new_engine):
    engine = new_engine(device="metal")  # never on a machine with CUDA, nor in the builds for Linux
    if sys.platform == "darwin":
        pytest.skip("has Metal")
    with pytest.raises(ConfigError, match="device is 'metal'"):
        engine.render(SCENES[:1], 16)


class Painted(ProceduralShapes):
    """Shapes whose vertices are red on the left and blue on the right."""

    def mesh(self, shape) -> Mesh:
        plain = super().mesh(shape)
        right = (plain.vertices[:, 0] > 0).astype(np.uint8) * 255
        return Mesh(plain.vertices, plain.triangles, np.stack([255 - right, right * 0, right], axis=1))


def test_meshes_show_their_own_colors_as_in_the_other_engine(new_engine):
    things = [(scene, replace(scene.objects[0])) for scene in SCENES]
    scenes = [replace(scene, objects=(replace(one, surface=replace(one.surface, own=True)),)) for scene, one in things]
    assets = Assets(shapes=Painted())
    ours = WarpEngine(assets, WarpConfig(device="cpu")).render(scenes, 64, samples=32, targets=("instance",))
    theirs = new_engine(assets).render(scenes, 64, samples=32)
    seen = (ours.targets["instance"] > 0)[:, None].expand(-1, 3, -1, -1)
    pair = torch.stack([ours.images[seen], theirs.images[seen]]).float()
    assert torch.corrcoef(pair)[0, 1] > 0.98
    coated = new_engine(assets).render(SCENES, 64, samples=32).images.float()
    assert (coated - theirs.images.float()).abs()[seen].mean() > 24


def test_light_between_surfaces_brightens(new_engine):
    straight, bounced = (new_engine(bounces=number).render(SCENES, 32).images.float() for number in (0, 4))
    assert bounced.mean() > straight.mean() + 0.1
