"""Does it matter which engine drew the images? Train on one engine's, test on each, both ways.

    python benchmarks/engines_study.py [--images 720] [--trials 3] [--steps 400] [--resolution 32]

Both engines draw the same scenes of one object with all factors, so that nothing but the drawing differs. A narrow
ResNet9 learns from scratch to classify those of the training split; the table shows its accuracy on those of validation
and test, whose shapes and textures it has not seen, mean and standard deviation over trials. The gap is what an engine
loses against the one that also drew the training images.
"""

import argparse
import statistics
import sys
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from headstart.backbones import build_backbone
from headstart.data.dataset import ImageSet
from headstart.data.transforms.color import measure_normalisation
from headstart.data.transforms.input import Preparation
from headstart.render import ENGINES
from headstart.render.annotations import annotations
from headstart.render.config import RenderConfig
from headstart.scenes.buckets import split_of
from headstart.seeding import torch_generator
from headstart.tasks import Classification
from headstart.training import TrainConfig, evaluate, fit

NAMES = ("warp", "blender")
SAMPLES = {"warp": None, "blender": 32}


def drawn(config: RenderConfig) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Images by engine, class numbers, and which images are the training split's."""
    sampler = config.sampler()
    scenes = [sampler.scene(index) for index in range(config.images)]
    images = {}
    for name in NAMES:
        frames = ENGINES[name](config.assets(), ENGINES[name].Config()).render(
            scenes, config.resolution, samples=SAMPLES[name]
        )
        images[name] = frames.images.cpu()
        print(f"{name} has drawn {config.images} images", flush=True)
    known = annotations(scenes, frames, config.classes)
    training = torch.tensor([split_of(index) == 0 for index in range(config.images)])
    return images, torch.from_numpy(np.asarray(known["class"])).long(), training


def accuracies(
    images: dict[str, Tensor], labels: Tensor, training: Tensor, config: RenderConfig, steps: int, seed: int
) -> dict[str, float]:
    """Accuracy by ``engine trained on → engine tested on``."""
    found = {}
    for name in NAMES:
        by = measure_normalisation(images[name][training], "lab")
        seen_in = Preparation("lab", by)
        generator = torch_generator("engines study", seed)
        backbone = build_backbone("resnet9", {"width": 16}, in_channels=3, generator=generator)
        task = Classification(config.classes)
        labelled = ImageSet(images[name][training], {"class": labels[training]}, prepare=seen_in)
        model, _ = fit("finetune", backbone, task, labelled, TrainConfig(steps=steps, batch_size=32), seed=seed)
        for other in NAMES:
            unseen = ImageSet(images[other][~training], {"class": labels[~training]}, prepare=seen_in)
            found[f"{name} → {other}"] = evaluate(model, unseen)["accuracy"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=720)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--resolution", type=int, default=32)
    arguments = parser.parse_args()
    missing = ENGINES["blender"].missing(ENGINES["blender"].Config())
    if missing:
        sys.exit(missing)
    config = RenderConfig(factors="TCVL", images=arguments.images, resolution=arguments.resolution)
    images, labels, training = drawn(config)
    trials = [accuracies(images, labels, training, config, arguments.steps, seed) for seed in range(arguments.trials)]
    mean = {way: statistics.mean(one[way] for one in trials) for way in trials[0]}
    spread = {way: statistics.pstdev(one[way] for one in trials) for way in trials[0]}
    table = pd.DataFrame(
        index=[f"trained on {name}" for name in NAMES], columns=[f"tested on {name}" for name in NAMES]
    )
    for (row, one), (column, other) in product(enumerate(NAMES), enumerate(NAMES)):
        way = f"{one} → {other}"
        table.iloc[row, column] = f"{mean[way]:.1%} ± {spread[way]:.1%}"
    print(table.to_string())
    for one, other in (NAMES, NAMES[::-1]):
        gap = mean[f"{one} → {one}"] - mean[f"{one} → {other}"]
        print(f"trained on {one}: {other} loses {gap * 100:+.1f} points")


if __name__ == "__main__":
    main()
