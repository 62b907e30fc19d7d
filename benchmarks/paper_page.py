"""The page ``docs/results/paper/index.md``, drawn from the runs that are packed beside it.

    python benchmarks/paper_page.py [RUN ...] [--out docs/results/paper]

RUN: folders of figures that were run, such as runs/paper/small/fig05, which are packed into ``OUT/measured`` first; so
the page grows figure by figure, whichever machine had the time. Then all figures are drawn at scale ``small``, and the
page as Markdown, the table of rules, charts as SVG and each figure's utility are put into ``OUT``; nothing is run.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from headstart.packing import pack_run, unpack_run
from headstart.reproduction import reproduce

SCALE = "small"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="*", metavar="RUN")
    parser.add_argument("--out", type=Path, default=Path("docs/results/paper"))
    arguments = parser.parse_args()
    for run in arguments.runs:
        pack_run(run, arguments.out / "measured")
    with tempfile.TemporaryDirectory() as place:
        page = draw(arguments.out / "measured", Path(place))
        take(page, arguments.out)


def draw(packed: Path, place: Path) -> Path:
    """The page of what is packed, drawn in ``place`` with nothing in store."""
    names = sorted(packed.glob("*.zip"))
    for file in names:
        unpack_run(file, place / "runs" / "paper" / SCALE)
    found = reproduce("all", scale=SCALE, what_is_there=True, out=place / "runs", store=place / "store")
    print(f"{len(names)} runs: {found.table['verdict'].value_counts().to_dict()}")
    return found.page


def take(page: Path, out: Path) -> None:
    """What a repository shows of it, in place of what was there."""
    for name in ("charts", "tables"):
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)
    for suffix in (".md", ".csv"):
        shutil.copy(page.with_suffix(suffix), out)
    for chart in page.parent.glob("charts/*/*.svg"):
        kept = out / chart.relative_to(page.parent)
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(chart, kept)
    for packed in sorted((out / "measured").glob("*.zip")):
        shutil.copy(page.parent / packed.stem / "utility.csv", out / "tables" / f"{packed.stem}-utility.csv")


if __name__ == "__main__":
    main()
