"""What the processes of ``test_joint`` do; a module of its own, for processes are spawned."""

import os
import signal
from contextlib import contextmanager

import torch
from torch import nn

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.batches.share import Share
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import DataError
from headstart.methods import METHODS, build_method
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.testing import toy_images, toy_teacher
from headstart.training import TrainConfig, Watched, train
from headstart.training.joint import average_gradients, synchronise_batch_norm

CPU = torch.device("cpu")
IMAGES = toy_images(40)
RATE, BATCH, STEPS = 0.05, 8, 2
OPTIONS = {"cmc": {"negatives": 16}}
ONE_EACH = ("rotation", "amdim", "simclr", "byol")
"""Methods that are also tried with one image per process."""
RUN_STEPS, DIE_AT = 25, 13
CONFIG = TrainConfig(steps=RUN_STEPS, batch_size=BATCH, lr=0.01, precision="float32")


@contextmanager
def double_precision():
    """Twice the digits, also where the code asks for single precision, so that only faults make a difference."""
    single = torch.Tensor.float
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.Tensor.float = single
        torch.set_default_dtype(torch.float32)


def objective(name, images=IMAGES):
    generator = torch_generator("backbone")
    split = METHODS[name].split_backbone
    backbone = build_backbone("resnet9", {"width": 4}, in_channels=3, split=split, generator=generator)
    own = torch_generator("method")
    others = {"images": len(images), "generator": own, "teacher": toy_teacher()}
    method = build_method(name, OPTIONS.get(name, {}), backbone, **others)
    return Watched(method, [Classification(range(4))], generator=torch_generator("probe"), every=1)


def loader(name, share, batch=BATCH):
    kind = METHODS[name]
    options = {"augment": AugmentConfig(), "views": kind.views, "shared_flip": kind.shared_flip}
    return Loader(IMAGES, batch_size=batch, seed=1, share=share, **options)


def descend(name, share, batch=BATCH):
    """Losses, the last gradients, and the state after two steps of plain gradient descent."""
    learner, batches = objective(name).double().train(), loader(name, share, batch)
    if share.processes > 1:
        synchronise_batch_norm(learner, CPU)
    losses = []
    for step in range(STEPS):
        learner.zero_grad()
        loss = learner.step(batches.batch(step)).loss
        loss.backward()
        losses.append(share.average(loss.detach()))
        average_gradients(learner.parameters(), share)
        with torch.no_grad():
            for parameter in learner.parameters():
                parameter.sub_(RATE * (0 if parameter.grad is None else parameter.grad))
    gradients = {key: value.grad for key, value in learner.named_parameters() if value.grad is not None}
    return {"losses": torch.stack(losses), "gradients": gradients, "state": learner.state_dict()}


def norms():
    return nn.Sequential(
        nn.BatchNorm1d(3), nn.BatchNorm1d(3, momentum=None), nn.BatchNorm1d(3, affine=False, track_running_stats=False)
    )


def normalise(share):
    """Output, gradient and statistics of batch norms over far values, of shapes [B, C] and [B, C, L]."""
    generator = torch_generator("values")
    found = []
    for shape in ((12, 3), (12, 3, 5)):
        values, weight = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2))
        part = share.local(1000 + values).requires_grad_()
        module = norms().double().train()
        if share.processes > 1:
            synchronise_batch_norm(module, CPU)
        for _ in range(2):
            output = module(part)
        (output.tanh() * share.local(weight)).sum().backward()
        # Each process's loss is a sum of its own part here, so that no mean over processes is due.
        summed = {key: share.processes * share.average(value.grad) for key, value in module.named_parameters()}
        evaluated = module[:2].eval()(part.detach())
        every = [share.gather(value.detach()) for value in (output, part.grad, evaluated)]
        found.append([every, summed, module.state_dict()])
    return found


def compare(folder, on_step):
    """Everything that is compared with one process; then a run in which the first process is killed."""
    share = Share.current()
    with double_precision():
        found = {name: descend(name, share) for name in METHODS}
        found["one each"] = {name: descend(name, share, batch=2) for name in ONE_EACH}
        found["norms"] = normalise(share)
    torch.save(found, folder / f"{share.rank}.pt")
    run(folder / "whole", 0, on_step)
    run(folder / "killed", DIE_AT, on_step)


def run(folder, die_at, on_step):
    """A run with checkpoints, in which the first process is killed after step ``die_at``."""
    share = Share.current()

    def look(step):
        on_step(step)
        if step == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    learner = objective("cmc")
    report = train(learner, loader("cmc", share), CONFIG, folder=folder, key="run", on_step=look, checkpoint_seconds=0)
    torch.save({"state": learner.state_dict(), "history": report.history}, folder / f"{share.rank}.pt")


def run_and_refuse(folder, on_step):
    """A whole run, and a mistake of the user's that one process finds while the other waits for it."""
    run(folder, 0, on_step)
    Share.current().wait(CPU)  # until both have written what they learned
    if Share.current().rank == 1:
        raise DataError("toy data is broken: mend it")
    Share.current().wait(CPU)


def tell_pid(folder, on_step):
    """Write down one's number and stay."""
    (folder / f"{Share.current().rank}.pid").write_text(str(os.getpid()))
    on_step(1)
    signal.pause()
