"""Each source has a page that names all its options, and the page's Python runs as it is printed."""

import re
from pathlib import Path

import pytest

from headstart.data.sources import SOURCES
from headstart.folder import read_manifest

PAGES = Path(__file__).parents[2] / "docs" / "sources"
BLOCK = re.compile(r"^```python\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
READ = [name for name in SOURCES if name != "synthetic"]


@pytest.mark.parametrize("name", READ)
def test_every_option_is_on_the_page_of_its_source(name):
    page = (PAGES / f"{name}.md").read_text()
    missing = [key for key in SOURCES[name].model_fields if f"`{key}`" not in page and f"{key}:" not in page]
    assert not missing
    assert f"({name}.md)" in (PAGES / "README.md").read_text()


def test_arrays_from_python_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = {}
    for code in BLOCK.findall((PAGES / "arrays.md").read_text()):
        exec(code, told)
    first, second = (read_manifest(tmp_path / name) for name in ("digits", "digits-again"))
    assert first.images == second.images == 1797
    assert first.classes == second.classes == tuple("0123456789")
    assert [shard.sha256 for shard in first.shards] == [shard.sha256 for shard in second.shards]


def test_hdf5_as_printed(tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h5").mkdir()
    for code in BLOCK.findall((PAGES / "hdf5.md").read_text()):
        exec(code, {})
    assert dict(SOURCES["hdf5"](path=tmp_path / "h5").info().counts) == {"train": 40, "val": 10, "test": 10}
