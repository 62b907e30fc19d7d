"""The page of all figures, of runs that were never made: some cells are missing, some failed, some have one trial."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from made_up import EFFORTS, ENCODERS, NETWORKS, TRANSFER, failing, made_run

from headstart.report.reproduction import FigurePart, ReproductionPage, RunNote, write_reproduction
from headstart.reproduction.evidence import Evidence, RunTables
from headstart.reproduction.figures import FIGURES
from headstart.reproduction.parts import part_of

BOTH = ("linear", "finetune")
AHEAD = {"vae": 0.02, "rotation": 0.07, "cmc": 0.11, "amdim": 0.05, "scratch split": -0.03}
EFFORT = {"half the epochs": 0.02, "an eighth of the images": 0.04}
NOISE = 0.012
FEW = ("----", "T---", "--V-")
SHIFTS = [one for one in TRANSFER if set(one.values()) <= {*FEW}]


def score(names: Mapping[str, str], arm: str, protocol: str, labels: int) -> float:
    """Curves that meet as labels grow. Shifted factors, and less effort, cost score."""
    whole = 0.85 - 1.6 * labels**-0.45
    if protocol == "linear":
        return 0.6 * whole + AHEAD.get(arm, 0.0)
    pair = zip(names.get("pretrain_dataset.factors", ""), names.get("dataset.factors", ""), strict=False)
    lost = 0.03 * sum(one != other for one, other in pair) + EFFORT.get(names.get("effort", ""), 0.0)
    larger = 0.02 * (names.get("network") == "ResNet50")
    return whole + larger + AHEAD.get(arm, 0.0) * (20 / labels) ** 0.5 - (lost if arm != "scratch" else 0.0)


def site_runs() -> dict[str, RunTables]:
    """By recipe. Of figure 5 a budget of CMC failed and one of AMDIM has a single run; of figure 7 a network was not
    pretrained; of figure 9 all runs are single; figures 4 and 10 lack runs of one network."""
    tables = partial(made_run, score, noise=NOISE, tables=True)
    alone, two = ([{"dataset.factors": name} for name in FEW[:count]] for count in (1, 2))
    methods = partial(tables, protocols=BOTH)
    networks = {"fig10": "pose", "fig13": "segmentation", "fig16": "depth"}
    curves = {"fig05": "classification", "fig08": "pose", "fig11": "segmentation", "fig14": "depth"}
    runs = {recipe: methods(two if recipe == "fig05" else alone, task=task) for recipe, task in curves.items()}
    runs["fig05"] = failing(failing(runs["fig05"], "cmc", 100, 4), "amdim", 20, 3)
    late = tables(alone)
    for labels in (20, 100, 500):
        late = failing(late, "vae", labels, 4, "not run yet")
    return (
        runs
        | {recipe: tables(NETWORKS, task=task) for recipe, task in networks.items()}
        | {
            "fig01": tables(SHIFTS, arms=["amdim"]),
            "fig02": tables(EFFORTS, arms=["cmc"]),
            "fig03": tables(arms=["scratch split"]),
            "fig04": failing(tables(ENCODERS, arms=["amdim"], protocols=BOTH), "amdim", 100, 3),
            "fig06": runs["fig05"],
            "fig07": late,
            "fig09": tables(alone, task="pose", trials=1),
            "fig12": tables(alone, task="segmentation"),
            "fig15": tables(alone, task="depth"),
        }
    )


def site_parts(runs: Mapping[str, RunTables]) -> tuple[FigurePart, ...]:
    evidence = Evidence(runs)
    notes = {recipe: RunNote(recipe, f"{recipe}/report.html", ("Looked at.",)) for recipe in runs}
    return tuple(part_of(figure, evidence, notes)[1] for figure in FIGURES.values())


def write_site(folder: Path, parts: tuple[FigurePart, ...]) -> Path:
    """The page, and its charts beside it."""
    path = folder / "index.html"
    title = "The paper’s figures, reproduced"
    write_reproduction(path, ReproductionPage(title, "tiny", "headstart reproduce all --scale tiny", 0.95, parts))
    return path
