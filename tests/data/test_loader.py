import pytest
import torch

from headstart.data.batches.endless import EndlessLoader
from headstart.data.batches.loader import Loader
from headstart.data.batches.share import Share
from headstart.data.dataset import ImageSet, Normalisation
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import AS_THEY_COME, Preparation


def image_set(count=10):
    return ImageSet(torch.randn(count, 3, 8, 8), {"class": torch.arange(count) % 3})


def loader(count=10, batch_size=4, seed=5, **options):
    return Loader(image_set(count), batch_size=batch_size, seed=seed, **{"augment": None} | options)


def test_a_batch_depends_on_its_step_alone():
    torch.manual_seed(0)
    first, second = loader(augment=AugmentConfig(), views=2), None
    torch.manual_seed(0)
    second = loader(augment=AugmentConfig(), views=2)
    for step in (7, 0, 3):
        first.batch(step)
    a, b = first.batch(5), second.batch(5)
    assert torch.equal(a.index, b.index)
    assert all(torch.equal(x, y) for x, y in zip(a.views, b.views, strict=True))
    assert torch.rand(1, generator=a.generator) == torch.rand(1, generator=b.generator)
    assert not torch.equal(a.views[0], a.views[1])


def test_an_epoch_shows_every_image_once():
    batches = loader(count=12, batch_size=4)
    epochs = [torch.cat([batches.batch(3 * epoch + step).index for step in range(3)]) for epoch in range(2)]
    assert all(sorted(epoch.tolist()) == list(range(12)) for epoch in epochs)
    assert not torch.equal(*epochs)


def test_rows_go_on_over_the_end_of_an_epoch():
    batches = loader(count=10, batch_size=4)
    rows = torch.cat([batches.batch(step).index for step in range(5)])
    assert sorted(rows[:10].tolist()) == sorted(rows[10:].tolist()) == list(range(10))


def test_a_batch_larger_than_the_set_repeats_it():
    batch = loader(count=3, batch_size=8).batch(0)
    assert torch.bincount(batch.index, minlength=3).tolist() in ([3, 3, 2], [3, 2, 3], [2, 3, 3])


def test_views_and_targets_belong_to_the_index():
    batches = loader()
    batch = batches.batch(1)
    torch.testing.assert_close(batch.views[0], batches.images.batch(batch.index))
    assert torch.equal(batch.targets["class"], batch.index % 3)
    assert batch.views[0].is_contiguous(memory_format=torch.channels_last)


def fixed(share, augment=None):
    images = ImageSet(torch.randn(10, 3, 8, 8, generator=torch.Generator().manual_seed(0)), {"class": torch.arange(10)})
    return Loader(images, batch_size=12, seed=5, augment=augment, views=2, shared_flip=True, share=share)


def endless(share, augment=None):
    def make(start, stop):
        return torch.arange(start, stop).float().view(-1, 1, 1, 1) + torch.arange(64.0).view(1, 1, 8, 8).expand(
            1, 3, 8, 8
        )

    return EndlessLoader(make, AS_THEY_COME, batch_size=12, seed=5, augment=augment, views=2, share=share)


EVERYTHING = AugmentConfig(**dict.fromkeys(AugmentConfig.model_fields, True))


@pytest.mark.parametrize("make", [fixed, endless])
@pytest.mark.parametrize("augment", [None, AugmentConfig(), EVERYTHING])
@pytest.mark.parametrize("processes", [2, 3])
def test_parts_put_together_are_the_joint_batch(make, augment, processes):
    loaders = [make(Share(rank, processes), augment) for rank in range(processes)]
    for step in (0, 30, 1):
        joint, parts = make(Share(), augment).batch(step), [loader.batch(step) for loader in loaders]
        assert all(len(part.views[0]) == 12 // processes for part in parts)
        assert [part.share.rank for part in parts] == list(range(processes))
        for view, pieces in zip(joint.views, zip(*(part.views for part in parts), strict=True), strict=True):
            assert torch.equal(view, torch.cat(pieces))
        for name, target in joint.targets.items():
            assert torch.equal(target, torch.cat([part.targets[name] for part in parts]))
        drawn = torch.rand(3, generator=joint.generator)
        for part in parts:
            assert len(part.index) == 12
            assert make is endless or torch.equal(part.index, joint.index)
            assert torch.equal(drawn, torch.rand(3, generator=part.generator))


def test_a_process_makes_its_own_part_of_the_images_only():
    made = []

    def make(start, stop):
        made.extend(range(start, stop))
        return torch.zeros(stop - start, 3, 8, 8)

    batches = EndlessLoader(make, AS_THEY_COME, batch_size=12, seed=5, augment=None, share=Share(1, 3))
    batches.batch(0)
    batches._maker.shutdown()
    assert made
    assert all(4 <= row % 12 < 8 for row in made)


def test_a_batch_must_have_equal_parts():
    with pytest.raises(AssertionError, match="a batch of 12 has no 5 equal parts"):
        fixed(Share(0, 5))


def test_images_that_are_prepared_once_make_the_same_batches():
    pixels = torch.randint(0, 256, (10, 8, 8, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    prepare = Preparation("lab", Normalisation((53.0, 0.0, 0.0), (25.0, 35.0, 35.0)))
    raw = ImageSet(pixels, {"class": torch.arange(10)}, prepare=prepare).subset(torch.arange(9, 0, -1))
    ready = raw.prepared(draws=9)
    assert ready.images.dtype == torch.float32
    assert raw.prepared(draws=8) is raw, "fewer than all of them are drawn"
    options = {"batch_size": 4, "seed": 5, "augment": AugmentConfig()}
    for step in range(3):
        one, other = (Loader(images, **options).batch(step) for images in (raw, ready))
        torch.testing.assert_close(one.views[0], other.views[0], rtol=1e-6, atol=1e-6)
        assert torch.equal(one.targets["class"], other.targets["class"])
