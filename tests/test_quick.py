"""What answers at once: commands and refusals that load no more than they need."""

import json
import os
import subprocess
import sys

import pytest

from headstart.execution import plan_with
from headstart.study.config.suite import load_suite
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.store import Store

HEAVY = ("torch", "warp", "altair", "sklearn", "scipy", "torchmetrics", "trimesh", "vl_convert", "jinja2")
TABLES = ("pandas", "pyarrow")
LIGHT = [
    ("--version", 0, "headstart 0."),
    ("--help", 0, "study"),
    ("study --help", 0, "plan"),
    ("study run --help", 0, "--replace"),
    ("list --help", 0, "recipes"),
    ("list backbones", 0, "resnet9"),
    ("list engines", 0, "warp"),
    ("list formats", 0, "hdf5"),
    ("list methods", 0, "simclr"),
    ("list protocols", 0, "finetune"),
    ("list recipes", 0, "paper/fig16"),
    ("list sources", 0, "synthetic"),
    ("list tasks", 0, "depth"),
    ("list spaces", 0, "protocols.finetune.lr"),
    ("list nonsense", 2, "unknown list 'nonsense'"),
    ("store --help", 0, "prune"),
    ("store list --store nowhere", 2, "there is no store in"),
    ("store prune --older-than soon", 2, "is no age"),
    ("nonsense", 2, "No such command"),
    ("tune --help", 0, "--knobs"),
    ("tune nonsense", 2, "neither a recipe nor a file"),
    ("tune quickstart --trials 0", 2, "--trials is 0"),
    ("tune quickstart --time soon", 2, "is no time: write 1h"),
    ("tune quickstart --knobs nonsense", 2, "is no space of this study"),
    ("tune quickstart --knobs=pretrain.lr=uniform(1,1)", 2, "is empty"),
    ("tune quickstart --budgets 7", 2, "none of this study's budgets"),
    ("tune quickstart vary={trials:[2,3]}", 2, "tune takes one study"),
    ("reproduce --help", 0, "--what-is-there"),
    ("reproduce fig99", 2, "did you mean 'fig09'"),
    ("reproduce fig06 --scale huge", 2, "unknown scale 'huge': choose one of paper, small, tiny"),
    ("study plan paper/fig06 --scale huge", 2, "unknown scale 'huge'"),
    ("study run quickstart --scale tiny", 2, "has no scales"),
    ("study run --data nowhere --scale tiny", 2, "leave one out"),
    ("study run nonsense", 2, "neither a recipe nor a file"),
    ("study plan nonsense", 2, "neither a recipe nor a file"),
    ("study run", 2, "say where images are with --data PATH"),
    ("study run --data nowhere", 2, "nowhere does not exist"),
    ("study run quickstart --data nowhere", 2, "is no key=value"),
    ("study run quickstart --time soon", 2, "is no time: write 1h"),
    ("study plan quickstart --detect much", 2, "is no gain in labels"),
    ("study run quickstart trails=3", 2, "did you mean 'trials'"),
    ("study run quickstart trials=0", 2, "'trials' is 0"),
    ("study run quickstart arms.simclr.options.heat=1", 2, "unknown key 'heat'"),
    ("study run quickstart arms.nonsense.method=nonsense", 2, "unknown method 'nonsense'"),
    ("study run quickstart backbone.options.wide=8", 2, "unknown key 'wide'"),
    ("study run quickstart dataset.engine=nonsense", 2, "unknown engine 'nonsense'"),
    ("study plan quickstart tasks=[nonsense]", 2, "unknown task 'nonsense'"),
    ("study plan quickstart protocols.knn.k=3", 2, "unknown key 'k'"),
]
WITH_TABLES = [
    ("study plan quickstart --store STORE", 0, "all "),
    ("study plan quickstart budgets=[5,20] --store STORE", 2, "budgets (task 'classification')"),
    ("study status RUN", 0, "trial"),
    ("store list --store STORE", 0, "trial"),
    ("store verify --store STORE", 0, "have no checksums"),
]
ASK = """
import contextlib, io, json, sys
from headstart import cli
found = []
for command in json.loads(sys.argv[1]):
    sys.argv, code = ["headstart", *command], 0
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        cli.console.console.file = cli.console.errors.file = said
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
    found.append((code, said.getvalue(), [name for name in sys.modules if "." not in name]))
print(json.dumps(found))
"""


def answers(commands):
    """Exit code, what was said, and the modules that were loaded by then, for commands of one fresh process."""
    arguments = json.dumps([command.split() for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", ASK, arguments],
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [(code, said, set(modules)) for code, said, modules in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def answered():
    return dict(zip((command for command, _, _ in LIGHT), answers([command for command, _, _ in LIGHT]), strict=True))


@pytest.mark.parametrize(("command", "code", "says"), LIGHT)
def test_what_says_no_or_lists_loads_nothing_that_computes(answered, command, code, says):
    ended, said, loaded = answered[command]
    assert (ended, says in said) == (code, True), said
    assert not loaded & {*HEAVY, *TABLES}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A store in which the quickstart was run, as far as markers tell, and a run folder that knows its plan."""
    folder = tmp_path_factory.mktemp("done")
    store = Store(folder / "store")
    plan = plan_with(load_suite("quickstart", ["device=cpu"]).settled(), store)
    for job in plan.jobs:
        store.folder(job).mkdir(parents=True)
        store.folder(job).with_name(f"{job.key}.json").write_text('{"seconds": 1.0}')
    RunFolder(folder / "run").begin(plan)
    return {"STORE": str(folder / "store"), "RUN": str(folder / "run")}


def test_a_plan_of_cached_work_and_its_status_load_no_torch(done):
    commands = [command for command, _, _ in WITH_TABLES]
    for name, path in done.items():
        commands = [command.replace(name, path) for command in commands]
    for (_, code, says), (ended, said, loaded) in zip(WITH_TABLES, answers(commands), strict=True):
        assert (ended, says in said) == (code, True), said
        assert not loaded & {*HEAVY}


def test_shells_complete_recipes_and_lists():
    words = {"headstart study run qui": "quickstart", "headstart list me": "methods"}
    for line, word in words.items():
        environment = {"_HEADSTART_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": f"{line.count(' ')}"}
        said = subprocess.run(
            [sys.executable, "-c", "import sys; from headstart.cli import main; sys.argv = ['headstart']; main()"],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        assert said.split() == [word]
