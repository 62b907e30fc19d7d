import copy

import pytest
import torch
from torch import nn

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import CheckpointError
from headstart.methods import METHODS, build_method
from headstart.objective import Objective, StepResult
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.testing import toy_images, toy_teacher
from headstart.testing.toys import same_state
from headstart.training import Supervised, TrainConfig, Watched, train
from headstart.training.loop import make_optimizer

IMAGES = toy_images(40)
STEPS = 12


def classifier(width=2):
    backbone = build_backbone("resnet9", {"width": width}, in_channels=3, generator=torch_generator("backbone"))
    task = Classification(range(4))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Supervised(backbone, task.head(backbone), task)


def pretext(name):
    split = METHODS[name].split_backbone
    generator = torch_generator("backbone")
    backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, split=split, generator=generator)
    others = {"images": len(IMAGES), "generator": torch_generator("method"), "teacher": toy_teacher()}
    method = build_method(name, {}, backbone, **others)
    return Watched(method, [Classification(range(4))], generator=torch_generator("probe"))


def loader(batch_size=8, views=2):
    return Loader(IMAGES, batch_size=batch_size, seed=1, augment=AugmentConfig(), views=views)


def config(**values):
    return TrainConfig(**{"steps": STEPS, "batch_size": 8, "lr": 0.01} | values)


class InterruptedRunError(Exception):
    pass


def interrupt_at(step):
    def on_step(done):
        if done == step:
            raise InterruptedRunError

    return on_step


@pytest.mark.parametrize("make", [classifier, *(lambda name=name: pretext(name) for name in METHODS)])
@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_an_interrupted_run_ends_like_an_undisturbed_one(tmp_path, make, optimizer):
    undisturbed, resumed = make(), make()
    settings = config(optimizer=optimizer)
    whole = train(undisturbed, loader(), settings)
    for step in (5, 9):
        with pytest.raises(InterruptedRunError):
            train(make(), loader(), settings, folder=tmp_path, on_step=interrupt_at(step), checkpoint_seconds=0)
    report = train(resumed, loader(), settings, folder=tmp_path, checkpoint_seconds=0)
    assert same_state(undisturbed.state_dict(), resumed.state_dict())
    assert report.history == whole.history
    assert report.steps == whole.steps == STEPS


def test_a_resumed_run_starts_at_its_checkpoint(tmp_path):
    with pytest.raises(InterruptedRunError):
        train(classifier(), loader(), config(), folder=tmp_path, on_step=interrupt_at(7), checkpoint_seconds=0)
    steps = []
    train(classifier(), loader(), config(), folder=tmp_path, on_step=steps.append)
    assert steps == list(range(7, STEPS + 1))


def test_windows_longer_than_a_step_survive_an_interruption(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.training.loop.HISTORY_ROWS", 4)
    whole = train(classifier(), loader(), config(steps=13))
    assert [row["step"] for row in whole.history] == [3, 6, 9, 12, 13]
    with pytest.raises(InterruptedRunError):
        train(classifier(), loader(), config(steps=13), folder=tmp_path, on_step=interrupt_at(9), checkpoint_seconds=0)
    assert train(classifier(), loader(), config(steps=13), folder=tmp_path).history == whole.history


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path):
    train(classifier(), loader(), config(), folder=tmp_path, key="one", checkpoint_seconds=0)
    with pytest.raises(CheckpointError, match="'one'.*'two'"):
        train(classifier(), loader(), config(), folder=tmp_path, key="two")


def test_a_finished_run_is_not_run_again(tmp_path):
    first = classifier()
    train(first, loader(), config(), folder=tmp_path, checkpoint_seconds=0)
    again = classifier()
    report = train(again, loader(), config(), folder=tmp_path, on_step=lambda _: pytest.fail("no step is left"))
    assert same_state(first.state_dict(), again.state_dict())
    assert report.steps == STEPS


class Diverging(Objective):
    """A loss that stops being a number at a given step."""

    def __init__(self, at):
        super().__init__()
        self.weight, self.at = torch.nn.Parameter(torch.ones(())), at

    def step(self, batch):
        return StepResult(self.weight * (float("nan") if batch.step == self.at else 1.0))


def test_a_run_that_diverges_is_a_failure_with_step_and_reason(monkeypatch):
    monkeypatch.setattr("headstart.training.loop.HISTORY_ROWS", 5)
    report = train(Diverging(at=9), loader(), config(steps=20))
    assert report.failure is not None
    assert (report.failure.step, report.failure.reason) == (9, "loss is nan")
    assert report.steps == 12


def test_no_checkpoint_holds_weights_that_diverged(tmp_path):
    objective = Diverging(at=9)
    train(objective, loader(), config(steps=20), folder=tmp_path, checkpoint_seconds=0)
    assert objective.weight.isnan()
    saved = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["state"]
    assert saved["step"] == 9
    assert saved["objective"]["weight"].isfinite()


def test_the_loop_is_plain_adam_on_the_schedule():
    """Against the optimiser's plain, unfused form in contiguous memory."""
    ours, plain = classifier(4), classifier(4)
    settings = config(steps=4, lr=0.003, weight_decay=0.01, warmup=0.5, precision="float32")
    train(ours, loader(), settings)
    optimizer = torch.optim.Adam(plain.parameters(), betas=(0.8, 0.999), weight_decay=0.01, foreach=False)
    for step, rate in enumerate((0.0015, 0.003, 0.003, 1e-6)):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        plain.step(loader().batch(step)).loss.backward()
        optimizer.step()
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=2e-3, atol=2e-4, msg=name)


def test_frozen_parameters_stay():
    model = classifier()
    model.backbone.stem[0].weight.requires_grad_(False)
    before = copy.deepcopy(model.backbone.stem[0].weight)
    train(model, loader(), config(steps=2))
    assert torch.equal(before, model.backbone.stem[0].weight)
    assert len(make_optimizer(model, config()).param_groups[0]["params"]) == len(list(model.parameters())) - 1


def test_training_does_not_touch_the_global_stream():
    before = torch.get_rng_state()
    train(pretext("cmc"), loader(), config(steps=2))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("make", [classifier, *(lambda name=name: pretext(name) for name in METHODS)])
def test_half_precision_stays_close_and_keeps_weights_and_losses_whole(make):
    half, whole = make(), make()
    first = train(half, loader(), config(steps=2, precision="bf16")).history[0]
    expected = train(whole, loader(), config(steps=2, precision="float32")).history[0]
    assert first["loss"] == pytest.approx(expected["loss"], rel=0.05)
    assert first["loss"] != expected["loss"]
    assert all(value.dtype != torch.bfloat16 for value in half.state_dict().values())


def test_it_learns():
    report = train(classifier(4), loader(batch_size=16), config(steps=60, batch_size=16))
    assert report.failure is None
    assert report.history[-1]["loss"] < 0.5 * report.history[0]["loss"]
    assert report.seconds > 0


class Drops(Classification):
    """A task whose loss hangs on a layer that draws from the process's own stream, as those of others do."""

    def loss(self, output, target):
        return super().loss(nn.functional.dropout(output, 0.5), target)


def test_layers_that_draw_give_the_same_run_whatever_ran_before(tmp_path):
    def trained(before, folder=None, on_step=None):
        torch.rand(before)
        learner = classifier()
        learner.task = Drops(range(4))
        options = {"folder": folder, "key": "k", "on_step": on_step, "checkpoint_seconds": 0}
        return train(learner, loader(views=1), config(), **options).history, learner

    history, learner = trained(1)
    with pytest.raises(InterruptedRunError):
        trained(2, tmp_path, interrupt_at(5))
    for again, same in (trained(3), trained(4, tmp_path)):
        assert [row["loss"] for row in again] == [row["loss"] for row in history]
        assert same_state(learner.state_dict(), same.state_dict())
