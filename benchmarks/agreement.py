"""How far the fast engine agrees with the reference, Blender's Cycles, on the same scenes.

    python benchmarks/agreement.py [--sheet docs/engines.png] [--scenes 20] [--per-variant 2]

Masks, classes and depth: scenes of one object and of four with all factors, at 128 pixels. Pictures: their correlation
for each of the 16 variants. The sheet shows the fast engine above the reference.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from headstart.render import ENGINES
from headstart.render.blender.agreement import compare_objects, compare_scenes
from headstart.render.config import RenderConfig
from headstart.render.engine import ENGINE_TARGETS, Frames
from headstart.scenes.factors import LETTERS
from headstart.scenes.scene import Scene

NAMES, RESOLUTION, LARGE = ("warp", "blender"), 128, 200
COLUMNS, LABEL = 8, 14
VARIANTS = ["".join(chosen) for chosen in product(*(("-", letter) for letter in LETTERS))]
Tile = tuple[str, Frames, Frames]


def drawn(variant: str, objects: int, count: int) -> tuple[list[Scene], list[Frames], RenderConfig]:
    """Scenes, the frames of both engines, and what was asked for."""
    config = RenderConfig(factors=variant, images=12, objects=objects, resolution=RESOLUTION)
    scenes = [config.sampler().scene(index) for index in range(count)]
    engines = (ENGINES[name](config.assets(), ENGINES[name].Config()) for name in NAMES)
    return scenes, [one.render(scenes, RESOLUTION, targets=ENGINE_TARGETS) for one in engines], config


def measure(count: int) -> list[Tile]:
    """Print masks, classes and depth."""
    rows, tiles = [], []
    for objects in (1, 4):
        scenes, frames, config = drawn("TCVL", objects, count)
        masks, whole = compare_objects(*frames), compare_scenes(scenes, *frames, config.classes)
        rows.append(
            {
                "objects per scene": objects,
                "scenes": len(scenes),
                "objects": len(masks),
                "mean IoU": masks.iou.mean(),
                f"least IoU over {LARGE} px": masks[masks.pixels > LARGE].iou.min(),
                "wrong classes": int(whole.wrong_classes.sum()),
                "median depth error": whole.depth_error.median(),
                "worst depth error": whole.depth_error.max(),
                "mean correlation": whole.correlation.mean(),
                "least": whole.correlation.min(),
            }
        )
        if objects > 1:
            tiles.append((f"TCVL x {objects}", *frames))
    print(pd.DataFrame(rows).T.to_string(header=False, float_format="{:.4f}".format))
    return tiles


def measure_variants(count: int) -> list[Tile]:
    """Print how the pictures of each variant correlate."""
    rows, tiles = [], []
    for variant in VARIANTS:
        scenes, frames, config = drawn(variant, 1, count)
        whole = compare_scenes(scenes, *frames, config.classes)
        rows.append((variant, whole.correlation.mean(), whole.difference.mean()))
        tiles.append((variant, *frames))
    print(
        pd.DataFrame(rows, columns=["factors", "correlation", "difference"]).to_string(
            index=False, float_format="{:.4f}".format
        )
    )
    return tiles


def sheet(singles: Sequence[Tile], several: Sequence[Tile]) -> Image.Image:
    """A picture of one scene a variant and of several with many objects, each above the reference's."""
    pairs = [(name, one.images[0], other.images[0]) for name, one, other in singles]
    pairs += [
        (name, one.images[index], other.images[index])
        for name, one, other in several
        for index in range(min(COLUMNS, len(one.images)))
    ]
    height = 2 * RESOLUTION + LABEL
    page = Image.new("RGB", (COLUMNS * RESOLUTION, -(-len(pairs) // COLUMNS) * height), "white")
    for index, (name, *images) in enumerate(pairs):
        x, y = index % COLUMNS * RESOLUTION, index // COLUMNS * height
        ImageDraw.Draw(page).text((x + 2, y + 1), name, fill="black")
        for row, image in enumerate(images):
            page.paste(
                Image.fromarray(np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))),
                (x, y + LABEL + row * RESOLUTION),
            )
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", type=int, default=20, help="with one object, and as many with four")
    parser.add_argument("--per-variant", type=int, default=2, help="scenes of each variant")
    parser.add_argument("--sheet", type=Path, help="where to put a picture of both engines' frames")
    arguments = parser.parse_args()
    missing = ENGINES["blender"].missing(ENGINES["blender"].Config())
    if missing:
        print(missing)
        sys.exit(0)
    several = measure(arguments.scenes)
    singles = measure_variants(arguments.per_variant)
    if arguments.sheet:
        sheet(singles, several).save(arguments.sheet, optimize=True)
        print(arguments.sheet)


if __name__ == "__main__":
    main()
