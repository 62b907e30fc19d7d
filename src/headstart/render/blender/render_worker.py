"""Draws scenes with Cycles, inside Blender's own Python: nothing of headstart is imported here, nor is this by it.

    python -I render_worker.py -- FOLDER
    blender --background --factory-startup --python render_worker.py -- FOLDER

A line on standard input asks for the scene that lies in FOLDER (see ``handover.py``); the answer is a line of JSON on
standard output, behind ``MARK``. It ends, and FOLDER with it, when standard input does: when its parent is gone.
"""

# mypy: disable-error-code="import-not-found,import-untyped"
# Blender's types exist inside Blender only, so that what is Blender's is Any here.

import json
import os
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

import bpy
import mathutils
import numpy as np

MARK = "@headstart "
CENTRE = 0.01
"""Width of the pixel filter, in pixels, for what a pixel's middle shows."""


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Blender prints goes to the log
    try:
        answer(answers, prepare, json.loads((folder / "settings.json").read_text()))
        for _ in sys.stdin:
            answer(answers, draw, folder)
    except BrokenPipeError:
        pass
    shutil.rmtree(folder, ignore_errors=True)
    sys.stderr.flush()
    os._exit(0)  # Blender's own goodbye can hang, and there is nothing to save


def answer(answers: Any, work: Any, argument: Any) -> None:
    """Do some work and say how it went: ``error`` is the user's to mend, ``failure`` is a bug of ours."""
    try:
        reply = {"done": work(argument)}
    except LookupError as error:
        reply = {"error": str(error.args[0])}
    except Exception:
        reply = {"failure": traceback.format_exc()}
    print(MARK + json.dumps(reply), file=answers, flush=True)


def prepare(settings: dict[str, Any]) -> str:
    """Set what all scenes share. Raises ``LookupError`` for a device that Blender cannot find."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", settings["threads"]
    scene.render.resolution_percentage = 100
    stored = scene.render.image_settings
    stored.file_format, stored.color_mode, stored.color_depth = "OPEN_EXR", "RGB", "32"
    cycles = scene.cycles
    cycles.use_adaptive_sampling = False
    cycles.sample_clamp_direct = cycles.sample_clamp_indirect = 0.0
    cycles.max_bounces = cycles.diffuse_bounces = cycles.glossy_bounces = settings["bounces"]
    cycles.device = "CPU" if settings["device"] == "cpu" else "GPU"
    if cycles.device == "GPU":
        use_devices(settings["device"].upper())
    return str(bpy.app.version_string)


def use_devices(kind: str) -> None:
    """Let Cycles use all GPUs of a kind."""
    preferences = bpy.context.preferences.addons["cycles"].preferences
    try:
        preferences.compute_device_type = kind
        preferences.refresh_devices()
    except TypeError:  # the kind isn't built into this Blender
        raise LookupError("no device") from None
    for device in preferences.devices:
        device.use = device.type == kind
    if not any(device.use for device in preferences.devices):
        raise LookupError("no device")


def draw(folder: Path) -> None:
    """The scene in ``folder`` as ``image.npy``, float32 linear RGB ``[3, H, W]``; if wanted, ``seen.npy`` likewise:
    number of the object (0: background), depth, and 1 where there is anything."""
    asked = json.loads((folder / "scene.json").read_text())
    scene = bpy.context.scene
    clear()
    scene.render.resolution_x = scene.render.resolution_y = asked["resolution"]
    add_camera(scene, asked["camera"])
    add_lights(scene, asked["light"], asked["sun"])
    for thing in asked["things"]:
        add_thing(scene, folder, thing)
    scene.cycles.seed = asked["seed"]
    scene.cycles.samples = asked["samples"]
    scene.cycles.use_denoising = asked["denoise"]
    scene.cycles.pixel_filter_type = "BOX"
    np.save(folder / "image.npy", rendered(scene, folder))
    if asked["annotate"]:
        scene.view_layers[0].material_override = telling()
        scene.cycles.samples, scene.cycles.use_denoising = 1, False
        scene.cycles.pixel_filter_type, scene.cycles.filter_width = "GAUSSIAN", CENTRE
        np.save(folder / "seen.npy", rendered(scene, folder))


def clear() -> None:
    """Forget the scene before."""
    bpy.context.scene.view_layers[0].material_override = None
    data = bpy.data
    for kind in (data.objects, data.meshes, data.materials, data.images, data.cameras, data.lights):
        data.batch_remove(list(kind))


def rendered(scene: Any, folder: Path) -> Any:
    """Linear RGB float32 ``[3, H, W]``, the first row on top."""
    path = folder / "frame.exr"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    path.unlink()
    return np.ascontiguousarray(pixels.reshape(height, width, -1)[::-1, :, :3].transpose(2, 0, 1))


def placed(scene: Any, name: str, data: Any, rotation: Any, position: Any) -> Any:
    """A new object with a rotation ``[3, 3]`` and a position ``[3]``."""
    thing = bpy.data.objects.new(name, data)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, position
    scene.collection.objects.link(thing)
    thing.matrix_world = mathutils.Matrix(matrix.tolist())  # a bare list would be read by columns
    return thing


def add_camera(scene: Any, asked: dict[str, Any]) -> None:
    camera = bpy.data.cameras.new("camera")
    camera.sensor_fit, camera.lens, camera.sensor_width = "HORIZONTAL", asked["focal"], asked["sensor"]
    camera.clip_start, camera.clip_end = 1e-4, 1e6
    scene.camera = placed(scene, "camera", camera, asked["rotation"], asked["position"])


def add_lights(scene: Any, lamp: dict[str, Any], sun: dict[str, Any]) -> None:
    """The lamp is a ball: it sheds on a surface that faces it what a point of the same energy does."""
    ball = bpy.data.lights.new("lamp", "POINT")
    ball.energy, ball.shadow_soft_size = lamp["energy"], lamp["radius"]
    if hasattr(ball, "use_soft_falloff"):
        ball.use_soft_falloff = False
    placed(scene, "lamp", ball, np.eye(3), lamp["position"]).visible_camera = False
    fill = bpy.data.lights.new("sun", "SUN")
    fill.energy, fill.angle = sun["strength"], 0.0
    fill.use_shadow = False
    if hasattr(fill.cycles, "cast_shadow"):
        fill.cycles.cast_shadow = False
    placed(scene, "sun", fill, sun["rotation"], np.zeros(3)).visible_glossy = False


def add_thing(scene: Any, folder: Path, asked: dict[str, Any]) -> None:
    """An object, or the background, whose number is 0."""
    with np.load(folder / asked["mesh"]) as arrays:
        mesh = bpy.data.meshes.new("mesh")
        mesh.from_pydata(arrays["vertices"].tolist(), [], arrays["triangles"].tolist())
        mesh.uv_layers.new(name="uv").data.foreach_set("uv", arrays["coordinates"].ravel())
        if "tints" in arrays:
            tints = np.pad(arrays["tints"], ((0, 0), (0, 1)), constant_values=1.0)
            mesh.color_attributes.new("tint", "FLOAT_COLOR", "POINT").data.foreach_set("color", tints.ravel())
    mesh.materials.append(coat(folder, asked))
    thing = placed(scene, "thing", mesh, asked["rotation"], asked["position"])
    thing.pass_index = asked["number"]
    thing.visible_shadow = asked["number"] > 0


def new_material() -> Any:
    """A material, its nodes and its output, that lights nothing else."""
    material = bpy.data.materials.new("coat")
    if material.node_tree is None:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    if hasattr(material.cycles, "emission_sampling"):
        material.cycles.emission_sampling = "NONE"
    else:
        material.cycles.sample_as_light = False
    return material, nodes, nodes.new("ShaderNodeOutputMaterial").inputs["Surface"]


def coat(folder: Path, asked: dict[str, Any]) -> Any:
    """Lambert, a gloss, and the light of a sky that nothing hides, which the camera alone sees."""
    material, nodes, surface = new_material()
    link = material.node_tree.links.new
    albedo = albedo_of(nodes, link, folder, asked)
    diffuse, glow, both = (nodes.new(f"ShaderNode{kind}") for kind in ("BsdfDiffuse", "Emission", "AddShader"))
    link(albedo, diffuse.inputs["Color"])
    link(albedo, glow.inputs["Color"])
    link(sky_of(nodes, link, asked["sky"]), glow.inputs["Strength"])
    link(diffuse.outputs[0], both.inputs[0])
    link(glow.outputs[0], both.inputs[1])
    if asked["gloss"]:
        shine, all_three = nodes.new("ShaderNodeBsdfAnisotropic"), nodes.new("ShaderNodeAddShader")
        shine.distribution = "ASHIKHMIN_SHIRLEY"
        shine.inputs["Color"].default_value = (*[asked["gloss"]] * 3, 1.0)
        shine.inputs["Roughness"].default_value = asked["roughness"]
        link(both.outputs[0], all_three.inputs[0])
        link(shine.outputs[0], all_three.inputs[1])
        both = all_three
    link(both.outputs[0], surface)
    return material


def albedo_of(nodes: Any, link: Any, folder: Path, asked: dict[str, Any]) -> Any:
    """The socket that gives it: the mesh's own colors, or else ``color`` and ``share`` times the texture."""
    if asked["texture"] is None and not asked["own"]:
        node = nodes.new("ShaderNodeRGB")
        node.outputs[0].default_value = (*asked["color"], 1.0)
        return node.outputs[0]
    if asked["own"]:
        node = nodes.new("ShaderNodeVertexColor")
        node.layer_name = "tint"
        return node.outputs["Color"]
    pattern, mixed = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeVectorMath")
    pattern.image = bpy.data.images.load(str(folder / asked["texture"]), check_existing=True)
    pattern.extension, pattern.interpolation = "REPEAT", "Linear"
    mixed.operation = "MULTIPLY_ADD"
    mixed.inputs[1].default_value = [asked["share"]] * 3
    mixed.inputs[2].default_value = asked["color"]
    link(pattern.outputs["Color"], mixed.inputs[0])
    return mixed.outputs[0]


def sky_of(nodes: Any, link: Any, sky: list[float]) -> Any:
    """The socket that gives ``sky[0] + sky[1] · (height of the normal)`` to rays from the camera, 0 to others."""
    normal, height = nodes.new("ShaderNodeNewGeometry"), nodes.new("ShaderNodeSeparateXYZ")
    light, path, seen = nodes.new("ShaderNodeMath"), nodes.new("ShaderNodeLightPath"), nodes.new("ShaderNodeMath")
    light.operation, seen.operation = "MULTIPLY_ADD", "MULTIPLY"
    light.inputs[1].default_value, light.inputs[2].default_value = sky[1], sky[0]
    link(normal.outputs["Normal"], height.inputs[0])
    link(height.outputs["Z"], light.inputs[0])
    link(light.outputs[0], seen.inputs[0])
    link(path.outputs["Is Camera Ray"], seen.inputs[1])
    return seen.outputs[0]


def telling() -> Any:
    """A material whose color is the object's number, the depth along the optical axis, and 1."""
    material, nodes, surface = new_material()
    link = material.node_tree.links.new
    number, depth, combined = (nodes.new(f"ShaderNode{kind}") for kind in ("ObjectInfo", "CameraData", "CombineXYZ"))
    glow = nodes.new("ShaderNodeEmission")
    link(number.outputs["Object Index"], combined.inputs[0])
    link(depth.outputs["View Z Depth"], combined.inputs[1])
    combined.inputs[2].default_value = 1.0
    link(combined.outputs[0], glow.inputs["Color"])
    link(glow.outputs[0], surface)
    return material


main(Path(sys.argv[sys.argv.index("--") + 1]))
