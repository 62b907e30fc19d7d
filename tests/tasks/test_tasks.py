import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import DataError
from headstart.tasks import TASKS, Classification, Depth, Pose, Segmentation
from headstart.testing import check_task

CLASSES = ("ball", "box", "cone")


@pytest.mark.parametrize("name", TASKS)
def test_contract(name):
    check_task(name)


@pytest.fixture
def classify(golden):
    return {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "classify.npz").items()}


@pytest.fixture
def depths(golden):
    return {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "depth.npz").items()}


@pytest.mark.golden
def test_loss_and_accuracy(classify):
    cases = [("flat_pred", "flat_label", "flat_loss", "flat_acc")]
    for head, suffix in (("fc", "accuracy"), ("mlp", "acc_mlp_cls")):
        for name in ("class_only", "class_pose"):
            cases.append(
                (f"{name}_{head}_class", f"{name}_label", f"{name}_OUT_loss_{head}_cls", f"{name}_OUT_{suffix}")
            )
    task = Classification(range(10))
    for logits, label, loss, accuracy in cases:
        target = classify[label] if classify[label].ndim == 1 else classify[label][:, 0]
        torch.testing.assert_close(task.loss(classify[logits], target).double(), classify[loss], rtol=1e-6, atol=1e-6)
        assert task.metrics(classify[logits], target)["accuracy"] == pytest.approx(classify[accuracy].item(), abs=1e-6)


@pytest.mark.golden
@pytest.mark.parametrize("head", ["fc", "mlp"])
def test_pose_loss_and_accuracy(classify, head):
    task, target = Pose(range(10)), classify["class_pose_label"][:, 1]
    logits = classify[f"class_pose_{head}_pose"]
    loss, accuracy = (classify[f"class_pose_OUT_{what}_{head}_3d"] for what in ("loss", "acc"))
    torch.testing.assert_close(task.loss(logits, target).double(), loss, rtol=1e-6, atol=1e-6)
    assert task.metrics(logits, target)["accuracy"] == pytest.approx(accuracy.item(), abs=1e-6)


def shrunk(maps, side):
    """Channel 1 of a reference target, at the prediction's resolution: the reference scores there."""
    return F.interpolate(maps[:, 1:2].float(), size=(side, side), mode="nearest")[:, 0].long()


@pytest.mark.golden
@pytest.mark.parametrize(
    ("logits", "target", "loss", "accuracy"),
    [
        ("dense_pred", "dense_target_uint8", "dense_loss", "dense_acc"),
        ("dense2_pred", "dense2_target_uint8", "dense2_loss", "dense2_acc"),
        ("dense_multi_fc_class", "dense_multi_target_uint8", "dense_multi_OUT_loss_fc_cls", "dense_multi_OUT_accuracy"),
        (
            "dense_multi_mlp_class",
            "dense_multi_target_uint8",
            "dense_multi_OUT_loss_mlp_cls",
            "dense_multi_OUT_acc_mlp_cls",
        ),
    ],
)
def test_segmentation_loss_and_pixel_accuracy(classify, logits, target, loss, accuracy):
    task, output = Segmentation(range(10)), classify[logits]
    known = shrunk(classify[target], output.shape[-1])
    if target == "dense2_target_uint8":
        assert torch.equal(known, classify["dense2_label_nearest"])
    torch.testing.assert_close(task.loss(output, known).double(), classify[loss], rtol=1e-6, atol=1e-6)
    measured = task.metrics(output, known)["pixel_accuracy"]
    assert measured == pytest.approx(classify[accuracy].item(), abs=1e-6)


@pytest.mark.golden
def test_depth_loss_and_metrics_where_predictions_are_positive(depths):
    task, known = Depth(CLASSES), depths["positive_l1_loss_d125_d110_rmse"]
    output = depths["positive_pred"][:, None]
    torch.testing.assert_close(task.loss(output, depths["label"]).double(), known[0], rtol=1e-6, atol=1e-6)
    measured = task.metrics(output, depths["label"])
    assert [measured[name] for name in ("delta_125", "delta_110", "rmse")] == pytest.approx(known[1:].tolist())


@pytest.mark.golden
def test_the_reference_counts_negative_depths_as_right_and_we_do_not(depths):
    task, known = Depth(CLASSES), depths["with_negative_preds_l1_loss_d125_d110_rmse"]
    predicted = depths["with_negative_preds_pred"]
    torch.testing.assert_close(task.loss(predicted[:, None], depths["label"]).double(), known[0], rtol=1e-6, atol=1e-6)
    measured, negative = task.metrics(predicted[:, None], depths["label"]), (predicted <= 0).double().mean().item()
    assert negative > 0
    assert measured["delta_125"] == pytest.approx(known[1].item() - negative)
    assert measured["delta_110"] == pytest.approx(known[2].item() - negative)
    assert measured["rmse"] == pytest.approx(known[3].item())


@pytest.mark.golden
def test_depth_at_the_features_resolution(depths):
    """The reference's whole path: nearest resizing, zeros to the largest value, a twenty-fifth."""
    target = F.interpolate(depths["task_target_uint8"][:, 2:].float(), size=(8, 8), mode="nearest")[:, 0]
    target = torch.where(target == 0, target.max(), target) / 25
    known, task = depths["task_l1_loss_d125_rmse_d110"], Depth(CLASSES)
    torch.testing.assert_close(task.loss(depths["task_pred"], target).double(), known[0], rtol=1e-6, atol=1e-6)
    assert task.metrics(depths["task_pred"], target)["rmse"] == pytest.approx(known[2].item())


def test_classification_counts_the_classes_and_keeps_every_augmentation():
    assert Classification(("cat", "dog", "owl")).outputs == 3
    assert Classification.augment(AugmentConfig(jitter=False)) == AugmentConfig(jitter=False)


def test_the_studys_exceptions_are_declared():
    everything = AugmentConfig(rotate=True, zoom=True)
    off = {name: {key for key, on in kind.augment(everything) if not on} for name, kind in TASKS.items()}
    known = {
        "classification": set(),
        "pose": {"rotate"},
        "segmentation": {"cutout"},
        "depth": {"crop", "cutout", "zoom"},
    }
    assert {name: off[name] for name in known} == known


def test_accuracy_is_a_fraction():
    task = Classification(range(3))
    logits = torch.eye(3)[torch.tensor([0, 1, 2, 2])]
    assert task.metrics(logits, torch.tensor([0, 1, 2, 0])) == {"accuracy": 0.75}


def test_iou_by_hand():
    """Two of four pixels are class 1, and three are called so: 2/3 for it, 1/2 for background, others absent."""
    target = torch.tensor([[[1, 1], [0, 0]]])
    output = F.one_hot(torch.tensor([[[1, 1], [1, 0]]]), 4).permute(0, 3, 1, 2).float()
    measured = Segmentation(CLASSES).metrics(output, target)
    assert measured == pytest.approx({"miou": (2 / 3 + 1 / 2) / 2, "pixel_accuracy": 0.75})


def test_depth_metrics_by_hand():
    target, predicted = torch.tensor([[[1.0, 2.0], [4.0, 5.0]]]), torch.tensor([[[[1.05, 2.4], [8.0, -5.0]]]])
    measured = Depth(CLASSES).metrics(predicted, target)
    squares = 0.05**2 + 0.4**2 + 4**2 + 10**2
    relative = (0.05 + 0.2 + 1 + 2) / 4
    expected = {"delta_125": 0.5, "delta_110": 0.25, "rmse": math.sqrt(squares / 4), "abs_rel": relative}
    assert measured == pytest.approx(expected, rel=1e-5)


def test_depth_works_in_the_units_of_its_labels():
    near = 1 + torch.rand(6, 4, 4, generator=torch.Generator().manual_seed(0))
    for unit in (1.0, 1000.0):
        task = Depth(CLASSES).fitted(near * unit)
        assert task.loss(torch.zeros(6, 1, 2, 2), near * unit).item() == pytest.approx(1.0, rel=1e-4)
        assert task.answer(torch.zeros(1, 1, 2, 2), (4, 4)).mean().item() == pytest.approx(near.median().item() * unit)


def test_depth_that_a_crop_left_behind_does_not_count():
    target = torch.tensor([[[2.0, 0.0], [2.0, 0.0]]])
    output = torch.tensor([[[[2.0, 9.0], [2.0, 9.0]]]])
    assert Depth(CLASSES).loss(output, target) == 0
    assert Depth(CLASSES).metrics(output, target)["rmse"] == 0


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("classification", torch.tensor([0, 3, 1]), "1 images have no label between 0 and 2, the first of them row 1"),
        ("pose", torch.tensor([0, -1, 9]), "2 images have no label between 0 and 4, the first of them row 1 with -1"),
        ("segmentation", torch.zeros(2, 4, 4, dtype=torch.uint8), "maps of 4 x 4 for images of 8 x 8 pixels"),
        (
            "segmentation",
            torch.full((2, 8, 8), 7, dtype=torch.uint8),
            "2 masks .* not 0 to 3, .* row 0 with 7",
        ),
        ("depth", torch.zeros(2, 8, 8), "2 maps hold depths that are not above 0 and finite, .* row 0 with 0"),
        ("depth", torch.tensor([1.0, math.inf]).view(2, 1, 1).expand(2, 8, 8), "1 maps .* row 1 with inf"),
        ("depth", torch.full((1, 8, 8), math.nan), "row 0 with nan: give every pixel a depth"),
    ],
)
def test_targets_that_are_no_answers_are_refused(name, target, message):
    with pytest.raises(DataError, match=f"task '{name}': .*{message}"):
        TASKS[name](CLASSES).check_target(target, 8)


def test_one_pose_alone_is_nothing_to_learn():
    with pytest.raises(DataError, match=r"every image has pose 0, .* viewpoint factor on \(V in factors\)"):
        Pose(CLASSES).check_variety(torch.zeros(9, dtype=torch.int64))
    Pose(CLASSES).check_variety(torch.tensor([0, 0, 1]))


def test_the_blind_guess_of_depth_is_least_by_what_runs_are_judged_by():
    """Most pixels are a far background, so that mean and median lie apart."""
    depths = torch.tensor([[[2.0, 3.0], [9.0, 9.0]], [[9.0, 9.0], [9.0, 9.0]]])
    task = Depth(CLASSES).fitted(depths)
    guess = task.constant(depths)

    def error(output):
        return task.metrics(output.expand(2, 1, 1, 1), depths)["rmse"]

    assert all(error(guess) < error(guess + off) for off in (-0.1, 0.1, -guess))
