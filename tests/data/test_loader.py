import torch

from headstart.data.augment import AugmentConfig
from headstart.data.dataset import ImageSet
from headstart.data.loader import Loader


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
    torch.testing.assert_close(batch.views[0], batches.images.images[batch.index])
    assert torch.equal(batch.targets["class"], batch.index % 3)
    assert batch.views[0].is_contiguous(memory_format=torch.channels_last)
