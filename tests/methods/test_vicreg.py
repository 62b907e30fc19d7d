import pytest
import torch

from headstart.backbones import build_backbone
from headstart.methods import build_method
from headstart.methods.vicreg import covariance, deviations, invariance, variance
from headstart.seeding import torch_generator
from headstart.testing import toy_batch, toy_images


def embeddings(batch=6, dim=3):
    return 0.7 * torch.randn(2, batch, dim, generator=torch_generator("embeddings"), dtype=torch.float64)


def covariance_by_hand(features, i, j):
    means = [sum(row[k] for row in features) / len(features) for k in (i, j)]
    return sum((row[i] - means[0]) * (row[j] - means[1]) for row in features) / (len(features) - 1)


def test_terms_equal_the_formulas():
    first, second = embeddings()
    stds = [(covariance_by_hand(first, j, j) + 1e-4) ** 0.5 for j in range(3)]
    torch.testing.assert_close(deviations(first), torch.stack(stds))
    torch.testing.assert_close(variance(first), sum(torch.relu(1 - std) for std in stds) / 3)
    shared = sum(covariance_by_hand(first, i, j) ** 2 for i in range(3) for j in range(3) if i != j) / 3
    torch.testing.assert_close(covariance(first), shared)
    distances = sum((a - b).square().sum() for a, b in zip(first, second, strict=True)) / 6
    torch.testing.assert_close(invariance(first, second), distances / 3)


def test_terms_by_hand():
    features = torch.tensor([[3.0, 3.0], [-3.0, -3.0]])
    assert variance(features).item() == 0
    assert variance(torch.full((4, 2), 5.0)).item() == pytest.approx(1 - 0.01)
    # The covariance of the two features is 18, and it counts twice.
    assert covariance(features).item() == pytest.approx(2 * 18**2 / 2)


@pytest.mark.parametrize("term", [variance, covariance])
def test_gradients(term):
    assert torch.autograd.gradcheck(term, (embeddings()[0].requires_grad_(),))


def test_constant_features_have_a_finite_gradient():
    features = torch.ones(4, 3, requires_grad=True)
    variance(features).backward()
    assert features.grad.isfinite().all()


def test_the_loss_weighs_its_terms():
    def loss(**weights):
        backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("any"))
        none = {"invariance": 0, "variance": 0, "covariance": 0}
        method = build_method("vicreg", none | weights, backbone, images=8, generator=torch_generator("any"))
        return method.step(toy_batch(toy_images(8), views=2)).loss.item()

    alone = loss(invariance=2), loss(variance=3), loss(covariance=5)
    assert min(alone) > 0
    assert loss(invariance=2, variance=3, covariance=5) == pytest.approx(sum(alone), rel=1e-5)


def test_covariances_keep_their_precision_under_autocast():
    features = embeddings()[0].float()
    expected = covariance(features)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(covariance(features), expected)
