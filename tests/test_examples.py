"""Every public function shows its use, and the examples are true."""

import doctest
import importlib
import inspect

import pytest

FACES = (
    "api",
    "backbones",
    "charts",
    "methods",
    "registry",
    "report",
    "schema",
    "seeding",
    "tasks",
    "testing",
    "training",
    "utility",
)


@pytest.fixture(params=FACES)
def names(request):
    module = importlib.import_module(f"headstart.{request.param}")
    return {name: getattr(module, name) for name in module.__all__}


def test_functions_show_their_use(names):
    functions = {name: thing for name, thing in names.items() if inspect.isroutine(thing)}
    assert [name for name, function in functions.items() if ">>>" not in function.__doc__] == []


def test_examples_are_true(names):
    """But for those marked ``+SKIP``, which need a study that was run, or take long."""
    things = {name: thing for name, thing in names.items() if inspect.isroutine(thing) or inspect.isclass(thing)}
    runner = doctest.DocTestRunner()
    for name, thing in things.items():
        for example in doctest.DocTestFinder().find(thing, name, globs=dict(names)):
            runner.run(example)
    assert runner.failures == 0
