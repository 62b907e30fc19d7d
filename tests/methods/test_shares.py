"""Two processes that share a batch learn what one learns from the whole of it."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor, nn

from headstart.backbones import build_backbone
from headstart.data.batches.share import Share
from headstart.methods import METHODS, build_method
from headstart.seeding import torch_generator
from headstart.testing import toy_batch, toy_images, toy_teacher

PROCESSES, BATCH = 2, 8


@dataclass(frozen=True)
class Meeting(Share):
    """A share whose processes are threads; gradients find their way back through the one graph that they build."""

    table: list[Tensor | None] = field(default_factory=lambda: [None] * PROCESSES)
    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(PROCESSES, timeout=30))

    def gather(self, local: Tensor) -> Tensor:
        self.table[self.rank] = local
        self.barrier.wait()
        joint = torch.cat(self.table)
        self.barrier.wait()
        return joint


@pytest.mark.parametrize("name", METHODS)
def test_two_processes_learn_what_one_does(name):
    kind = METHODS[name]
    backbone = build_backbone(
        "resnet9", {"width": 2}, in_channels=3, split=kind.split_backbone, generator=torch_generator("any")
    )
    others = {"images": 20, "generator": torch_generator("any"), "teacher": toy_teacher()}
    alone = build_method(name, {}, backbone, **others).train()
    for module in alone.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            module.eval()  # Statistics of a part are not those of the whole.
    parts, meeting = [copy.deepcopy(alone) for _ in range(PROCESSES)], Meeting()

    def batch():
        return toy_batch(toy_images(20), batch_size=BATCH, views=kind.views, shared_flip=kind.shared_flip)

    def step(rank):
        share, joint = replace(meeting, rank=rank, processes=PROCESSES), batch()
        views = tuple(share.local(view) for view in joint.views)
        targets = {key: share.local(value) for key, value in joint.targets.items()}
        return parts[rank].step(replace(joint, views=views, targets=targets, share=share))

    expected = alone.step(batch())
    expected.loss.backward()
    with ThreadPoolExecutor(PROCESSES) as pool:
        results = list(pool.map(step, range(PROCESSES)))
    torch.stack([result.loss for result in results]).mean().backward()
    for key, value in (expected.metrics | {"loss": expected.loss.detach()}).items():
        ours = torch.stack([result.loss.detach() if key == "loss" else result.metrics[key] for result in results])
        torch.testing.assert_close(ours.mean(), value, rtol=1e-4, atol=1e-5)
    for whole, *split in zip(alone.parameters(), *(part.parameters() for part in parts), strict=True):
        if whole.requires_grad:
            atol = 1e-3 * whole.grad.abs().max().item() + 1e-6
            torch.testing.assert_close(sum(one.grad for one in split), whole.grad, rtol=1e-3, atol=atol)
    for whole, *split in zip(alone.buffers(), *(part.buffers() for part in parts), strict=True):
        assert all(torch.allclose(one, whole, atol=1e-5) for one in split)
