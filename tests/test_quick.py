"""What answers at once: commands and refusals that load no more than they need."""

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "warp", "altair", "sklearn", "scipy", "torchmetrics", "trimesh", "vl_convert", "jinja2")
TABLES = ("pandas", "pyarrow")
ASK = """
import json, sys
from headstart import cli
sys.argv = ["headstart", *json.loads(sys.argv[1])]
code = 0
try:
    cli.main()
except SystemExit as end:
    code = end.code or 0
print(json.dumps({"code": code, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def answer(*command, cwd=None):
    """Exit code, what was said, and the top-level modules that a fresh process had loaded by then."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps([str(word) for word in command])],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=cwd,
    )
    *said, last = done.stdout.splitlines()
    found = json.loads(last)
    return found["code"], "\n".join(said) + done.stderr, set(found["loaded"])


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("--version", 0, "headstart 0."),
        ("--help", 0, "study"),
        ("study --help", 0, "plan"),
        ("study run --help", 0, "--replace"),
        ("list --help", 0, "recipes"),
        *((f"list {what}", 0, name) for what, name in [
            ("backbones", "resnet9"), ("engines", "warp"), ("formats", "hdf5"), ("methods", "simclr"),
            ("protocols", "finetune"), ("recipes", "quickstart"), ("sources", "synthetic"), ("tasks", "depth"),
        ]),
        ("list nonsense", 2, "unknown list 'nonsense'"),
        ("nonsense", 2, "No such command"),
        ("study run nonsense", 2, "neither a recipe nor a file"),
        ("study plan nonsense", 2, "neither a recipe nor a file"),
        ("study run quickstart trails=3", 2, "did you mean 'trials'"),
        ("study run quickstart trials=0", 2, "'trials' is 0"),
        ("study run quickstart arms.simclr.options.heat=1", 2, "unknown key 'heat'"),
        ("study run quickstart arms.nonsense.method=nonsense", 2, "unknown method 'nonsense'"),
        ("study run quickstart backbone.options.wide=8", 2, "unknown key 'wide'"),
        ("study run quickstart dataset.engine=nonsense", 2, "unknown engine 'nonsense'"),
        ("study plan quickstart tasks=[nonsense]", 2, "unknown task 'nonsense'"),
        ("study plan quickstart protocols.knn.k=3", 2, "unknown key 'k'"),
    ],
)  # fmt: skip
def test_torch_is_not_loaded_to_say_no_or_to_list(command, code, says):
    ended, said, loaded = answer(*command.split())
    assert (ended, says in said) == (code, True), said
    assert not loaded & {*HEAVY, *TABLES}
