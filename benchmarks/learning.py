"""Do methods learn here at all? Nearest neighbors on frozen features against image-steps of pretraining.

    python benchmarks/learning.py run FOLDER [--workers 2] [--only cmc,amdim] [--variants TCVL,T---] [--steps 204800]
                                             [--store PATH] [--beyond docs/results/paper] [--list] [--quick]
    python benchmarks/learning.py report FOLDER [--out docs/results/paper] [--add]

Every method of the original study on rendered variants at 32 px, by the recipe ``paper/fig05`` at scale ``small``: each
pretraining is looked at on its way (0 image-steps, then about 800, 1,600, … up to ``--steps``, at one schedule of the
learning rate, which ends with the last look), beside features of random weights and of patches. Then one setting at a
time is changed. Tested on all validation images, with 2,000 labelled training images; errors are binomial, and so hold
neither the luck of a seed nor that of which shapes were drawn.

run: each piece leaves a JSON file in FOLDER and is skipped when that is there, so that a run that was killed goes on.
A folder is for one version of the code; ``--beyond`` leaves out what was reported from another. report:
``learning.md``, whose tables stand between two marks (what is written around them stays), their numbers as CSV, and the
chart; with ``--add`` of the pieces reported there before, too, which may be of another machine.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from learning_curve import Errand, run
from learning_pieces import METHODS, VARIANTS, pieces
from learning_report import report, reported_pieces
from rich.console import Console
from rich.table import Table

from headstart.cache import DEFAULT_STORE
from headstart.errors import ConfigError, HeadstartError
from headstart.processes.order import in_order
from headstart.study.running.store import Store

QUICK_STEPS = 3200


def main() -> None:
    arguments = _parser().parse_args()
    try:
        arguments.command(arguments)
    except HeadstartError as error:
        sys.exit(f"error: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(command=lambda _: parser.print_help())
    commands = parser.add_subparsers()
    measure = commands.add_parser("run", help="measure the pieces that are not there")
    measure.set_defaults(command=run_pieces)
    measure.add_argument("--workers", type=int, default=1, help="processes, of one thread each")
    measure.add_argument("--only", default=",".join(METHODS), help="methods, with commas between them")
    measure.add_argument("--variants", default=",".join(VARIANTS), help="of rendered images, such as TCVL,T---")
    measure.add_argument("--steps", type=int, help="image-steps of each pretraining")
    measure.add_argument("--store", default=str(DEFAULT_STORE), help="where images and controls are kept")
    measure.add_argument("--beyond", type=Path, help="folder of a report: leave out the pieces that it has as long")
    measure.add_argument("--list", action="store_true", help="show the pieces and run nothing")
    measure.add_argument("--quick", action="store_true", help="tiny pieces, to see whether all run")
    show = commands.add_parser("report", help="tables and chart of what is there")
    show.set_defaults(command=write_report)
    show.add_argument("--out", type=Path, default=Path("docs/results/paper"))
    show.add_argument("--add", action="store_true", help="to the pieces that were reported there before")
    for command in (measure, show):
        command.add_argument("folder", type=Path)
    return parser


def run_pieces(arguments: argparse.Namespace) -> None:
    """Render what is missing, then measure what is missing."""
    errands = _errands(arguments)
    if arguments.list:
        Console(width=120).print(_listed(errands))
        return
    missing = [errand for errand in errands if not errand.path.exists()]
    print(f"{len(missing)} of {len(errands)} pieces to do, {_image_steps(missing):,} image-steps", flush=True)
    _render(missing, arguments.workers)
    broken = [line for line in in_order(run, missing, arguments.workers) if "FAILED" in line]
    if broken:
        sys.exit(f"{len(broken)} pieces failed; run the same command again to try them once more")


def _errands(arguments: argparse.Namespace) -> list[Errand]:
    methods, variants = _chosen(arguments.only, METHODS, "--only"), tuple(arguments.variants.split(","))
    if arguments.workers < 1:
        raise ConfigError(f"--workers is {arguments.workers}: give at least one")
    steps = arguments.steps or (QUICK_STEPS if arguments.quick else 204_800)
    if steps < 256:
        raise ConfigError(f"--steps is {steps}, less than the largest batch: give at least 256")
    reported = reported_pieces(arguments.beyond) if arguments.beyond else set()
    chosen = pieces(methods, variants, steps, arguments.quick)
    missing = [piece for piece in chosen if (piece.title, piece.steps) not in reported]
    return [Errand(piece, arguments.folder, arguments.store) for piece in missing]


def _chosen(text: str, known: Sequence[str], option: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if wrong := [name for name in names if name not in known]:
        raise ConfigError(f"{option} has no '{wrong[0]}': choose from {', '.join(known)}")
    return names


def _render(errands: Sequence[Errand], workers: int) -> None:
    """The images of all these, each set once."""
    jobs = [errand.dataset for errand in errands]
    for job in {job.key: job for job in jobs}.values():
        store = Store(errands[0].store)
        if store.state(job) != "done":
            print(f"rendering {job.cost:,} images", flush=True)
            store.run(job, workers=workers)


def _image_steps(errands: Sequence[Errand]) -> int:
    return sum(errand.piece.steps for errand in errands)


def _listed(errands: Sequence[Errand]) -> Table:
    """All pieces in their order, and the sums of groups."""
    table = Table("piece", "image-steps", "state")
    for _, group in groupby(errands, key=lambda errand: errand.piece.group):
        members = list(group)
        done = [errand.path.exists() for errand in members]
        for errand, there in zip(members, done, strict=True):
            table.add_row(errand.piece.title, f"{errand.piece.steps:,}", "done" if there else "")
        table.add_row("", f"{_image_steps(members):,}", f"{sum(done)} of {len(done)}", style="bold", end_section=True)
    return table


def write_report(arguments: argparse.Namespace) -> None:
    report(arguments.folder, arguments.out, add=arguments.add)


if __name__ == "__main__":
    main()
