"""Small images that a small network can tell apart, for tests that must not wait for real ones."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Batch, Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import Preparation
from headstart.errors import ConfigError
from headstart.methods import Teacher
from headstart.seeding import torch_generator
from headstart.tasks import Task

__all__ = [
    "refusal",
    "same_state",
    "toy_batch",
    "toy_images",
    "toy_target",
    "toy_teacher",
    "untrained_parameters",
]


def toy_images(
    count: int, *, channels: int = 3, resolution: int = 16, classes: int = 4, noise: float = 0.5, seed: int = 0
) -> ImageSet:
    """float32 ``[count, channels, resolution, resolution]``, normalised, and ``class [count]``, in equal shares.

    A class is a stripe pattern of its own frequency and color, in noise.

    >>> toy_images(100, resolution=32).images.shape
    torch.Size([100, 3, 32, 32])
    """
    generator = torch_generator(seed, "toy images")
    labels = torch.arange(count) % classes
    palette = torch.randn(classes, channels, 1, 1, generator=torch_generator("toy palette"))
    angle = torch.arange(resolution) * (labels[:, None] + 1) * (torch.pi / resolution)
    stripes = torch.sin(angle)[:, None, :, None]
    pixels = palette[labels] * (1 + stripes) + noise * torch.randn(
        count, channels, resolution, resolution, generator=generator
    )
    return ImageSet(pixels.contiguous(memory_format=torch.channels_last), {"class": labels})


def toy_target(task: Task, count: int, resolution: int = 16) -> Tensor:
    """Random answers to ``task``: labels ``[count]``, or maps of blocks ``[count, resolution, resolution]``."""
    generator = torch_generator("toy target", task.name)
    if not task.per_location:
        return torch.randint(task.outputs, (count,), generator=generator)
    blocks = torch.rand(count, 4, 4, generator=generator).repeat_interleave(resolution // 4, 1)
    share = blocks.repeat_interleave(resolution // 4, 2)
    return 1 + share if task.outputs == 1 else (share * task.outputs).to(torch.uint8)


def toy_batch(
    images: ImageSet,
    *,
    batch_size: int = 8,
    views: int = 1,
    shared_flip: bool = False,
    seed: int = 0,
    step: int = 0,
) -> Batch:
    """A fresh augmented batch; two calls give equal batches, each with its own generator.

    >>> len(toy_batch(toy_images(100), views=2).views)
    2
    """
    loader = Loader(
        images, batch_size=batch_size, seed=seed, augment=AugmentConfig(), views=views, shared_flip=shared_flip
    )
    return loader.batch(step)


def toy_teacher(resolution: int = 16) -> Teacher:
    """A small network that teaches whoever learns from images of three channels; it has random weights.

    >>> toy_teacher()(toy_batch(toy_images(8)).views[0]).pooled.shape
    torch.Size([8, 12])
    """
    generator = torch_generator("toy teacher")
    backbone = build_backbone("resnet9", {"width": 3}, in_channels=3, generator=generator)
    return Teacher(backbone, expects=Preparation(resolution=resolution))


def same_state(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether two state dicts are equal bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())


def untrained_parameters(module: nn.Module, loss: Callable[[int], Tensor]) -> list[str]:
    """Names of parameters that want a gradient and get none, or only zeros, in the second of two steps.

    In the first, what begins at 0 lets none through to what it scales. loss: of the module, by the step's number.
    """
    wanting = {name: value for name, value in module.named_parameters() if value.requires_grad}
    optimizer = torch.optim.SGD(wanting.values(), lr=0.01)
    for number in range(2):
        optimizer.zero_grad()
        loss(number).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return [name for name, value in wanting.items() if value.grad is None or not value.grad.any()]


def refusal(act: Callable[..., object], *arguments: object) -> str:
    """What the ``ConfigError`` says that ``act`` ends with, or nothing where it ends well."""
    try:
        act(*arguments)
    except ConfigError as error:
        return str(error)
    return ""
