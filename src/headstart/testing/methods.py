"""What every pretext method promises."""

import copy
from collections.abc import Mapping
from typing import Any

import torch

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Batch
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.methods import METHODS, Method, build_method
from headstart.objective import StepResult
from headstart.seeding import torch_generator
from headstart.testing.toys import refusal, same_state, toy_batch, toy_images, toy_teacher, untrained_parameters

__all__ = ["check_method"]


def check_method(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    backbone: str = "resnet9",
    backbone_options: Mapping[str, Any] | None = None,
    resolution: int = 16,
    batch_size: int = 8,
) -> None:
    """Raise ``AssertionError`` unless the method ``name`` of ``METHODS`` keeps its contract on a backbone.

    options, backbone_options: fields of the two ``Config`` classes; small ones keep this fast.

    >>> check_method("rotation")  # doctest: +SKIP
    """
    images = toy_images(2 * batch_size + 3, resolution=resolution)
    teacher = toy_teacher()
    untaught = copy.deepcopy(teacher.backbone.state_dict())
    chosen = {"width": 2} if backbone_options is None and backbone == "resnet9" else backbone_options or {}

    def build(seed: int = 0) -> Method:
        split = METHODS[name].split_backbone
        weights, generator = (torch_generator(seed, part) for part in ("backbone", "method"))
        network = build_backbone(backbone, chosen, in_channels=3, split=split, generator=weights)
        return build_method(name, options or {}, network, images=len(images), generator=generator, teacher=teacher)

    def step(method: Method, number: int = 0) -> StepResult:
        return method.step(_batch(method, images, batch_size, number))

    _check_augment(METHODS[name])
    _check_step(build(), step)
    _check_determinism(build(), build(), step)
    _check_resume(build(), build(1), step)
    _check_eval_leaves_no_trace(build(), step)
    _check_sizes_of_batches(build(), images)
    few = images.subset(torch.arange(3))
    loss = build().step(_batch(build(), few, batch_size)).loss
    assert _is_finite_scalar(loss), "a batch may name an image more than once"
    assert same_state(untaught, teacher.backbone.state_dict()), "a teacher must stay as it was"


def _batch(method: Method, images: ImageSet, size: int, number: int = 0) -> Batch:
    return toy_batch(images, batch_size=size, views=method.views, shared_flip=method.shared_flip, step=number)


def _check_augment(kind: type[Method]) -> None:
    everything = AugmentConfig()
    unknown = kind.unsuited - set(AugmentConfig.model_fields)
    assert not unknown, f"unsuited names no augmentation: {', '.join(sorted(unknown))}"
    kept = kind.augment(everything)
    assert isinstance(kept, AugmentConfig), "augment must return an AugmentConfig"


def _check_step(method: Method, step: Any) -> None:
    result: StepResult = step(method)
    assert _is_finite_scalar(result.loss), "the loss must be a finite scalar"
    for key, value in result.metrics.items():
        assert _is_finite_scalar(value), f"metric '{key}' must be a finite scalar"
        assert not value.requires_grad, f"metric '{key}' must be detached"
    lost = untrained_parameters(method, lambda number: step(method, number).loss)
    assert not lost, f"no gradient reaches {', '.join(lost)}"


def _check_determinism(first: Method, again: Method, step: Any) -> None:
    before = torch.get_rng_state()
    for number in range(2):
        assert torch.equal(step(first, number).loss, step(again, number).loss), "equal builds must give equal losses"
    assert torch.equal(before, torch.get_rng_state()), "draws must come from the batch's generator, not the global one"
    assert same_state(first.state_dict(), again.state_dict()), "equal steps must leave equal states"


def _check_resume(method: Method, fresh: Method, step: Any) -> None:
    step(method)
    fresh.load_state_dict(copy.deepcopy(method.state_dict()))
    assert torch.equal(step(method, 1).loss, step(fresh, 1).loss), "all that a step needs must be in the state dict"


def _check_eval_leaves_no_trace(method: Method, step: Any) -> None:
    before = copy.deepcopy(method.state_dict())
    with torch.no_grad():
        step(method.eval())
    assert same_state(before, method.state_dict()), "a step in eval mode must leave the state as it is"


def _check_sizes_of_batches(method: Method, images: ImageSet) -> None:
    """Two images are enough for batch norms, of which a method may have some."""
    fewest = method.fewest_images
    assert _is_finite_scalar(method.step(_batch(method, images, max(2, fewest))).loss), "small batches must do"
    if fewest > 1:
        said = refusal(method.step, _batch(method, images, fewest - 1))
        assert str(fewest) in said, f"{fewest - 1} images must be refused by a sentence naming {fewest}"


def _is_finite_scalar(value: torch.Tensor) -> bool:
    return value.ndim == 0 and bool(torch.isfinite(value))
