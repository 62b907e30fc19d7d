"""Write the silhouettes of the PyPI package animal-mnist (MIT) as PNG files in a folder per class.

    pip download --no-deps animal-mnist
    python examples/data/animal_mnist.py animal_mnist-*.whl animals

The package's files are pickles: nothing of them is run, only the bytes of their two arrays are taken out.
"""

import argparse
import gzip
import pickletools
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
DATA, LABELS = (f"animal_mnist/data/Animal_MNIST/animal_{what}_version_3.gz" for what in ("data", "label"))


def array_bytes(wheel: zipfile.ZipFile, name: str) -> bytes:
    """The longest byte string of a pickle: the array that it holds."""
    pickled = gzip.decompress(wheel.read(name))
    return max((found for _, found, _ in pickletools.genops(pickled) if isinstance(found, bytes)), key=len)


def read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images ``[N, 28, 28]`` and their classes ``[N]``."""
    with zipfile.ZipFile(path) as wheel:
        images = np.frombuffer(array_bytes(wheel, DATA), np.uint8).reshape(-1, SIDE, SIDE)
        return images, np.frombuffer(array_bytes(wheel, LABELS), np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    for number, (image, label) in enumerate(zip(*read(given.wheel), strict=True)):
        folder = given.out / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:05d}.png")
    print(f"{number + 1:,} pictures in {given.out}")


if __name__ == "__main__":
    main()
