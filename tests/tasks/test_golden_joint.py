"""The reference's dense tasks are one: its two losses and scores, from maps of 8-bit targets, are ours of two tasks."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from headstart.tasks import Depth

pytestmark = pytest.mark.golden


def shrunk_depth(maps, side):
    """Channel 2 of a reference target as it is scored: nearest resizing, zeros to the largest value, a twenty-fifth."""
    depth = F.interpolate(torch.from_numpy(maps)[:, 2:].float(), size=(side, side), mode="nearest")[:, 0]
    return torch.where(depth == 0, depth.max(), depth) / 25


@pytest.mark.parametrize("head", ["fc", "mlp"])
def test_depth_beside_classes(golden, head):
    known, task = np.load(golden / "losses" / "classify.npz"), Depth(())
    output = torch.from_numpy(known[f"dense_multi_{head}_depth"])
    target = shrunk_depth(known["dense_multi_target_uint8"], output.shape[-1])
    assert task.loss(output, target).item() == pytest.approx(known[f"dense_multi_OUT_loss_{head}_3d"].item(), rel=1e-6)
    assert task.metrics(output, target)["delta_125"] == pytest.approx(known[f"dense_multi_OUT_acc_{head}_3d"].item())


def test_shares_of_depths_and_squared_errors(golden):
    known, task = np.load(golden / "losses" / "depth.npz"), Depth(())
    output = torch.from_numpy(known["task_pred"])
    measured = task.metrics(output, shrunk_depth(known["task_target_uint8"], output.shape[-1]))
    squared, within_125, rmse, within_110 = known["task_l2_loss_d125_rmse_d110"]
    assert [measured["delta_125"], measured["delta_110"]] == pytest.approx([within_125, within_110])
    assert [measured["rmse"], measured["rmse"] ** 2] == pytest.approx([rmse, squared], rel=1e-6)
