"""The training loop, the same for pretext methods and for tasks."""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from headstart.data.batches.loader import Batch, Batches
from headstart.objective import Objective
from headstart.seeding import derive_seed
from headstart.training.checkpoint import Checkpointer
from headstart.training.config import OptimizerConfig, TrainConfig
from headstart.training.failure import Failure
from headstart.training.history import History
from headstart.training.joint import average_gradients, synchronise_batch_norm
from headstart.training.precision import autocast
from headstart.training.schedule import warmup_decay

__all__ = ["TrainReport", "make_optimizer", "train"]

GUARDED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def _uncompiled(kind: type[torch.optim.Adam]) -> type[torch.optim.Adam]:
    """``kind`` without its guards against ``torch.compile``, which load the compiler: a second in every process."""
    plain = {name: inspect.unwrap(getattr(kind, name)) for name in GUARDED}
    return type(kind.__name__, (kind,), plain | {"step": torch.no_grad()(inspect.unwrap(kind.step))})


OPTIMIZERS = {"adam": _uncompiled(torch.optim.Adam), "adamw": _uncompiled(torch.optim.AdamW)}
HISTORY_ROWS = 100
ASK_STEPS = 10
"""Steps after which processes agree again on whether a checkpoint is due."""


@dataclass(frozen=True)
class TrainReport:
    """What came of a run.

    steps: taken in all, earlier parts of a resumed run included; seconds: likewise. history: rows of step, learning
    rate and the metrics' means over a hundredth of the run. failure: why it stopped early, if it did.
    """

    steps: int
    seconds: float
    history: list[dict[str, float]]
    failure: Failure | None = None


def train(
    objective: Objective,
    loader: Batches,
    config: TrainConfig,
    *,
    folder: Path | None = None,
    key: str = "",
    on_step: Callable[[int], None] | None = None,
    checkpoint_seconds: float = 30.0,
) -> TrainReport:
    """Train ``objective`` in place for ``config.steps`` batches of ``loader``, on the device where its images are.

    folder: where a checkpoint is kept and, if one lies there, gone on from; on a CPU a resumed run ends bit-equal to an
    undisturbed one. The checkpoint stays when the run is over. key: names all that can change the result.
    on_step: called with the number of steps done. A loss or metric that isn't finite ends the run as a failure.
    Where ``loader`` gives one of several processes its share, all must call this with equal objectives; they come out
    equal, as one process would leave them on the joint batches but for rounding, and the first one writes and tells.
    Raises ``CheckpointError`` for a damaged checkpoint or one with another key.

    >>> from headstart.training import TrainConfig
    >>> train(method, loader, TrainConfig(steps=1000)).history[-1]["loss"]  # doctest: +SKIP
    """
    run = _Run(objective, loader, config, Checkpointer(folder, key, checkpoint_seconds))
    failure = None
    with torch.random.fork_rng([loader.device] if loader.device.type == "cuda" else []):
        while run.step < config.steps and failure is None:
            _seed_layers(derive_seed(loader.seed, "layers", run.step, loader.share.rank), loader.device)
            run.advance(loader.batch(run.step))
            if on_step and loader.share.rank == 0:
                on_step(run.step)
            failure = run.look()
    return TrainReport(run.step, run.seconds, run.history.rows, failure)


def _seed_layers(seed: int, device: torch.device) -> None:
    """For layers that draw from the process's own stream, as dropout does. ``torch.manual_seed`` asks for every kind of
    device there may be, and takes a hundredth of a small network's step."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def make_optimizer(objective: Objective, config: OptimizerConfig) -> torch.optim.Optimizer:
    """A fused optimiser of every parameter that wants a gradient."""
    parameters = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    return OPTIMIZERS[config.optimizer](
        parameters,
        lr=config.lr,
        betas=config.betas,
        eps=config.epsilon,
        weight_decay=config.weight_decay,
        fused=True,
    )


class _Run:
    """The state of a run: what a checkpoint holds, and how one step changes it."""

    def __init__(self, objective: Objective, loader: Batches, config: TrainConfig, checkpointer: Checkpointer) -> None:
        device, share = self.device, self.share = loader.device, loader.share
        if share.processes > 1:
            synchronise_batch_norm(objective, device)
        self.objective = objective.to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.optimizer = make_optimizer(objective, config)
        shape = {"warmup": config.warmup, "stable": config.stable}
        self.rates = warmup_decay(config.steps, peak=config.lr, end=config.lr_end, **shape).tolist()
        self.autocast = autocast(config.precision, device)
        self.history = History(window=max(1, config.steps // HISTORY_ROWS), share=share)
        self.checkpointer, self.steps = checkpointer, config.steps
        self.step, self._spent, self._started = 0, 0.0, time.perf_counter()
        saved = checkpointer.load(device)
        if saved:
            self._restore(saved)
        # So that none can remove a checkpoint, or write the next, while another still looks for it.
        share.wait(device)

    @property
    def seconds(self) -> float:
        """Time spent on the run, earlier parts included."""
        return self._spent + time.perf_counter() - self._started

    def advance(self, batch: Batch) -> None:
        """One step of the optimiser."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[self.step]
        with self.autocast():
            result = self.objective.step(batch)
        self.optimizer.zero_grad(set_to_none=True)
        result.loss.backward()
        average_gradients(self.objective.parameters(), self.share)
        self.optimizer.step()
        self.history.add({"loss": result.loss.detach(), **result.metrics}, result.observed)
        self.step += 1

    def look(self) -> Failure | None:
        """At the end of a window, and before a checkpoint, fetch what was measured; stop at what isn't finite."""
        window_ends = self.step % self.history.window == 0 or self.step == self.steps
        save = self._is_due()
        if not (window_ends or save):
            return None
        failure = self.history.fetch(self.step)
        if window_ends:
            self.history.close_window(self.step, self.rates[self.step - 1])
        if save and failure is None and self.share.rank == 0:
            self.checkpointer.save(self._state())
        return failure

    def _is_due(self) -> bool:
        """Whether to save: by the first process's clock, asked for rarely, because each answer waits for the device."""
        if self.share.processes == 1:
            return self.checkpointer.due()
        return self.step % ASK_STEPS == 0 and self.share.first(self.checkpointer.due(), self.device)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self._spent = state["step"], state["seconds"]
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history.load(state["history"])
