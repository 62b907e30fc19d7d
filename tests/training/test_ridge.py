"""Ridge regression against scikit-learn's, and on maps against solving it at the target's resolution."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge, RidgeClassifierCV, RidgeCV

from headstart.backbones import build_backbone
from headstart.data.dataset import ImageSet
from headstart.errors import ConfigError
from headstart.seeding import torch_generator
from headstart.tasks import TASKS, Classification, Task
from headstart.tasks.heads import enlarge
from headstart.testing import toy_images
from headstart.testing.toys import toy_target
from headstart.training import PROTOCOLS, evaluate, extract_features, fit
from headstart.training.least_squares import Rows, fit_ridge
from headstart.training.protocols import RidgeConfig
from headstart.training.supervised import answers

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)


def noisy(images: int, dim: int, side: int, outputs: int, size: int, noise: float):
    """Features ``[N, D, h, w]`` and what they say of outputs ``[N, C, H, W]``, in noise."""
    generator = torch_generator("noisy", images, dim)
    features = torch.randn(images, dim, side, side, generator=generator)
    weight = torch.randn(outputs, dim, generator=generator) / dim**0.5
    clean = enlarge(torch.einsum("cd,ndhw->nchw", weight, features), (size, size)) + 3
    return features, clean + noise * torch.randn(clean.shape, generator=generator)


@pytest.mark.parametrize(("images", "dim"), [(60, 8), (20, 50)])
@pytest.mark.parametrize("noise", [0.1, 1.0, 30.0])
def test_weights_and_penalty_are_scikit_learns(images, dim, noise):
    """With more images than features and with fewer."""
    features, target = noisy(images, dim, 1, 3, 1, noise)
    found = fit_ridge(Rows(features, target, lambda part: part), STRENGTHS)
    known, wanted = (part.double().flatten(1).numpy() for part in (features, target))
    theirs = RidgeCV(alphas=[strength * images for strength in STRENGTHS]).fit(known, wanted)
    assert found.strength * images == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(found.weight, theirs.coef_, atol=1e-8)
    np.testing.assert_allclose(found.bias, theirs.intercept_, atol=1e-8)


def test_the_penalty_depends_on_noise():
    chosen = [
        fit_ridge(Rows(*noisy(20, 50, 1, 3, 1, noise), lambda part: part), STRENGTHS).strength for noise in (0, 30)
    ]
    assert chosen[0] < chosen[1]


def by_hand(features, target, strength):
    """Ridge regression on every pixel of enlarged features, and its errors on each image that it never saw."""
    size = target.shape[-1]
    pixels = enlarge(features.double(), (size, size)).permute(0, 2, 3, 1).flatten(1, 2).numpy()
    wanted = target.double().permute(0, 2, 3, 1).flatten(1, 2).numpy()
    alpha = strength * target[:, 0].numel()

    def solved(rows):
        return Ridge(alpha=alpha).fit(np.concatenate(pixels[rows]), np.concatenate(wanted[rows]))

    errors = 0.0
    for left in range(len(pixels)):
        without = solved(np.arange(len(pixels)) != left)
        errors += np.square(without.predict(pixels[left]) - wanted[left]).sum()
    return solved(np.arange(len(pixels))), errors


@pytest.mark.parametrize(("dim", "side"), [(3, 4), (40, 2), (60, 3)])
@pytest.mark.parametrize("noise", [1.0, 20.0])
def test_maps_are_fitted_at_the_resolution_of_their_targets(dim, side, noise):
    """With fewer features than locations of an image, with more, and with more than all images have together."""
    features, target = noisy(6, dim, side, 2, 8, noise)
    by_strength = {strength: by_hand(features, target, strength) for strength in STRENGTHS}
    best = min(STRENGTHS, key=lambda strength: by_strength[strength][1])
    found = fit_ridge(Rows(features, target, lambda part: part), STRENGTHS)
    assert found.strength == best
    np.testing.assert_allclose(found.weight, by_strength[best][0].coef_, atol=1e-7)
    np.testing.assert_allclose(found.bias, by_strength[best][0].intercept_, atol=1e-7)


def test_images_that_come_in_parts_are_one_problem(monkeypatch):
    rows = Rows(*noisy(6, 5, 4, 2, 8, 1.0), lambda part: part)
    whole = fit_ridge(rows, STRENGTHS)
    monkeypatch.setattr("headstart.training.least_squares.CHUNK", 300)
    assert len(list(rows.first(6))) == 3
    torch.testing.assert_close(tuple(fit_ridge(rows, STRENGTHS)), tuple(whole))


def backbone():
    return build_backbone("resnet9", {"width": 4}, in_channels=3, generator=torch_generator("backbone"))


def test_classes_are_told_apart_as_scikit_learn_does():
    train, test, task = toy_images(40, noise=3), toy_images(60, noise=3, seed=1), Classification(range(4))
    network = backbone()
    model, _ = fit("ridge", network, task, train, RidgeConfig(strengths=STRENGTHS), seed=0)
    known, unseen = (extract_features(network, images).double().numpy() for images in (train, test))
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    alphas = [strength * len(train) for strength in STRENGTHS]
    theirs = RidgeClassifierCV(alphas=alphas).fit((known - mean) / deviation, train.targets["class"].numpy())
    scores = 2 * torch.cat(answers(model, test)).numpy() - 1  # it aims at -1 and 1
    np.testing.assert_allclose(scores, theirs.decision_function((unseen - mean) / deviation), atol=1e-3)


@pytest.mark.parametrize("labels", [[1], [0, 2]])
def test_classes_without_a_label_are_never_answered(labels):
    train = toy_images(40)
    rows = torch.isin(train.targets["class"], torch.tensor(labels))
    model, _ = fit("ridge", backbone(), Classification(range(4)), train.subset(rows), RidgeConfig(), seed=0)
    assert set(torch.cat(answers(model, toy_images(60, seed=1))).argmax(dim=1).tolist()) <= set(labels)


@pytest.mark.parametrize("name", ["segmentation", "depth"])
def test_maps_that_features_tell_are_answered(name):
    """Better than by the best constant, on images that were not seen."""
    task, images = TASKS[name](("ball", "box", "cone")), toy_images(60)
    level = images.images.mean(dim=1)
    target = (level > 0).to(torch.uint8) if name == "segmentation" else 2 + level.clamp(-1, 1)
    both = ImageSet(images.images, {task.target: target})
    train, test = (both.subset(torch.arange(60) % 2 == half) for half in (0, 1))
    model, _ = fit("ridge", backbone(), task, train, RidgeConfig(), seed=0)
    known = train.targets[task.target]
    constant = model.task.constant(known).expand(len(test), *model.task.constant(known).shape)
    guessed = task.fitted(known).metrics(constant, test.targets[task.target])[task.primary_metric]
    better = evaluate(model, test)[task.primary_metric]
    assert better > guessed + 0.1 if task.higher_is_better else better < guessed - 0.1


def test_one_image_has_the_largest_penalty_and_constant_features_say_nothing():
    train, task = toy_images(1), TASKS["depth"](("ball",))
    one = ImageSet(train.images, {"depth": toy_target(task, 1)})
    model, _ = fit("ridge", backbone(), task, one, RidgeConfig(strengths=(0.1, 1e6)), seed=0)
    assert torch.cat(answers(model, one)).std() < 1e-3
    flat = fit_ridge(Rows(torch.ones(5, 3, 1, 1), torch.arange(5.0).view(5, 1, 1, 1), lambda part: part), STRENGTHS)
    torch.testing.assert_close(flat.weight, torch.zeros(1, 3).double())
    assert float(flat.bias) == pytest.approx(2)


def test_a_task_without_ideal_outputs_is_refused():
    class Ranking(Classification):
        name = "ranking"
        ideal = Task.ideal

    said = (
        "'ridge' fits outputs by least squares, and task 'ranking' does not say what .*: choose finetune, linear, mlp"
    )
    with pytest.raises(ConfigError, match=said):
        fit("ridge", backbone(), Ranking(range(4)), toy_images(8), PROTOCOLS["ridge"].Config(), seed=0)
