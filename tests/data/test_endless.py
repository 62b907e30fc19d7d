"""Images that are made while training goes on: each once, the same at every asking, ahead of the step."""

import threading

import pytest
import torch

from headstart.data.batches.endless import BLOCK, EndlessLoader
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import AS_THEY_COME
from headstart.render.config import RenderConfig
from headstart.render.stream import ImageStream
from headstart.scenes.buckets import split_of


def numbered(start: int, stop: int) -> torch.Tensor:
    """Images that are filled with their own row."""
    return torch.arange(start, stop, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 8, 8)


def loader(make=numbered, batch_size=48, augment=None, views=1):
    return EndlessLoader(make, AS_THEY_COME, batch_size=batch_size, seed=1, augment=augment, views=views)


@pytest.mark.parametrize("batch_size", [1, 48, BLOCK, BLOCK + 1])
def test_every_row_comes_once_and_in_order(batch_size):
    batches = loader(batch_size=batch_size)
    seen = torch.cat([batches.batch(step).views[0][:, 0, 0, 0] for step in range(3 * BLOCK // batch_size + 1)])
    assert torch.equal(seen, torch.arange(len(seen)).float())


def test_a_batch_is_a_function_of_its_step():
    undisturbed, resumed = loader(augment=AugmentConfig(), views=2), loader(augment=AugmentConfig(), views=2)
    for step in range(8):
        undisturbed.batch(step)
    for one, other in zip(undisturbed.batch(8).views, resumed.batch(8).views, strict=True):
        assert torch.equal(one, other)


def test_the_next_images_are_made_while_these_are_used():
    made, second = [], threading.Event()

    def make(start, stop):
        made.append(start)
        if start > 0:
            second.set()
        return numbered(start, stop)

    loader(make).batch(0)
    assert second.wait(timeout=20)
    assert made == [0, BLOCK // 48 * 48]


def test_a_fault_in_making_reaches_the_training():
    def make(start, stop):
        raise ValueError("no light")

    with pytest.raises(ValueError, match="no light"):
        loader(make).batch(0)


def test_the_stream_shows_training_scenes_beyond_the_dataset():
    config = RenderConfig(images=30, resolution=16)
    stream = ImageStream(config)
    indices = [stream._index(row) for row in range(40)]
    assert min(indices) >= 30
    assert len(set(indices)) == 40
    assert {split_of(index) for index in indices} == {0}


def test_rows_of_the_stream_do_not_depend_on_how_they_are_asked_for():
    stream = ImageStream(RenderConfig(images=12, resolution=16))
    together = stream.images(0, 6)
    assert together.shape == (6, 3, 16, 16)
    assert torch.equal(together, torch.cat([stream.images(0, 2), stream.images(2, 6)]))
    assert len({image.numpy().tobytes() for image in together}) == 6
