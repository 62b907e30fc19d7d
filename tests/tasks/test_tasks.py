import numpy as np
import pytest
import torch

from headstart.data.augment import AugmentConfig
from headstart.tasks import TASKS, Classification
from headstart.testing import check_task


@pytest.mark.parametrize("name", TASKS)
def test_contract(name):
    check_task(name)


@pytest.mark.golden
def test_loss_and_accuracy(golden):
    known = {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "classify.npz").items()}
    cases = [("flat_pred", "flat_label", "flat_loss", "flat_acc")]
    for head, suffix in (("fc", "accuracy"), ("mlp", "acc_mlp_cls")):
        for name in ("class_only", "class_pose"):
            cases.append(
                (f"{name}_{head}_class", f"{name}_label", f"{name}_OUT_loss_{head}_cls", f"{name}_OUT_{suffix}")
            )
    task = Classification(range(10))
    for logits, label, loss, accuracy in cases:
        target = known[label] if known[label].ndim == 1 else known[label][:, 0]
        torch.testing.assert_close(task.loss(known[logits], target).double(), known[loss], rtol=1e-6, atol=1e-6)
        assert task.metrics(known[logits], target)["accuracy"] == pytest.approx(known[accuracy].item(), abs=1e-6)


def test_classification_counts_the_classes_and_keeps_every_augmentation():
    assert Classification(("cat", "dog", "owl")).outputs == 3
    assert Classification.augment(AugmentConfig(jitter=False)) == AugmentConfig(jitter=False)


def test_accuracy_is_a_fraction():
    task = Classification(range(3))
    logits = torch.eye(3)[torch.tensor([0, 1, 2, 2])]
    assert task.metrics(logits, torch.tensor([0, 1, 2, 0])) == {"accuracy": 0.75}
