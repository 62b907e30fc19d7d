import math

import torch
import torch.nn.functional as F

from headstart.methods.simclr import nt_xent, similarities
from headstart.seeding import torch_generator


def embeddings(batch=4, dim=3):
    return torch.randn(2, batch, dim, generator=torch_generator("embeddings"), dtype=torch.float64)


def test_loss_equals_the_formula_pair_by_pair():
    first, second = embeddings()
    views = [*first, *second]

    def similarity(i, k):
        return float(views[i] @ views[k] / views[i].norm() / views[k].norm()) / 0.3

    def pair(i, j):
        others = sum(math.exp(similarity(i, k)) for k in range(8) if k != i)
        return -math.log(math.exp(similarity(i, j)) / others)

    expected = sum(pair(k, k + 4) + pair(k + 4, k) for k in range(4)) / 8
    assert abs(nt_xent(similarities(first, second, 0.3)).item() - expected) < 1e-12


def test_loss_of_views_that_are_alike_and_of_views_that_agree():
    same = torch.ones(4, 3, dtype=torch.float64)
    assert abs(nt_xent(similarities(same, same, 0.5)).item() - math.log(7)) < 1e-12
    assert nt_xent(similarities(torch.eye(4), torch.eye(4), 0.05)).item() < 1e-6


def test_gradients():
    assert torch.autograd.gradcheck(
        lambda a, b: nt_xent(similarities(a, b, 0.5)), [views.requires_grad_() for views in embeddings()]
    )


def test_similarities_keep_their_precision_under_autocast():
    first, second = embeddings().float()
    expected = similarities(first, second, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(similarities(first, second, 0.1), expected)
    assert torch.equal(expected.diagonal(), torch.full((8,), -torch.inf))
    torch.testing.assert_close(expected[:4, 4:].diagonal() * 0.1, F.cosine_similarity(first, second))
