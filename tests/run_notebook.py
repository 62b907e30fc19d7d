"""Execute a notebook in a fresh kernel of this interpreter, with a home and a store of its own.

    python tests/run_notebook.py docs/notebook.ipynb docs/notebook.ipynb

IN, OUT and, unless it is to be a temporary one, the folder that cells run in.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient


def kernel(folder):
    """One of this interpreter, whatever kernels are installed."""
    home = folder / "kernels" / "here"
    home.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (home / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "here", "language": "python"}))
    specs = KernelSpecManager(kernel_dirs=[str(home.parent)], ensure_native_kernel=False)
    return AsyncKernelManager(kernel_name="here", kernel_spec_manager=specs)


def execute(page, out, folder):
    notebook = nbformat.read(page, as_version=4)
    about = dict(notebook.metadata)
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, km=kernel(folder), timeout=300, resources=place, record_timing=False)
    client.execute(env={**os.environ, "HOME": str(folder), "OMP_NUM_THREADS": "1"})
    notebook.metadata = about  # that of the kernel is this machine's
    nbformat.write(notebook, out)


if __name__ == "__main__":
    page, out, *where = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as made:
        execute(page, out, where[0] if where else Path(made))
