import pytest

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.methods import METHODS, build_method
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.testing import toy_batch, toy_images, toy_teacher
from headstart.testing.toys import same_state
from headstart.training import TrainConfig, Watched, train

IMAGES, TASK = toy_images(40), Classification(range(4))


def method(name):
    split = METHODS[name].split_backbone
    generator = torch_generator("backbone")
    backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, split=split, generator=generator)
    others = {"images": len(IMAGES), "generator": torch_generator("method"), "teacher": toy_teacher()}
    return build_method(name, {}, backbone, **others)


def watched_method(name, every=1, **more):
    return Watched(method(name), [TASK], generator=torch_generator("probe"), every=every, **more)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("name", METHODS)
def test_a_method_learns_the_same_with_and_without_a_probe(name, every):
    alone, watched = method(name), watched_method(name, every)
    kind = METHODS[name]
    loader = Loader(IMAGES, batch_size=8, seed=1, augment=kind.augment(AugmentConfig()), views=kind.views)
    config = TrainConfig(steps=8, batch_size=8, lr=0.01, weight_decay=0.01)
    plain, with_probe = train(alone, loader, config), train(watched, loader, config)
    assert same_state(alone.state_dict(), watched.method.state_dict())
    assert [row["loss"] for row in plain.history] == [row["loss"] for row in with_probe.history]
    assert {"probe_loss", "classification_probe_accuracy", "feature_spread"} <= with_probe.history[0].keys()
    assert sum("probe_loss" in row for row in with_probe.history) == len(range(0, 8, every))


def test_the_probe_sends_no_gradient_into_the_backbone():
    watched = watched_method("rotation")
    result = watched.step(toy_batch(IMAGES))
    alone = watched.method.step(toy_batch(IMAGES)).loss
    (result.loss - alone).backward()
    assert all(value.grad is not None for value in watched.heads.parameters())
    norms = [value.grad.abs().max().item() for value in watched.backbone.parameters()]
    assert max(norms) < 1e-5


def test_the_probe_learns_what_the_features_hold():
    watched = watched_method("rotation")
    loader = Loader(IMAGES, batch_size=40, seed=1, augment=None)
    report = train(watched, loader, TrainConfig(steps=40, batch_size=40, lr=0.02))
    assert report.history[-1]["probe_loss"] < 0.7 * report.history[0]["probe_loss"]


def test_images_without_labels_are_not_watched_method():
    unlabelled = ImageSet(IMAGES.images)
    result = watched_method("rotation").step(toy_batch(unlabelled))
    assert not any("probe" in name for name in result.observed)
    assert result.observed["feature_spread"] > 0


def test_the_effective_rank_is_taken_as_often_as_said():
    watched = watched_method("rotation", images=IMAGES, rank_every=3)
    report = train(watched, Loader(IMAGES, batch_size=8, seed=1, augment=None), TrainConfig(steps=8, batch_size=8))
    ranks = [row["effective_rank"] for row in report.history if "effective_rank" in row]
    assert len(ranks) == 3
    assert all(1 <= rank <= watched.backbone.dim for rank in ranks)


def test_every_task_has_a_head_of_its_own():
    other = type("Other", (Classification,), {"name": "other", "target": "other"})(range(3))
    labelled = ImageSet(IMAGES.images, {**IMAGES.targets, "other": IMAGES.targets["class"] % 3})
    both = Watched(method("rotation"), [TASK, other], generator=torch_generator("probe"))
    metrics = both.step(toy_batch(labelled)).observed
    assert {"classification_probe_accuracy", "other_probe_accuracy"} <= metrics.keys()
