"""Annotations move as images do."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from headstart.data.augment import AugmentConfig, Draw, apply_draw, draw_augmentation
from headstart.data.dataset import ImageSet
from headstart.data.loader import Loader
from headstart.data.targets import move_targets
from headstart.scenes.pose import pose_class
from headstart.seeding import torch_generator

MOVES = AugmentConfig(jitter=False, grayscale=False, cutout=False, rotate=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), crop=st.booleans(), flip=st.booleans(), rotate=st.booleans())
def test_an_image_that_equals_its_mask_still_does(seed, crop, flip, rotate):
    generator = torch_generator(seed)
    masks = torch.randint(0, 255, (5, 16, 16), generator=generator, dtype=torch.uint8)
    index = torch.randint(5, (7,), generator=generator)
    config = MOVES.model_copy(update={"crop": crop, "flip": flip, "rotate": rotate})
    draw = draw_augmentation(config, (7, 1, 16), generator)
    moved = move_targets({"semantic": masks}, index, draw)["semantic"]
    assert moved.dtype == torch.uint8
    assert torch.equal(apply_draw(masks[:, None].float(), index, draw)[:, 0], moved.float())


def test_what_only_changes_colours_or_erases_leaves_maps_alone():
    depth, index = torch.rand(4, 16, 16).half(), torch.tensor([2, 0])
    draw = draw_augmentation(AugmentConfig(crop=False, flip=False), (2, 3, 16), torch_generator("draw"))
    assert draw.cutout is not None
    assert torch.equal(move_targets({"depth": depth}, index, draw)["depth"], depth[index])


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turns_are_those_of_an_array(turns):
    images = torch.rand(3, 2, 8, 8)
    turned = apply_draw(images, torch.arange(3), Draw(turn=torch.full((3,), turns)))
    assert torch.equal(turned, torch.rot90(images, turns, (2, 3)))


def test_a_mirrored_object_has_the_pose_of_its_mirrored_rotation():
    rotations = torch.from_numpy(Rotation.random(400, random_state=0).as_matrix()).float()
    poses = torch.from_numpy(pose_class(rotations.numpy()))
    draw, index = Draw(flip=torch.ones(400, dtype=torch.bool)), torch.arange(400)
    moved = move_targets({"pose": poses, "rotation": rotations, "class": poses}, index, draw)
    assert torch.equal(moved["pose"], torch.from_numpy(pose_class(moved["rotation"].numpy())))
    assert set(poses.tolist()) == set(range(5))
    assert not torch.equal(moved["pose"], poses)
    assert torch.equal(moved["class"], poses)
    torch.testing.assert_close(torch.linalg.det(moved["rotation"]), torch.ones(400))
    assert torch.equal(move_targets(moved, index, draw)["pose"], poses)


def test_poses_stay_where_images_are_not_mirrored():
    poses = torch.arange(5)
    draw = Draw(flip=torch.tensor([True, False, False, True, True]))
    assert move_targets({"pose": poses}, poses, draw)["pose"].tolist() == [0, 1, 2, 1, 4]


def test_a_batch_carries_targets_that_moved_with_its_first_view():
    masks = torch.randint(1, 9, (6, 16, 16), generator=torch_generator("masks"), dtype=torch.uint8)
    images = ImageSet(masks[:, None].half(), {"semantic": masks})
    batch = Loader(images, batch_size=6, seed=0, augment=MOVES, views=2).batch(3)
    assert torch.equal(batch.views[0][:, 0], batch.targets["semantic"].float())
    assert not torch.equal(batch.views[1], batch.views[0])
