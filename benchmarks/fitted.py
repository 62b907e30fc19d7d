"""Does a study of found images take the time that it was chosen for?

    python benchmarks/fitted.py --time 10m [--images DIR]

From an empty store: ``headstart study run --data DIR --time …``, on scikit-learn's digits written as PNG files unless
other images are named. Prints the time given, the one that was told, the one that it took, and their ratios; and the
cores that it had meanwhile, which on a machine that others use are fewer than it waited for.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from headstart.processes import available_cores
from headstart.times import seconds_of

DIGITS = Path(__file__).parents[1] / "examples" / "data" / "digits.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", default="10m")
    parser.add_argument("--images", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        images = options.images or folder / "digits"
        if not options.images:
            subprocess.run([sys.executable, DIGITS, images], check=True)
        where = ["--out", str(folder / "runs"), "--store", str(folder / "store")]
        code = "from headstart.cli import main; main()"
        command = [sys.executable, "-c", code, "study", "run", "--data", str(images), "--time", options.time, *where]
        started = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # refusals go to the terminal
        taken, used = time.monotonic() - started, os.times()
    given = seconds_of(options.time)
    cores = (used.children_user + used.children_system) / taken
    print(done.stdout)
    print(f"given {given:.0f} s, taken {taken:.0f} s: {taken / given:.2f} of it")
    print(f"cores: {cores:.2f} of {available_cores()}")
    print(f"told: {re.findall('chosen for .*', done.stdout)[0]}")


if __name__ == "__main__":
    main()
