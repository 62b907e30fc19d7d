"""Masks, depth, poses and turns that a table tells, squared as the pictures are; and DataFrames."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import headstart
from headstart.data.exchange.transfer import export_folder, guess_format, import_folder, open_reader
from headstart.errors import DataError
from headstart.folder import read_folder
from headstart.scenes.pose import euler_matrix, pose_class

RANDOM = np.random.default_rng(0)
WIDE = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16)


@pytest.fixture
def scenes(tmp_path):
    """24 pictures of 16×12 pixels, whose masks and depth tell the same as their brightness."""
    root = tmp_path / "set"
    for folder in ("images", "masks", "depth"):
        (root / folder).mkdir(parents=True)
    for number in range(24):
        Image.fromarray(WIDE).save(root / "images" / f"{number}.png")
        Image.fromarray((WIDE % 3 * 10).astype(np.uint8)).save(root / "masks" / f"{number}.png")
        Image.fromarray(WIDE.astype(np.uint16) * 100 + 100).save(root / "depth" / f"{number}.png")
    return root


def frame(count=24, **columns):
    names = [f"{number}.png" for number in range(count)]
    return pd.DataFrame(
        {"file_name": [f"images/{name}" for name in names], "mask": [f"masks/{name}" for name in names],
         "depth": [f"depth/{name}" for name in names], "split": (["train", "val", "test"] * count)[:count]} | columns
    )  # fmt: skip


def written(root, table, **options):
    table.to_csv(root / "metadata.csv", index=False)
    return open_reader(root, "table", {"resolution": 12, "depth_scale": 0.001} | options)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_maps_are_squared_as_pictures_are(scenes, fit):
    reader = written(scenes, frame(), fit=fit, depth_missing=9.0)
    assert guess_format(scenes) == "table"
    assert not reader.account.skipped
    assert reader.manifest.classes == ("10", "20")
    arrays = reader.read(0, 2)
    side = {"crop": WIDE[:, 2:14], "stretch": WIDE[:, ((np.arange(12) + 0.5) * 4 / 3).astype(int)]}
    if fit == "pad":  # 16×12 become 12×9
        inner = WIDE[((np.arange(9) + 0.5) * 4 / 3).astype(int)][:, ((np.arange(12) + 0.5) * 4 / 3).astype(int)]
        semantic, depth = np.zeros((12, 12)), np.full((12, 12), 9.0)
        top = round(1.5)
        semantic[top : top + 9], depth[top : top + 9] = inner % 3, inner / 10 + 0.1
    else:
        semantic, depth = side[fit] % 3, side[fit] / 10 + 0.1
    assert np.array_equal(arrays["target.semantic"][1], semantic)
    assert np.allclose(arrays["target.depth"][1], depth, rtol=1e-3)
    if fit == "crop":
        assert np.array_equal(arrays["images"][0, 0], side["crop"]), "the same part as of the picture"


def test_poses_and_turns(scenes):
    turns = RANDOM.uniform(-180, 180, (24, 3))
    table = frame(ax=turns[:, 0], ay=turns[:, 1], az=turns[:, 2]).drop(columns=["mask", "depth"])
    reader = written(scenes, table, angle_columns=["ax", "ay", "az"])
    arrays = reader.read(0, 24)
    matrices = euler_matrix(np.deg2rad(turns))
    assert reader.targets == ("pose", "rotation")
    assert np.allclose(arrays["target.rotation"], matrices, atol=1e-6)
    assert np.array_equal(arrays["target.pose"], pose_class(matrices))
    named = written(scenes, frame(pose=["upright", "4"] * 12)).read(0, 4)["target.pose"]
    assert named.tolist() == [0, 4, 0, 4]


def test_columns_that_are_only_called_like_targets_are_none(scenes):
    table = frame(depth=["3.5"] * 24, pose=["sitting"] * 24).drop(columns="mask")
    assert written(scenes, table).targets == ()
    with pytest.raises(DataError, match=r"row 2 names '3.5', which ends like no picture"):
        written(scenes, table, depth_column="depth")
    with pytest.raises(DataError, match=r"row 2 has 'sitting' as pose, none of 0 to 4 and upright"):
        written(scenes, table, pose_column="pose")


def test_a_mask_that_is_missing_in_the_first_row_is_missed(scenes):
    masks = [f"./masks/{number}.png" for number in range(24)]
    assert "semantic" in written(scenes, frame(mask=masks)).targets
    with pytest.raises(DataError, match=r"row 2 names no mask: fill in its path"):
        written(scenes, frame(mask=["", *masks[1:]]))


def test_an_export_without_its_provenance_is_a_table(scenes, tmp_path):
    import_folder(scenes, tmp_path / "first", options=_said(scenes))
    export_folder(tmp_path / "first", "table", tmp_path / "out")
    (tmp_path / "out" / "provenance.json").unlink()
    import_folder(tmp_path / "out", tmp_path / "again", form="table")
    first, again = (read_folder(tmp_path / name)[1] for name in ("first", "again"))
    assert set(first) == {"images", "split", "target.semantic", "target.depth"}
    assert all(again[name].equal(values) for name, values in first.items())


def _said(root):
    frame().to_csv(root / "metadata.csv", index=False)
    return {"resolution": 12, "depth_scale": 0.001}


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (lambda root: Image.fromarray(WIDE[:6]).save(root / "masks" / "3.png"), {},
         r"images/3.png \(.*metadata.csv, row 5: 'masks/3.png' has 16×6 pixels, and its picture 16×12: make them"),
        (lambda root: (root / "masks" / "3.png").write_bytes(b"x"), {}, r"row 5: 'masks/3.png' is no mask that can be"),
        (lambda root: (root / "depth" / "3.png").write_bytes(b"x"), {}, r"row 5: 'depth/3.png' is no map that can be"),
        (lambda root: (root / "depth" / "3.png").unlink(), {}, r"row 5 names 'depth/3.png', which is not there"),
        (lambda root: Image.new("RGB", (16, 12)).save(root / "masks" / "3.png"), {}, "RGB, and a map has one number"),
        (lambda root: None, {"depth_scale": None}, "row 2: 'depth/0.png' holds whole numbers, whose unit"),
        (lambda root: Image.fromarray(np.zeros_like(WIDE)).save(root / "depth" / "3.png"), {},
         "row 5: 'depth/3.png' has 144 pixels of 144 without a depth"),
        (lambda root: None, {"depth_scale": 10.0}, "reaches 190000, and depths 65504: give depth_scale"),
        (lambda root: None, {"fit": "pad"}, "pixels of 144 without a depth"),
    ],
)  # fmt: skip
def test_wrong_maps_are_named_by_file_and_row(scenes, tmp_path, spoil, options, message):
    said = {key: value for key, value in (_said(scenes) | options).items() if value is not None}
    spoil(scenes)
    with pytest.raises(DataError, match=message):
        import_folder(scenes, tmp_path / "out", form="table", options=said)


def test_a_frame_of_files(scenes, tmp_path):
    heard = []
    manifest = headstart.import_frame(
        frame(kind=["a", "b"] * 12).drop(columns="mask"), root=scenes, out=tmp_path / "out", class_column="kind",
        resolution=12, depth_scale=0.001, tell=heard.append,
    )  # fmt: skip
    assert (manifest.classes, manifest.counts["train"]) == (("a", "b"), 8)
    assert set(read_folder(tmp_path / "out")[1]) == {"images", "split", "target.class", "target.depth"}
    assert heard[0].reasons == {"not in the table": 24}, "the masks"
    absolute = frame().assign(file_name=[str(scenes / "images" / f"{number}.png") for number in range(24)])
    absolute = absolute.drop(columns=["mask", "depth"])
    assert headstart.import_frame(absolute, out=tmp_path / "other", resolution=12).images == 24
    missing = absolute.assign(label=["a", None] * 12)
    with pytest.raises(DataError, match=r"the frame, row 1 has no class for '1.png'"):
        headstart.import_frame(missing, out=tmp_path / "third", resolution=12)


def test_a_frame_of_arrays(tmp_path):
    table = pd.DataFrame(
        {"image": [WIDE[:, :12]] * 24, "label": ["b", "a"] * 12, "split": ["train", "test", "dev"] * 8}
    )
    manifest = headstart.import_frame(table, out=tmp_path / "out")
    assert (manifest.classes, manifest.counts["val"]) == (("a", "b"), 8)
    assert np.array_equal(read_folder(tmp_path / "out")[1]["images"][3, 0].numpy(), WIDE[:, :12])
    with pytest.raises(DataError, match="the frame has no column of images"):
        headstart.import_frame(table.rename(columns={"image": "pixels"}), out=tmp_path / "other")
