import pytest
import torch

from headstart.methods.barlow_twins import cross_correlation, redundancy
from headstart.seeding import torch_generator


def embeddings(batch=6, dim=3):
    return torch.randn(2, batch, dim, generator=torch_generator("embeddings"), dtype=torch.float64)


def test_loss_equals_the_formula_feature_by_feature():
    first, second = embeddings()
    one, other = first - first.mean(0), second - second.mean(0)
    loss = 0.0
    for i in range(3):
        for j in range(3):
            above = sum(one[b, i] * other[b, j] for b in range(6))
            below = sum(one[b, i] ** 2 for b in range(6)) ** 0.5 * sum(other[b, j] ** 2 for b in range(6)) ** 0.5
            loss += (1 - above / below) ** 2 if i == j else 0.02 * (above / below) ** 2
    torch.testing.assert_close(redundancy(cross_correlation(first, second), 0.02), loss)


def test_correlations_do_not_change_with_scale_or_origin():
    first, second = embeddings()
    torch.testing.assert_close(cross_correlation(5 * first + 2, second - 1), cross_correlation(first, second))
    torch.testing.assert_close(cross_correlation(first, first).diagonal(), torch.ones(3, dtype=torch.float64))


def test_loss_by_hand():
    correlation = torch.tensor([[0.5, 0.2], [-0.1, 1.0]])
    assert redundancy(correlation, 0.1).item() == pytest.approx(0.25 + 0.1 * (0.04 + 0.01))


def test_a_constant_feature_correlates_with_nothing_and_gradients_stay_finite():
    first, second = embeddings()
    first[:, 1] = 7
    first.requires_grad_()
    correlation = cross_correlation(first, second)
    assert correlation[1].abs().max() < 1e-12
    redundancy(correlation, 1).backward()
    assert first.grad.isfinite().all()


def test_gradients():
    assert torch.autograd.gradcheck(
        lambda a, b: redundancy(cross_correlation(a, b), 0.1), [views.requires_grad_() for views in embeddings()]
    )


def test_correlations_keep_their_precision_under_autocast():
    first, second = embeddings().float()
    expected = cross_correlation(first, second)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cross_correlation(first, second), expected)
