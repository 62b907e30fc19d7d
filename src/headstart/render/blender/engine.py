"""The reference: Blender's path tracer Cycles, which draws the same scenes slowly."""

import os
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.errors import ConfigError, StoreError
from headstart.processes import available_cores
from headstart.render.blender.handover import Wanted, collect, hand_over
from headstart.render.blender.install import installed_python
from headstart.render.blender.process import WORKER, BlenderProcess, DiedError, RefusedError
from headstart.render.engine import Frames
from headstart.render.shading import EXPOSURE, WHITE
from headstart.render.shipped import BlenderConfig, BlenderTraits
from headstart.scenes.assets import Assets
from headstart.scenes.scene import Scene

__all__ = ["BlenderConfig", "BlenderEngine", "encode"]

SAMPLES, ATTEMPTS = 32, 2


class BlenderEngine(BlenderTraits):
    """The process lives as long as this.

    Raises ``ConfigError`` if there is no Blender or it lacks the device, ``StoreError`` if it does not run.
    """

    def __init__(self, assets: Assets, config: BlenderConfig) -> None:
        missing = self.missing(config)
        if missing:
            raise ConfigError(missing)
        self._assets, self._config = assets, config
        self._process: BlenderProcess | None = None

    @classmethod
    def missing(cls, config: BlenderConfig) -> str | None:
        """See ``Engine.missing``."""
        if config.blender is not None:
            executable = config.blender.is_file() and os.access(config.blender, os.X_OK)
            return (
                None
                if executable
                else f"engine option blender={config.blender} is no program: name Blender's executable"
            )
        if installed_python() is None:
            return (
                "the engine 'blender' is not installed: run `headstart engine install blender`, "
                "or name an installed Blender with the engine option blender=PATH"
            )
        return None

    def render(
        self, scenes: Sequence[Scene], resolution: int, *, samples: int | None = None, targets: Collection[str] = ()
    ) -> Frames:
        """See ``Engine.render``; 32 samples by default.

        Raises ``StoreError`` for a scene at which Blender ends again after it was started anew.
        """
        wanted = Wanted(resolution, samples or SAMPLES, bool(targets), self._config.denoise)
        images = np.empty((len(scenes), 3, resolution, resolution), dtype=np.uint8)
        instances = np.zeros((len(scenes), resolution, resolution), dtype=np.uint8)
        depths = np.full((len(scenes), resolution, resolution), np.inf, dtype=np.float16)
        for index, scene in enumerate(scenes):
            light, seen = self._draw(scene, wanted, f"scene {index} of {len(scenes)}")
            images[index] = encode(light)
            if seen is not None:
                there = seen[2] > 0.5
                instances[index] = np.where(there, np.rint(seen[0]), 0)
                depths[index] = np.where(there, seen[1], np.inf)
        known = {"instance": torch.from_numpy(instances), "depth": torch.from_numpy(depths)}
        return Frames(torch.from_numpy(images), {name: known[name] for name in targets})

    def _draw(self, scene: Scene, wanted: Wanted, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        reason = ""
        for _ in range(ATTEMPTS):
            process = self._started()
            hand_over(process.folder, scene, self._assets, wanted)
            try:
                process.draw()
                return collect(process.folder, wanted)
            except DiedError as death:
                reason = str(death)
                self.close()
        raise StoreError(f"Blender ended {ATTEMPTS} times while it drew {name} ({reason}): try fewer samples or pixels")

    def _started(self) -> BlenderProcess:
        if self._process is None:
            try:
                self._process = BlenderProcess(self._command(), self._settings())
            except DiedError as death:
                raise StoreError(f"Blender does not start ({death}): install what it lacks") from None
            except RefusedError:
                raise ConfigError(
                    f"engine option device is '{self._config.device}', and Blender finds none here: say 'cpu'"
                ) from None
        return self._process

    def _command(self) -> list[str]:
        if self._config.blender is not None:
            return [str(self._config.blender), "--background", "--factory-startup", "--python", str(WORKER)]
        return [str(installed_python()), "-I", str(WORKER)]

    def _settings(self) -> dict[str, Any]:
        config = self._config
        return {
            "device": config.device,
            "threads": config.threads or available_cores(),
            "bounces": config.bounces,
        }

    def close(self) -> None:
        """End the process, which otherwise ends with this engine; the next scene starts another."""
        if self._process is not None:
            self._process.close()
            self._process = None


def encode(light: NDArray[np.floating]) -> NDArray[np.uint8]:
    """sRGB bytes of linear light, as the default engine's camera makes them (``shading.encode``)."""
    x = np.maximum(light, 0.0).astype(np.float64) * float(EXPOSURE)
    x = x * (1.0 + x / float(WHITE) ** 2) / (1.0 + x)
    x = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1.0 / 2.4) - 0.055)
    shown: NDArray[np.uint8] = (np.clip(x, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return shown
