"""Pictures of cats and dogs, or of what somebody calls so."""

import numpy as np
from PIL import Image


def pictures(folder, each=12, classes=("cat", "dog"), size=(16, 16)):
    """Pictures in a folder per class, or all in one where there is no class; ``size`` may be a function of a number."""
    random = np.random.default_rng(0)
    for number in range(each * len(classes)):
        path = folder / classes[number % len(classes)] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        width, height = size(number) if callable(size) else size
        shade = 40 + 150 * (number % len(classes)) + random.integers(0, 40, (height, width))
        Image.fromarray(shade.astype(np.uint8)).save(path)
    return folder
