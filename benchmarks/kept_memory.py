"""What it brings to keep freed memory in a process that trains: steps of small networks, with and without.

    python benchmarks/kept_memory.py [--seconds 4] [--rounds 5] [--cases 8x32x64 16x32x64 8x64x32]

Two processes, one with glibc's own settings and one that keeps its memory, as workers do, take turns; each trains
ResNet9 on noise in one thread. The ratio is of the medians of their turns; page faults are those of a step.
"""

import resource
import statistics
import subprocess
import sys
import time

import torch
from rich.console import Console
from rich.table import Table
from stopwatch import Case, arguments_of

from headstart.backbones import build_backbone
from headstart.processes import keep_freed_memory
from headstart.seeding import torch_generator


def main() -> None:
    parser = arguments_of(__doc__, seconds=4, cases=[Case(8, 32, 64), Case(16, 32, 64), Case(8, 64, 32)])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", choices=["plain", "kept"], help="be one of the processes")
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.cases[0], kept=arguments.work == "kept")
        return
    table = Table("case", "images/s", "kept, images/s", "ratio", "page faults a step", "kept")
    for case in arguments.cases:
        plain, kept = compared(case, arguments.seconds, arguments.rounds)
        speeds = (f"{plain[0]:,.0f}", f"{kept[0]:,.0f}", f"{kept[0] / plain[0]:.2f}")
        table.add_row(str(case), *speeds, f"{plain[1]:,.0f}", f"{kept[1]:,.0f}")
    Console(width=110).print(table)


def compared(case: Case, seconds: float, rounds: int) -> list[list[float]]:
    """Medians of images a second and page faults a step: plain, kept."""
    size = f"{case.width}x{case.resolution}x{case.batch}"
    commands = [[sys.executable, __file__, "--work", how, "--cases", size] for how in ("plain", "kept")]
    processes = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for command in commands]
    turns: list[list[list[float]]] = [[], []]
    for _ in range(rounds):
        for process, seen in zip(processes, turns, strict=True):
            print(seconds, file=process.stdin, flush=True)
            seen.append([float(word) for word in process.stdout.readline().split()])
    for process in processes:
        process.communicate()
    return [[statistics.median(column) for column in zip(*seen, strict=True)] for seen in turns]


def work(case: Case, *, kept: bool) -> None:
    """Answer numbers of seconds with images a second and page faults a step."""
    torch.set_num_threads(1)
    if kept:
        keep_freed_memory()
    network = build_backbone("resnet9", {"width": case.width}, in_channels=3, generator=torch_generator("backbone"))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    images = torch.randn(case.batch, 3, case.resolution, case.resolution, generator=torch_generator("images"))
    for line in sys.stdin:
        steps, faults, started = 0, page_faults(), time.perf_counter()
        while time.perf_counter() < started + float(line):
            optimizer.zero_grad()
            network(images).pooled.square().mean().backward()
            optimizer.step()
            steps += 1
        passed = time.perf_counter() - started
        print(steps * case.batch / passed, (page_faults() - faults) / steps, flush=True)


def page_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


if __name__ == "__main__":
    main()
