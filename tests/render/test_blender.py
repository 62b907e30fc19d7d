"""The Blender engine without Blender: what it hands over, and what it does when Blender fails."""

import sys
import textwrap

import numpy as np
import pytest
import torch

from headstart.cli import main
from headstart.errors import ConfigError, StoreError
from headstart.render.blender import BlenderConfig, BlenderEngine
from headstart.render.blender.engine import encode
from headstart.render.blender.handover import cube_coordinates
from headstart.render.config import RenderConfig
from headstart.scenes.assets import Assets
from headstart.scenes.factors import Factors
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.shapes import CATEGORIES

SCENES = [SceneSampler(0, Factors().dials(), tuple(CATEGORIES)).scene(index) for index in range(2)]
START = """
    import json, sys
    from pathlib import Path
    import numpy as np

    folder, state = Path(sys.argv[-1]), Path(__file__).with_suffix(".state")
    def say(**what):
        print("@headstart " + json.dumps(what), flush=True)
    def draw():
        asked = json.loads((folder / "scene.json").read_text())
        np.save(folder / "image.npy", np.full((3, asked["resolution"], asked["resolution"]), 0.1, dtype=np.float32))
        say(done=None)
    print("Blender 0.0, with a greeting")
"""


@pytest.fixture
def engine_with(tmp_path):
    """Makes an engine whose Blender is a program that does as it is told."""

    def make(body: str, **options) -> BlenderEngine:
        program = tmp_path / "blender"
        program.write_text(f"#!{sys.executable}\n{textwrap.dedent(START)}\n{textwrap.dedent(body)}")
        program.chmod(0o755)
        return BlenderEngine(Assets(), BlenderConfig(blender=program, **options))

    return make


def test_frames_come_back_from_the_program(engine_with):
    engine = engine_with("say(done='0.0')\nfor _ in sys.stdin: draw()")
    images = engine.render(SCENES, 16).images
    assert torch.equal(images, torch.full((2, 3, 16, 16), int(encode(np.array(0.1))), dtype=torch.uint8))
    folder = engine._process.folder
    assert (folder / "1.npz").exists()
    engine.close()
    assert not folder.exists()


def test_a_scene_at_which_blender_died_is_drawn_again(engine_with):
    engine = engine_with("""
        say(done="0.0")
        for turn, _ in enumerate(sys.stdin):
            if turn == 1 and not state.exists():
                state.touch()
                sys.exit(3)
            draw()
    """)
    assert engine.render(SCENES, 16).images.min() > 0
    assert (engine._config.blender.with_suffix(".state")).exists()


def test_a_scene_at_which_blender_dies_twice_is_named(engine_with):
    engine = engine_with("""
        say(done="0.0")
        for turn, _ in enumerate(sys.stdin):
            if turn == 1 or state.exists():
                state.touch()
                sys.exit("out of memory")
            draw()
    """)
    with pytest.raises(StoreError, match=r"2 times while it drew scene 1 of 2 \(exit code 1: .*out of memory"):
        engine.render(SCENES, 16)


def test_a_blender_that_does_not_start_is_quoted(engine_with):
    engine = engine_with("sys.exit('libXrender.so.1: cannot open shared object file')")
    with pytest.raises(StoreError, match="does not start.*libXrender"):
        engine.render(SCENES, 16)


def test_a_device_that_is_not_there_is_named(engine_with):
    engine = engine_with("say(error='no device')", device="cuda")
    with pytest.raises(ConfigError, match="device is 'cuda', and Blender finds none"):
        engine.render(SCENES, 16)


def test_without_blender_the_sentence_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    config = RenderConfig(images=12, engine="blender")
    with pytest.raises(ConfigError, match="headstart engine install blender.*blender=PATH"):
        config.build_engine()
    monkeypatch.setattr(sys, "argv", ["headstart", "render", str(tmp_path / "set"), "--engine", "blender"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "engine install blender" in capsys.readouterr().err


def test_a_path_that_is_no_program_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none", __file__):
        config = RenderConfig(images=12, engine="blender", engine_options={"blender": str(path)})
        with pytest.raises(ConfigError, match="is no program"):
            config.build_engine()


def test_textures_are_projected_along_the_axis_that_a_triangle_faces():
    """The plane x = 3 shows (z, y), y = 3 shows (x, z) and z = 3 shows (x, y)."""
    square = np.array([[0, 0], [1, 0], [0, 2]])
    triangles = np.stack([np.insert(square, axis, 3, axis=1) for axis in range(3)]).astype(float)
    across_x, across_y, across_z = cube_coordinates(triangles)
    assert np.array_equal(across_x, square[:, ::-1])
    assert np.array_equal(across_y, square)
    assert np.array_equal(across_z, square)


def test_light_becomes_bytes_by_the_camera_of_the_other_engine():
    """Expected: 0 stays 0, what is at least ``WHITE`` is white, and 0.1 goes through Reinhard's and sRGB's curves."""
    shown = 0.19 * (1 + 0.19 / 9) / 1.19
    expected = round((1.055 * shown ** (1 / 2.4) - 0.055) * 255)
    assert encode(np.array([-1.0, 0.0, 0.1, 3.0 / 1.9, 50.0])).tolist() == [0, 0, expected, 255, 255]
