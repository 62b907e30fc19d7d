"""Protocols without steps against their definitions; protocols on maps; what does not fit is refused."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from headstart.backbones import build_backbone
from headstart.data.dataset import ImageSet
from headstart.errors import ConfigError
from headstart.seeding import torch_generator
from headstart.tasks import TASKS, Classification
from headstart.testing import toy_images
from headstart.testing.toys import toy_target
from headstart.training import PROTOCOLS, SupervisedConfig, TrainConfig, evaluate, extract_features, fit
from headstart.training.protocols import KnnConfig, LogisticConfig
from headstart.training.supervised import answers

TRAIN, TEST = toy_images(40), toy_images(60, seed=1)
TASK = Classification(range(4))


def backbone():
    return build_backbone("resnet9", {"width": 4}, in_channels=3, generator=torch_generator("backbone"))


def standardised(network):
    known, unseen = (extract_features(network, images).numpy().astype(np.float64) for images in (TRAIN, TEST))
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    return (known - mean) / deviation, (unseen - mean) / deviation


def test_neighbours_vote_by_similarity():
    network, labels = backbone(), TRAIN.targets["class"].numpy()
    model, _ = fit("knn", network, TASK, TRAIN, KnnConfig(neighbours=5, temperature=0.2), seed=0)
    known, unseen = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in standardised(network))
    shares = np.zeros((len(unseen), 4))
    for row, similar in enumerate(unseen @ known.T):
        for near in np.argsort(similar)[-5:]:
            shares[row, labels[near]] += np.exp(similar[near] / 0.2)
    shares /= shares.sum(axis=1, keepdims=True)
    found = torch.cat(answers(model, TEST)).exp().numpy()
    np.testing.assert_allclose(found, shares, atol=1e-4)


def test_logistic_regression_is_scikit_learns():
    network = backbone()
    model, _ = fit("logistic", network, TASK, TRAIN, LogisticConfig(strength=0.3), seed=0)
    known, unseen = standardised(network)
    regression = LogisticRegression(C=0.3, max_iter=1000).fit(known, TRAIN.targets["class"].numpy())
    found = torch.cat(answers(model, TEST)).softmax(dim=1).numpy()
    np.testing.assert_allclose(found, regression.predict_proba(unseen), atol=2e-3)


@pytest.mark.parametrize("labels", [[1], [0, 2], [0, 1, 3]])
def test_classes_without_a_label_are_never_answered(labels):
    rows = torch.isin(TRAIN.targets["class"], torch.tensor(labels))
    model, _ = fit("logistic", backbone(), TASK, TRAIN.subset(rows), LogisticConfig(), seed=0)
    given = torch.cat(answers(model, TEST)).argmax(dim=1)
    assert set(given.tolist()) <= set(labels)
    right = torch.isin(TEST.targets["class"], torch.tensor(labels))
    assert (given == TEST.targets["class"])[right].float().mean() > 0.6


@pytest.mark.parametrize("protocol", [name for name, protocol in PROTOCOLS.items() if protocol.per_location])
@pytest.mark.parametrize("name", [name for name, kind in TASKS.items() if kind.per_location])
def test_maps_are_learned_by_every_protocol_that_can(protocol, name):
    task = TASKS[name](("ball", "box", "cone"))
    images = ImageSet(TRAIN.images, {task.target: toy_target(task, len(TRAIN))})
    kind = PROTOCOLS[protocol].Config
    options = kind(min_steps=5, batch_size=8) if issubclass(kind, SupervisedConfig) else kind()
    model, report = fit(protocol, backbone(), task, images, options.for_labels(40), seed=0)
    assert report.failure is None
    assert evaluate(model, images)[task.primary_metric] >= 0


@pytest.mark.parametrize("protocol", ["knn", "logistic"])
def test_protocols_of_whole_images_refuse_maps(protocol):
    task = TASKS["depth"](("ball", "box"))
    with pytest.raises(ConfigError, match=f"protocol '{protocol}' answers for whole images, and task 'depth' asks"):
        fit(protocol, backbone(), task, ImageSet(TRAIN.images, {}), PROTOCOLS[protocol].Config(), seed=0)


def test_every_arm_takes_the_same_steps():
    assert SupervisedConfig(min_steps=10, epochs=5, batch_size=4).for_labels(3) == TrainConfig(steps=10, batch_size=4)
    assert SupervisedConfig(min_steps=10, epochs=5, batch_size=4).for_labels(30).steps == 38
    assert KnnConfig().for_labels(30).steps == 0
