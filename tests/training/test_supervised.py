import copy

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.data.dataset import ImageSet
from headstart.errors import ConfigError, DataError
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.testing import toy_images
from headstart.testing.toys import same_state
from headstart.training import (
    PROTOCOLS,
    Precomputed,
    SupervisedConfig,
    TrainConfig,
    evaluate,
    extract_features,
    feature_set,
    fit,
)
from headstart.training.features import Standardise

TASK = Classification(range(4))
TRAIN, TEST = toy_images(48), toy_images(300, seed=1)
CONFIG = TrainConfig(steps=60, batch_size=16, lr=0.01)


def settings(protocol, steps=60):
    """What ``protocol`` takes in place of a study's options."""
    kind = PROTOCOLS[protocol].Config
    return CONFIG.model_copy(update={"steps": steps}) if kind is SupervisedConfig else kind()


def backbone(width=4, split=False):
    generator = torch_generator("backbone")
    return build_backbone("resnet9", {"width": width}, in_channels=3, split=split, generator=generator)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_protocols_learn_and_repeat(protocol):
    first, again = (fit(protocol, backbone(), TASK, TRAIN, settings(protocol), seed=3) for _ in range(2))
    score = evaluate(first[0], TEST)["accuracy"]
    assert score > 0.6
    assert same_state(first[0].state_dict(), again[0].state_dict())
    assert evaluate(again[0], TEST)["accuracy"] == score
    assert first[1].steps == settings(protocol).steps


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fewer_labels_than_a_batch_are_repeated(protocol):
    few = TRAIN.subset(torch.arange(5))
    _, report = fit(protocol, backbone(), TASK, few, settings(protocol, steps=3), seed=3)
    assert report.failure is None
    assert report.steps == settings(protocol, steps=3).steps


def test_finetuning_moves_every_weight():
    network = backbone()
    before = copy.deepcopy(network.state_dict())
    fit("finetune", network, TASK, TRAIN, CONFIG.model_copy(update={"steps": 2}), seed=3)
    assert not any(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize("protocol", [name for name, protocol in PROTOCOLS.items() if protocol.frozen])
def test_frozen_means_frozen(protocol):
    """Neither weights nor batch-norm statistics move."""
    network = backbone().train()
    before = copy.deepcopy(network.state_dict())
    model, _ = fit(protocol, network, TASK, TRAIN, settings(protocol), seed=3)
    evaluate(model, TEST)
    assert same_state(before, network.state_dict())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_linear_on_stored_features_is_linear_on_images():
    network = backbone()
    stored_train, stored_test = (feature_set(network, images) for images in (TRAIN, TEST))
    direct, _ = fit("linear", network, TASK, TRAIN, CONFIG, seed=3)
    stored, _ = fit("linear", Precomputed(network.dim), TASK, stored_train, CONFIG, seed=3)
    assert same_state(direct.head.state_dict(), stored.head.state_dict())
    assert evaluate(direct, TEST) == evaluate(stored, stored_test)


def test_the_scale_of_features_is_no_advantage():
    network, louder = backbone(), backbone()
    with torch.no_grad():
        for parameter in louder.project.parameters():
            parameter.mul_(64)
    scores = [evaluate(fit("linear", net, TASK, TRAIN, CONFIG, seed=3)[0], TEST) for net in (network, louder)]
    assert scores[0]["accuracy"] == pytest.approx(scores[1]["accuracy"], abs=0.01)


@pytest.mark.parametrize("per_location", [False, True])
def test_standardised_features_and_constant_ones(per_location):
    """What a head reads, and nothing else."""
    known = (
        torch.randn(50, 3, 2, 2, generator=torch_generator("known")) * torch.tensor([1.0, 9.0, 0.0])[:, None, None] + 5
    )
    known = known if per_location else known[:, :, :1, :1]
    before = Precomputed(3)(known)
    features = Standardise(known, per_location=per_location)(before)
    read, other = (features.dense, features.pooled) if per_location else (features.pooled, features.dense)
    deviation, mean = torch.std_mean(read.transpose(0, 1).flatten(1), dim=1, correction=0)
    torch.testing.assert_close(mean, torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(deviation, torch.tensor([1.0, 1.0, 0.0]), atol=1e-4, rtol=0)
    assert other is (before.pooled if per_location else before.dense)


def test_features_are_those_of_eval_mode_however_batched():
    network = backbone(split=True).train()
    with torch.no_grad():
        expected = copy.deepcopy(network).eval()(TEST.images.float()).pooled
    found = extract_features(network, TEST, precision="float32")
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert network.training
    assert extract_features(network, TEST, per_location=True).shape == (300, network.dim, 2, 2)


def test_evaluation_covers_the_whole_split_and_leaves_no_trace():
    model, _ = fit("finetune", backbone(), TASK, TRAIN, CONFIG, seed=3)
    before, modes = copy.deepcopy(model.state_dict()), [part.training for part in model.modules()]
    whole = evaluate(model, TEST, batch_size=300)
    assert evaluate(model, TEST, batch_size=7) == pytest.approx(whole)
    halves = [evaluate(model, TEST.subset(torch.arange(start, start + 150)))["accuracy"] for start in (0, 150)]
    assert sum(halves) / 2 == pytest.approx(whole["accuracy"])
    assert same_state(before, model.state_dict())
    assert modes == [part.training for part in model.modules()]


def test_a_wrong_protocol_or_a_missing_target_is_refused():
    with pytest.raises(ConfigError, match="unknown protocol 'lineal': choose one of finetune, knn"):
        fit("lineal", backbone(), TASK, TRAIN, CONFIG, seed=3)
    with pytest.raises(DataError, match="needs the target 'class', and these images have none"):
        fit("linear", backbone(), TASK, ImageSet(TRAIN.images), CONFIG, seed=3)
