"""Annotations move as images do."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from headstart.data.batches.loader import Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig, Draw, apply_draw, draw_augmentation
from headstart.data.transforms.moved_targets import move_targets
from headstart.scenes.pose import pose_class
from headstart.seeding import torch_generator

MOVES = AugmentConfig(jitter=False, grayscale=False, cutout=False, rotate=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), crop=st.booleans(), flip=st.booleans(), rotate=st.booleans())
def test_an_image_that_equals_its_mask_still_does(seed, crop, flip, rotate):
    generator = torch_generator(seed)
    masks = torch.randint(0, 255, (7, 16, 16), generator=generator, dtype=torch.uint8)
    config = MOVES.model_copy(update={"crop": crop, "flip": flip, "rotate": rotate})
    draw = draw_augmentation(config, (7, 1, 16), generator)
    moved = move_targets({"semantic": masks}, draw)["semantic"]
    assert moved.dtype == torch.uint8
    assert torch.equal(apply_draw(masks[:, None].float(), draw)[:, 0], moved.float())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), crop=st.booleans(), flip=st.booleans(), rotate=st.booleans())
def test_a_zoomed_image_still_shows_what_its_map_says(seed, crop, flip, rotate):
    generator = torch_generator(seed)
    masks = torch.randint(1, 6, (7, 16, 16), generator=generator, dtype=torch.uint8)
    images = torch.nn.functional.one_hot(masks.long(), 6).permute(0, 3, 1, 2).float()
    config = MOVES.model_copy(update={"crop": crop, "flip": flip, "rotate": rotate, "zoom": True})
    draw = draw_augmentation(config, (7, 6, 16), generator)
    moved = move_targets({"semantic": masks}, draw)["semantic"]
    shown = apply_draw(images, draw)
    assert moved.dtype == torch.uint8
    # Of the four pixels that a bilinear value is made of, the nearest has a weight of a quarter at least.
    named = shown.gather(1, moved[:, None].long())[:, 0]
    assert (named[moved > 0] >= 0.25 - 1e-5).all()
    assert torch.equal(shown.sum(dim=1) > 0.5, moved > 0)
    assert torch.equal((moved == 0).any(), (draw.shift != 0).any() if crop else torch.tensor(False))


def test_a_mirrored_window_shows_the_mirrored_map():
    masks = torch.arange(64).view(1, 8, 8)
    window = torch.tensor([[0.0, 0.5, 1.0, 0.5]])
    zoomed, mirrored = (
        move_targets({"instance": masks}, Draw(zoom=window, flip=torch.tensor([flip])))["instance"]
        for flip in (False, True)
    )
    assert zoomed[0, 0].tolist() == [4, 4, 5, 5, 6, 6, 7, 7]
    assert torch.equal(mirrored, zoomed.flip(2))


def test_what_only_changes_colors_or_erases_leaves_maps_alone():
    depth = torch.rand(2, 16, 16).half()
    draw = draw_augmentation(AugmentConfig(crop=False, flip=False), (2, 3, 16), torch_generator("draw"))
    assert draw.cutout is not None
    assert torch.equal(move_targets({"depth": depth}, draw)["depth"], depth)


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turns_are_those_of_an_array(turns):
    images = torch.rand(3, 2, 8, 8)
    turned = apply_draw(images, Draw(turn=torch.full((3,), turns)))
    assert torch.equal(turned, torch.rot90(images, turns, (2, 3)))


def test_a_mirrored_object_has_the_pose_of_its_mirrored_rotation():
    rotations = torch.from_numpy(Rotation.random(400, random_state=0).as_matrix()).float()
    poses = torch.from_numpy(pose_class(rotations.numpy()))
    draw = Draw(flip=torch.ones(400, dtype=torch.bool))
    moved = move_targets({"pose": poses, "rotation": rotations, "class": poses}, draw)
    assert torch.equal(moved["pose"], torch.from_numpy(pose_class(moved["rotation"].numpy())))
    assert set(poses.tolist()) == set(range(5))
    assert not torch.equal(moved["pose"], poses)
    assert torch.equal(moved["class"], poses)
    torch.testing.assert_close(torch.linalg.det(moved["rotation"]), torch.ones(400))
    assert torch.equal(move_targets(moved, draw)["pose"], poses)


def test_poses_stay_where_images_are_not_mirrored():
    poses = torch.arange(5)
    draw = Draw(flip=torch.tensor([True, False, False, True, True]))
    assert move_targets({"pose": poses}, draw)["pose"].tolist() == [0, 1, 2, 1, 4]


def test_a_batch_carries_targets_that_moved_with_its_first_view():
    masks = torch.randint(1, 9, (6, 16, 16), generator=torch_generator("masks"), dtype=torch.uint8)
    images = ImageSet(masks[:, None].float(), {"semantic": masks})
    batch = Loader(images, batch_size=6, seed=0, augment=MOVES, views=2).batch(3)
    assert torch.equal(batch.views[0][:, 0], batch.targets["semantic"].float())
    assert not torch.equal(batch.views[1], batch.views[0])
