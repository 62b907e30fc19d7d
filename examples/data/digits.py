"""Write scikit-learn's 1,797 handwritten digits of 8 pixels a side as PNG files in a folder per class.

python examples/data/digits.py digits
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

BRIGHTEST = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    digits = load_digits()
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        (out / str(label)).mkdir(parents=True, exist_ok=True)
        pixels = (image * 255 / BRIGHTEST).round().astype(np.uint8)
        Image.fromarray(pixels).save(out / str(label) / f"{number:04d}.png")
    print(f"{number + 1:,} pictures in {out}")


if __name__ == "__main__":
    main()
