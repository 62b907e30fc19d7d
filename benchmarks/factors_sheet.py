"""The pictures of docs/factors.md: every variant of the four factors, single and multi, and the dials.

    python benchmarks/factors_sheet.py [--to docs/pictures]

Every row shows the same eight scenes, so that what changes from row to row is the factors' work alone.
"""

import argparse
from itertools import product
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from headstart.data.viewing.overlays import picture_of
from headstart.render.config import RenderConfig
from headstart.scenes.factors import LETTERS

SIDE, COLUMNS, LABEL, GAP, QUALITY = 96, 8, 150, 4, 88
DIALS: dict[str, list[dict[str, Any]]] = {
    "viewpoint": [{"viewpoint": value} for value in (0.0, 0.25, 0.5, 1.0)],
    "lighting": [{"lighting": value} for value in (0.0, 1.0, 2.0, 4.0)],
    "class_color": [{"class_color": value} for value in (1.0, 0.7, 0.4, 0.0)],
    "scale": [{"scale": value} for value in (0.0, 0.15, 0.3, 0.6)],
    "warp": [{"warp": value} for value in (0.0, 0.1, 0.2, 0.4)],
}
BASE = {"viewpoint": "----", "lighting": "--V-", "class_color": "T-V-", "scale": "----", "warp": "----"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=Path("docs/pictures"))
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    variants = ["".join(letters) for letters in product(*(f"-{letter}" for letter in LETTERS))]
    for name, objects in (("single", 1), ("multi", 4)):
        rows = [(text, pictures(factors=text, objects=objects)) for text in sorted(variants, key=switched_on)]
        sheet(rows).save(folder / f"factors-{name}.jpg", quality=QUALITY)
    for name, settings in DIALS.items():
        rows = [(f"{name} {one[name]}", pictures(factors=BASE[name], dials=one)) for one in settings]
        sheet(rows).save(folder / f"dial-{name}.jpg", quality=QUALITY)


def switched_on(variant: str) -> tuple[int, str]:
    """From easy to hard: by how many factors vary."""
    return len(variant) - variant.count("-"), variant


def pictures(**keys: Any) -> list[Image.Image]:
    """The first eight training scenes of a dataset."""
    config = RenderConfig(images=12, resolution=SIDE, samples=16, **keys)
    sampler = config.sampler()
    scenes = [sampler.scene(index) for index in range(COLUMNS)]
    return [picture_of(image) for image in config.build_engine().render(scenes, SIDE, samples=16).images]


def sheet(rows: list[tuple[str, list[Image.Image]]]) -> Image.Image:
    """Rows of pictures, the name of each before it."""
    size = LABEL + COLUMNS * (SIDE + GAP), len(rows) * (SIDE + GAP) + GAP
    page = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(18)
    for index, (name, row) in enumerate(rows):
        y = GAP + index * (SIDE + GAP)
        pen.text((LABEL - 10, y + SIDE / 2), name, fill="black", font=font, anchor="rm")
        for column, picture in enumerate(row):
            page.paste(picture, (LABEL + column * (SIDE + GAP), y))
    return page


if __name__ == "__main__":
    main()
