"""Distillation: the loss by hand, what a student learns, what its teacher sees, and that it stays itself."""

import copy

import pytest
import torch
from torch import nn

from headstart.backbones import Features, build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.config import Normalisation
from headstart.data.transforms.input import Preparation
from headstart.errors import ConfigError
from headstart.methods import METHODS, Teacher, build_method
from headstart.methods.distill import cosine, mse, on_one_grid, rows
from headstart.seeding import torch_generator
from headstart.testing import toy_batch, toy_images, toy_teacher
from headstart.testing.toys import same_state
from headstart.training import TrainConfig, train


def student(teacher, width=4, **options):
    backbone = build_backbone("resnet9", {"width": width}, in_channels=3, generator=torch_generator("student"))
    generator = torch_generator("method")
    return build_method("distill", options, backbone, images=8, generator=generator, teacher=teacher)


def test_cosine_is_one_less_the_cosine_of_each_row():
    foreseen, target = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[3.0, 4.0], [0.0, 5.0]])
    assert cosine(foreseen, target).item() == pytest.approx((0.4 + 0.0) / 2)


def test_squares_are_taken_from_features_of_mean_0_and_deviation_1():
    target = torch.tensor([[1.0, 3.0], [500.0, -500.0]])  # standardised: -1 and 1, 1 and -1
    assert mse(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), target).item() == pytest.approx((1 + 1 + 0 + 4) / 4, rel=1e-4)


def test_unequal_maps_meet_on_the_coarser_grid_by_means():
    fine = torch.arange(16.0).view(1, 1, 4, 4)
    ours, theirs = on_one_grid(fine, torch.zeros(1, 2, 2, 2))
    assert ours.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert theirs.shape == (1, 2, 2, 2)
    uneven = on_one_grid(torch.zeros(1, 1, 3, 3), fine)
    assert uneven[1].shape[-2:] == (3, 3)
    assert uneven[1][0, 0, 0, 0] == fine[0, 0, :2, :2].mean()


def test_a_row_is_a_location_with_all_its_features():
    maps = torch.randn(2, 5, 3, 4)
    assert torch.equal(rows(maps)[1 * 12 + 2 * 4 + 3], maps[1, :, 2, 3])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("cosine", (1 - 0.6) + 0.5 * (1 - (-0.6 + 0 + 0 + 0) / 4)),
        # The image's target is (-1, 1) when it is standardised; the locations' are that twice, then (1, -1) twice.
        ("mse", (4 + 1) / 2 + 0.5 * (4 + 1 + 4 + 1 + 0 + 1 + 0 + 1) / 8),
    ],
)
def test_the_loss_is_that_of_images_and_the_weighed_one_of_locations(loss, expected, monkeypatch):
    """The student says (1, 0) of the image and of each of its four locations; the teacher says (3, 4) of the image, and
    (-3, 4), (0, 4), (0, -5) and (0, -5) of the locations."""
    teacher = toy_teacher()
    method = student(teacher, loss=loss, local=0.5)
    ours = Features(torch.tensor([[1.0, 0.0]]), torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 2, 2))
    maps = torch.tensor([[[[-3.0, 0.0], [0.0, 0.0]], [[4.0, 4.0], [-5.0, -5.0]]]])
    theirs = Features(torch.tensor([[3.0, 4.0]]), maps)
    monkeypatch.setattr(method.backbone, "forward", lambda _: ours)
    monkeypatch.setattr(teacher.backbone, "forward", lambda _: theirs)
    method.projectors = nn.ModuleDict(dict.fromkeys(method.projectors, nn.Identity()))
    result = method.step(toy_batch(toy_images(8)))
    assert result.loss.item() == pytest.approx(expected, rel=1e-4)


def test_without_a_weight_locations_have_no_projector():
    method = student(toy_teacher(), local=0.0)
    assert list(method.projectors) == ["pooled"]
    assert list(method.step(toy_batch(toy_images(8))).metrics) == ["pooled_similarity"]


@pytest.mark.parametrize("options", [{}, {"loss": "mse", "projector": "mlp"}])
def test_a_student_learns_what_its_teacher_makes_of_images_it_never_saw(options):
    teacher = toy_teacher()
    before = copy.deepcopy(teacher.backbone.state_dict())
    method, others = student(teacher, **options), toy_batch(toy_images(32, seed=1), batch_size=32)

    def likeness():
        with torch.no_grad():
            return {name: float(value) for name, value in method.eval().step(others).metrics.items()}

    start, config = likeness(), TrainConfig(steps=40, batch_size=16, lr=0.01, precision="float32")
    loader = Loader(toy_images(64), batch_size=16, seed=0, augment=AugmentConfig())
    report = train(method.train(), loader, config)
    assert report.history[-1]["loss"] < 0.5 * report.history[0]["loss"]
    end = likeness()
    assert all(end[name] > max(0.6, start[name] + 0.3) for name in start), (start, end)
    assert same_state(before, teacher.backbone.state_dict()), "weights and statistics of norms"
    assert not teacher.backbone.training


def test_a_teacher_is_no_part_of_its_student():
    teacher = toy_teacher()
    method = student(teacher)
    theirs = {id(value) for value in teacher.backbone.parameters()}
    assert not theirs & {id(value) for value in method.parameters()}
    assert not any(value.requires_grad for value in teacher.backbone.parameters())
    assert all(name.startswith(("backbone.", "projectors.")) for name in method.state_dict())
    assert not teacher(toy_batch(toy_images(8)).views[0]).pooled.requires_grad


OURS, THEIRS = Normalisation((120.0, 100.0, 90.0), (50.0, 60.0, 70.0)), Normalisation((124.0,) * 3, (58.0,) * 3)
LAB = Normalisation((60.0, 3.0, -4.0), (20.0, 12.0, 15.0))


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize(
    ("seen", "expects", "channels"),
    [
        (Preparation("rgb", OURS), Preparation("rgb", THEIRS), 3),
        (Preparation("lab", LAB), Preparation("rgb", THEIRS), 3),
        (Preparation("rgb", OURS), Preparation("lab", LAB), 3),
        (Preparation("lab", LAB), Preparation("lab", THEIRS), 3),
        (Preparation("rgb", Normalisation((99.0,), (40.0,))), Preparation("rgb", THEIRS, channels=3), 1),
        (Preparation("lab", LAB), Preparation("rgb", THEIRS, resolution=24), 3),
    ],
)
def test_a_teacher_sees_the_picture_as_if_it_were_prepared_for_it(seen, expects, channels, autocast):
    raw = torch.randint(0, 256, (2, channels, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    teacher, views = Teacher(toy_teacher().backbone, seen, expects), seen(raw)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        shown = teacher.images(views)
    torch.testing.assert_close(shown, expects(raw), atol=2e-4, rtol=1e-4)


def test_what_is_prepared_alike_is_passed_on_as_it_is():
    views = torch.randn(2, 3, 8, 8)
    same = Teacher(toy_teacher().backbone, Preparation("lab", LAB), Preparation("lab", LAB, channels=3))
    assert torch.equal(same.images(views), views)


def test_colors_that_no_picture_has_are_the_same_ones_in_other_statistics():
    """Jitter makes them, and a way through sRGB would end some at black."""
    beyond = torch.tensor([-9.0, 9.0, -9.0]).view(1, 3, 1, 1)
    shown = Teacher(toy_teacher().backbone, Preparation("lab", LAB), Preparation("lab", OURS)).images(beyond)
    lab = torch.tensor([60 - 9 * 20.0, 3 + 9 * 12.0, -4 - 9 * 15.0])
    torch.testing.assert_close(shown.flatten(), (lab - torch.tensor(OURS.mean)) / torch.tensor(OURS.std))


def test_without_a_teacher_there_is_nothing_to_learn():
    backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("any"))
    with pytest.raises(ConfigError, match="method 'distill' learns from another network: give it a teacher"):
        build_method("distill", {}, backbone, images=8, generator=torch_generator("any"))
    assert METHODS.traits("distill").taught
