"""The scripts of docs/cluster.md, with commands that only say what they were asked."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "examples" / "cluster"
SAYS = '#!/bin/sh\necho "$(basename "$0") $*"\nexit ${FAKE_CODE:-0}\n'
SCONTROL = "#!/bin/sh\necho node1\necho node2\n"
SLURM = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_NUM_NODES": "2", "SLURM_CPUS_PER_TASK": "16"}


@pytest.fixture
def said(tmp_path):
    """Run a script; its exit code and the commands that it gave."""
    for name, text in {"ray": SAYS, "headstart": SAYS, "srun": SAYS, "scontrol": SCONTROL}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)

    def run(script, *arguments, **environment):
        paths = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOME": "/home/me"}
        done = subprocess.run(
            [SCRIPTS / script, *arguments], env=paths | environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.splitlines()

    return run


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_every_script_is_sound_and_may_be_run(script):
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert os.access(script, os.X_OK)


def test_slurm_starts_one_ray_over_all_nodes_and_the_study_on_it(said):
    code, commands = said("slurm.sh", "quickstart", "trials=3", **SLURM, FAKE_CODE="3")
    assert code == 3, "the study's exit code is the script's"
    assert commands == [
        "srun --nodes=2 --ntasks=2 ray symmetric-run --address node1:6379 --min-nodes 2 --num-cpus 16 -- "
        "headstart study run quickstart trials=3 --launcher ray --address node1:6379 "
        "--store /home/me/headstart-store --out /home/me/runs"
    ]


def test_machines_by_hand(said):
    assert said("machines.sh", "head", CPUS="8") == (
        0,
        ["ray start --head --port 6379 --disable-usage-stats --num-cpus 8"],
    )
    assert said("machines.sh", "join", "10.0.0.1:6379") == (0, ["ray start --address 10.0.0.1:6379"])
    assert said("machines.sh", "run", "quickstart") == (
        0,
        ["headstart study run quickstart --launcher ray --address auto"],
    )
    assert said("machines.sh", "stop") == (0, ["ray stop"])
    assert said("machines.sh", "jion") == (2, [])
    assert said("machines.sh", "join")[0] != 0


def test_several_gpus(said):
    command = "headstart study run quickstart device=cuda --launcher ray"
    assert said("gpus.sh", "quickstart", "device=cuda") == (0, [command])
