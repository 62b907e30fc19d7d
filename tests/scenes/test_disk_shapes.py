"""Models from disk: every format the same solid, categories and buckets by folder, broken ones refused by name."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from headstart.errors import DataError
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.disk import find_shapes
from headstart.scenes.disk.models import FORMATS
from headstart.scenes.disk.polygons import cut_concave, ears
from headstart.scenes.scene import Shape

SIDES = (1.0, 3.0, 2.0)
HEAD, TAIL = "solid thing\n", "endsolid thing\n"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))


def library(root: Path, *, materials: bool = False, face_limit: int = 20_000, up: str = "y"):
    return find_shapes(root, materials=materials, face_limit=face_limit, up=up)


def write(mesh: trimesh.Trimesh, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".gltf":
        mesh.export(path)
        return
    for name, data in mesh.export(file_type="gltf").items():
        (path if name.endswith(".gltf") else path.parent / name).write_bytes(data)


def box(sides=SIDES) -> trimesh.Trimesh:
    return trimesh.creation.box(sides)


def only(root: Path, **how):
    """The mesh of a library's one model."""
    shapes = library(root, **how)
    (category,) = shapes.categories
    return shapes.mesh(Shape(category, 0))


def put(root: Path, text: str | bytes, name: str = "box/broken.obj") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return root


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_solid_that_was_written(tmp_path, suffix):
    write(box(), tmp_path / "models" / "box" / f"one{suffix}")
    mesh = only(tmp_path / "models")
    assert mesh.vertices.dtype == np.float32
    assert mesh.triangles.dtype == np.int32
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), np.array(SIDES) / 3, atol=1e-6)
    np.testing.assert_allclose(mesh.vertices.min(axis=0), -np.array(SIDES) / 6, atol=1e-6)
    assert trimesh.Trimesh(mesh.vertices, mesh.triangles).volume == pytest.approx(6 / 27, rel=1e-5)


@pytest.mark.parametrize(("suffix", "turned"), [(".obj", True), (".stl", True), (".glb", False)])
def test_what_points_up_is_said_where_the_format_does_not_say_it(tmp_path, suffix, turned):
    write(box(), tmp_path / "models" / "box" / f"one{suffix}")
    mesh = only(tmp_path / "models", up="z")
    sides = (1, 2, 3) if turned else SIDES
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), np.array(sides) / 3, atol=1e-6)
    assert trimesh.Trimesh(mesh.vertices, mesh.triangles).volume > 0


def test_collada_says_itself_what_points_up(tmp_path):
    path = tmp_path / "models" / "box" / "one.dae"
    write(box(), path)
    text = path.read_text()
    start, end = text.index("<up_axis>"), text.index("</up_axis>")
    path.write_text(text[:start] + "<up_axis>Z_UP" + text[end:])
    np.testing.assert_allclose(np.ptp(only(tmp_path / "models").vertices, axis=0), np.array([1, 2, 3]) / 3, atol=1e-6)


def test_quads_and_polygons_become_triangles(tmp_path):
    corners = [(np.cos(a), np.sin(a), z) for z in (0, 1) for a in np.linspace(0, 2 * np.pi, 6, endpoint=False)]
    lines = [f"v {x:.6f} {y:.6f} {z}" for x, y, z in corners]
    sides = [f"f {i + 1} {(i + 1) % 6 + 1} {(i + 1) % 6 + 7} {i + 7}" for i in range(6)]
    put(tmp_path / "m", "\n".join([*lines, "f 6 5 4 3 2 1", "f 7 8 9 10 11 12", *sides]))
    mesh = only(tmp_path / "m")
    assert len(mesh.triangles) == 4 + 4 + 12
    assert trimesh.Trimesh(mesh.vertices, mesh.triangles).volume == pytest.approx(3 * np.sqrt(3) / 2 / 8, rel=1e-4)


def test_a_model_of_many_triangles_is_simplified_and_keeps_its_form(tmp_path):
    write(trimesh.creation.icosphere(subdivisions=5), tmp_path / "m" / "ball" / "one.stl")
    mesh = only(tmp_path / "m", face_limit=500)
    assert 400 <= len(mesh.triangles) <= 500
    assert trimesh.Trimesh(mesh.vertices, mesh.triangles).volume == pytest.approx(np.pi / 6, rel=0.03)


def test_a_vertex_that_no_triangle_uses_does_not_count_for_the_size(tmp_path):
    path = tmp_path / "m" / "box" / "one.obj"
    write(box(), path)
    path.write_text(path.read_text() + "\nv 100 100 100\n")
    np.testing.assert_allclose(np.ptp(only(tmp_path / "m").vertices, axis=0), np.array(SIDES) / 3, atol=1e-6)


TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("", "box/broken.obj", "broken.obj"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\n", "box/broken.obj", "no triangles"),
        (TRIANGLE.replace("v 1 0 0", "v nan 0 0"), "box/broken.obj", "not finite"),
        (TRIANGLE.replace("v 0 1 0", "v 2 0 0"), "box/broken.obj", "no triangle with an area"),
        ("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "box/broken.obj", "single point"),
        (b"glTF\x02\0\0\0 and then nothing", "box/broken.glb", "cannot be read as GLB"),
        ("ply\nformat ascii 1.0\nelement vertex 9\n", "box/broken.ply", "broken.ply"),
        ("<COLLADA", "box/broken.dae", "cannot be read as DAE"),
        (b"\0" * 83, "box/broken.stl", "broken.stl"),
        ("not OFF at all", "box/broken.off", "broken.off"),
    ],
)
def test_a_broken_model_is_refused_by_name(tmp_path, text, name, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        only(put(tmp_path / "m", text, name))
    assert Path(name).name in str(caught.value)


def test_a_category_is_the_first_folder_and_a_folder_around_all_is_looked_into(tmp_path):
    for path in ("chair/a.obj", "chair/deep/er/b.off", "table/c.stl"):
        write(box(), tmp_path / "m" / "all" / path)
    shapes = library(tmp_path / "m")
    assert {name: len(models) for name, models in shapes.models.items()} == {"chair": 2, "table": 1}


def test_a_model_without_a_category_is_refused(tmp_path):
    write(box(), tmp_path / "m" / "chair" / "a.obj")
    write(box(), tmp_path / "m" / "b.obj")
    with pytest.raises(DataError, match=r"b\.obj lies in no category's folder"):
        library(tmp_path / "m")


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.touch()])
def test_a_folder_without_models_is_refused(tmp_path, make):
    make(tmp_path / "m")
    with pytest.raises(DataError, match="holds no models|neither a folder nor a zip"):
        library(tmp_path / "m")


def test_buckets_share_no_model_and_do_not_depend_on_where_the_folder_is(tmp_path):
    for root in ("here", "there"):
        for number in range(30):
            write(box((1, 1, 1 + number)), tmp_path / root / "box" / f"{number}.stl")
    here, there = library(tmp_path / "here"), library(tmp_path / "there")
    buckets = [here.instances("box", bucket) for bucket in range(BUCKETS)]
    assert sorted(number for bucket in buckets for number in bucket) == list(range(30))
    assert here.fingerprint == there.fingerprint
    shapes = [Shape("box", number) for number in range(30)]
    assert all(np.array_equal(here.mesh(one).vertices, there.mesh(one).vertices) for one in shapes)


def test_an_edit_changes_the_fingerprint_and_the_mesh(tmp_path):
    path = tmp_path / "m" / "box" / "one.stl"
    write(box(), path)
    before = library(tmp_path / "m")
    assert before.unread([Shape("box", 0)]) == [Shape("box", 0)]
    mesh = before.mesh(Shape("box", 0))
    assert before.unread([Shape("box", 0)]) == []
    write(box((1, 1, 1)), path)
    after = library(tmp_path / "m")
    assert after.fingerprint != before.fingerprint
    assert not np.array_equal(after.mesh(Shape("box", 0)).vertices, mesh.vertices)


def test_a_parsed_mesh_is_read_from_the_cache_and_a_damaged_cache_is_made_again(tmp_path):
    path = tmp_path / "m" / "box" / "one.stl"
    write(box(), path)
    first = library(tmp_path / "m")
    mesh = first.mesh(Shape("box", 0))
    (kept,) = (tmp_path / "cache" / "meshes").rglob("*.safetensors")
    kept.write_bytes(kept.read_bytes()[:20])
    assert np.array_equal(first.mesh(Shape("box", 0)).vertices, mesh.vertices)
    path.unlink()
    assert np.array_equal(first.mesh(Shape("box", 0)).vertices, mesh.vertices)


def shapenet(root: Path) -> Path:
    taxonomy = [
        {"synsetId": "02691156", "name": "airplane,aeroplane,plane", "children": [], "numInstances": 12},
        {"synsetId": "02828884", "name": "bench", "children": [], "numInstances": 12},
    ]
    put(root, json.dumps(taxonomy), "taxonomy.json")
    for synset in ("02691156", "02828884"):
        for number in range(12):
            write(box((1, 1, 1 + number)), root / synset / f"{number:032x}" / "models" / "model_normalized.obj")
    return root


def test_shapenet_is_read_as_it_unpacks(tmp_path):
    shapes = library(shapenet(tmp_path / "ShapeNetCore.v2"))
    assert shapes.categories == ("airplane", "bench")
    assert all(len(shapes.instances("bench", bucket)) == 1 for bucket in range(BUCKETS))


@pytest.mark.parametrize("whole", [True, False])
def test_zip_archives_are_read_in_place(tmp_path, whole):
    root = shapenet(tmp_path / "ShapeNetCore.v2")
    packed = tmp_path / "packed"
    packed.mkdir()
    if whole:
        archives = {tmp_path / "all.zip": list(root.rglob("*.*"))}
    else:
        archives = {packed / f"{one.name}.zip": list(one.rglob("*.obj")) for one in root.iterdir() if one.is_dir()}
        (packed / "taxonomy.json").write_bytes((root / "taxonomy.json").read_bytes())
    for archive, files in archives.items():
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for path in files:
                file.write(path, path.relative_to(root.parent if whole else root))
    plain, zipped = library(root), library(tmp_path / "all.zip" if whole else packed)
    assert zipped.categories == plain.categories
    sizes = [
        sorted(np.ptp(one.mesh(Shape("bench", number)).vertices, axis=0)[0] for number in range(12))
        for one in (plain, zipped)
    ]
    np.testing.assert_allclose(sizes[0], sizes[1])


def test_a_damaged_archive_is_named(tmp_path):
    put(tmp_path / "m", b"PK\x03\x04 no more", "chair.zip")
    with pytest.raises(DataError, match=r"chair\.zip is not a whole zip archive"):
        library(tmp_path / "m")


MATERIAL = "newmtl red\nKd 1 0 0\nnewmtl picture\nKd 1 1 1\nmap_Kd photo.png\n"
SCENE = """mtllib look.mtl
v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 2 0 0\nv 2 1 0
vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1
usemtl picture
f 1/1 2/2 3/3\nf 1/1 3/3 4/4
usemtl red
f 2/1 5/2 6/3\nf 2/1 6/3 3/4
"""


def material_model(root: Path) -> Path:
    put(root, SCENE, "sign/one.obj")
    put(root, MATERIAL, "sign/look.mtl")
    photo = np.zeros((8, 8, 3), dtype=np.uint8)
    photo[:, 4:] = [0, 255, 0]
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, format="PNG")
    return put(root, buffer.getvalue(), "sign/photo.png")


def test_materials_become_colors_of_vertices_fine_enough_for_their_pictures(tmp_path):
    mesh = only(material_model(tmp_path / "m"), materials=True)
    assert mesh.colors.dtype == np.uint8
    assert len(mesh.triangles) > 100
    x = mesh.vertices[:, 0] * 2 + 1
    shown = {name: mesh.colors[rows].mean(axis=0) for name, rows in (("left", x < 0.4), ("right", x > 1.05))}
    green = mesh.colors[(x > 0.6) & (x < 0.95)].mean(axis=0)
    np.testing.assert_allclose(shown["left"], [0, 0, 0], atol=2)
    np.testing.assert_allclose(green, [0, 255, 0], atol=2)
    np.testing.assert_allclose(shown["right"], [255, 0, 0], atol=2)


def test_materials_are_ignored_unless_asked_for(tmp_path):
    mesh = only(material_model(tmp_path / "m"))
    assert mesh.colors is None
    assert len(mesh.triangles) == 4


def test_a_material_that_changes_changes_the_fingerprint_where_it_is_shown(tmp_path):
    root = material_model(tmp_path / "m")
    before = {shown: library(root, materials=shown).fingerprint for shown in (True, False)}
    put(root, MATERIAL.replace("Kd 1 0 0", "Kd 0 0 1"), "sign/look.mtl")
    assert library(root, materials=True).fingerprint != before[True]
    assert library(root, materials=False).fingerprint == before[False]


def test_a_simplified_model_keeps_its_colors(tmp_path):
    ball = trimesh.creation.icosphere(subdivisions=4)
    ball.visual.vertex_colors = np.where(ball.vertices[:, :1] > 0, [[255, 0, 0, 255]], [[0, 0, 255, 255]])
    write(ball, tmp_path / "m" / "ball" / "one.ply")
    mesh = only(tmp_path / "m", materials=True, face_limit=400)
    right = mesh.vertices[:, 0] > 0.1
    np.testing.assert_array_equal(np.unique(mesh.colors[right], axis=0), [[255, 0, 0]])


L_SHAPE = np.array([(3, 0, 0), (3, 1, 0), (1, 1, 0), (1, 3, 0), (0, 3, 0), (0, 0, 0)], dtype=float)


def area(corners):
    """Of triangles ``[T, 3, 3]``, each with its sign along z."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize("wound", [1, -1])
def test_a_concave_face_is_cut_inside_its_outline(start, wound):
    corners = np.roll(L_SHAPE, start, axis=0)[::wound]
    cut = area(corners[np.array(ears(corners))])
    assert (cut * wound >= 0).all()
    assert cut.sum() * wound == 5


def test_the_notch_of_a_face_stays_open_and_its_words_stay(tmp_path):
    corners = [*map(tuple, L_SHAPE), *((x, y, 1.0) for x, y, _ in L_SHAPE)]
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in corners) + "f 6 5 4 \\\n3 2 1  # below\nf -6 -5 -4 -3 -2 -1\n"
    text += "".join(f"f {k + 1} {(k + 1) % 6 + 1} {(k + 1) % 6 + 7} {k + 7}\n" for k in range(6))
    mesh = only(put(tmp_path / "set", text, "prism/l.obj"))
    sides = mesh.vertices[mesh.triangles]
    normals = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    longest = np.ptp(mesh.vertices, axis=0).max()
    assert np.linalg.norm(normals, axis=1).sum() / 2 * (3 / longest) ** 2 == pytest.approx(22, rel=1e-4)
    square = b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1//1 2//1 3//1 4//1\n"
    assert cut_concave(square).splitlines() == square.splitlines()
    arrow = square.replace(b"v 1 1 0", b"v 0.2 0.2 0")
    assert cut_concave(arrow).splitlines()[4:] == [b"f 1//1 2//1 3//1", b"f 1//1 3//1 4//1"]


@pytest.mark.parametrize("needed", ["KHR_draco_mesh_compression", "EXT_meshopt_compression", "EXT_mesh_gpu_instancing"])
@pytest.mark.parametrize("suffix", [".glb", ".gltf"])
def test_a_model_that_needs_what_is_not_read_is_refused_by_its_name(tmp_path, suffix, needed):
    path = tmp_path / "set" / "box" / f"0{suffix}"
    write(box(), path)
    about = f'"extensionsRequired":["{needed}"],"asset"'.encode()
    data = path.read_bytes().replace(b'"asset"', about)
    if suffix == ".glb":
        length = int.from_bytes(data[12:16], "little") + len(about) - len(b'"asset"')
        data = data[:12] + length.to_bytes(4, "little") + data[16:]
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"needs {needed}, which is not read: export it without"):
        only(tmp_path / "set")
