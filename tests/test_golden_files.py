"""Every file of the reference's numbers is compared with ours by a test marked golden, as the tests' sources tell."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
FILES = sorted(path.relative_to(GOLDEN) for path in GOLDEN.rglob("*") if path.is_file())
PROMISED = {
    "forward": {
        *("amdim.npz", "cmc_feats.npz", "input.npz", "input_double.npz", "resnet9.npz", "resnet9_half_L.npz"),
        *("resnet9_half_ab.npz", "rotate.npz", "vae.npz", "wrapper_resnet9.npz"),
        *("resnet9_default_init_stats.json", "weight_recipe.json"),
    },
    "losses": {f"{name}.npz" for name in ("amdim", "amdim_scores", "classify", "cmc", "depth", "rotate", "vae")},
    "lr_schedule": {"cases.json", "lambda_used.npz", "lr_vals.npz"},
    "models": {"param_counts.json", "shapes.json"},
}
"""What the reference's methods, models and schedule were measured into: neither they nor their tests may get lost."""
MOST_BYTES = 2_000_000


class Golden(NamedTuple):
    """What strings in a test tell of files: folders stand behind a slash, and any of the words may be a name."""

    folders: set[str]
    words: set[str]

    def names(self, file: Path) -> bool:
        return {*file.parent.parts} <= self.folders and file.stem in self.words


def golden_tests(module: str) -> list[Golden]:
    """Of each golden test in a module's source, what it and all that it uses of the module tell of files.

    What a test uses are names, fixtures among them. Ends like ``.npz`` are taken off words.
    """
    tree = ast.parse(module)
    known = {name: node for node in tree.body for name in _defined(node)}
    everywhere = "pytestmark" in known and _is_golden(known["pytestmark"])
    tests = [node for name, node in known.items() if name.startswith("test_")]
    return [
        _golden_test(_reached(test, known)) for test in tests if everywhere or any(map(_is_golden, test.decorator_list))
    ]


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _is_golden(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "golden" for part in ast.walk(node))


def _reached(test: ast.stmt, known: dict[str, ast.stmt]) -> list[ast.stmt]:
    reached = [test]
    for node in reached:  # grows while it is gone through
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        names |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
        reached += [known[name] for name in sorted(names & known.keys()) if known[name] not in reached]
    return reached


def _golden_test(nodes: list[ast.stmt]) -> Golden:
    parts = [part for node in nodes for part in ast.walk(node)]
    behind = [part.right for part in parts if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div)]
    words = {re.sub(r"\.(npz|json)$", "", piece) for piece in _pieces(parts)}
    return Golden(_pieces(behind), words)


def _pieces(parts: list[ast.AST]) -> set[str]:
    """Strings among ``parts``, cut at slashes."""
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return {piece for text in texts for piece in text.split("/")}


@pytest.fixture(scope="module")
def golden_uses() -> list[Golden]:
    modules = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    return [one for path in modules for one in golden_tests(path.read_text())]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_golden_test_names_the_file(golden_uses, file):
    assert any(one.names(file) for one in golden_uses)


@pytest.mark.parametrize("folder", PROMISED)
def test_no_file_is_lost(folder):
    assert {file.name for file in FILES if file.parent == Path(folder)} == PROMISED[folder]


def test_together_they_are_small():
    assert sum((GOLDEN / file).stat().st_size for file in FILES) < MOST_BYTES


def test_only_tests_that_are_marked_count():
    marked = "@pytest.mark.golden\ndef test_one(golden):\n    load(golden / 'losses' / 'cmc.npz')\n"
    plain = marked.replace("@pytest.mark.golden\n", "")
    (golden,) = golden_tests(marked)
    assert golden.names(Path("losses", "cmc.npz"))
    assert golden_tests(plain) == []
    assert golden_tests(f"pytestmark = [pytest.mark.golden]\n{plain}") == [golden]


def test_what_a_test_uses_counts_and_what_stands_beside_it_does_not():
    module = """
CASES = ["a.json"]
@pytest.fixture
def known(golden):
    return read(golden / "lab", "forward")
def other(golden):
    return golden / "pose"
@pytest.mark.golden
@pytest.mark.parametrize("case", CASES)
def test_one(known, case):
    assert known[case]
"""
    (golden,) = golden_tests(module)
    assert golden.names(Path("lab", "a.json"))
    assert not golden.names(Path("pose", "a.json")), "nobody uses what names it"
    assert not golden.names(Path("forward", "a.json")), "it stands behind no slash"
