"""Extension points whose classes are loaded when they are used."""

import pytest

from headstart.backbones import BACKBONES
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.registry import Registry, additions, lookup_traits
from headstart.render import ENGINES
from headstart.tasks import TASKS, Task


@pytest.mark.parametrize("registry", [METHODS, TASKS, BACKBONES, ENGINES])
def test_what_ships_is_a_child_of_its_traits(registry):
    for name, kind in registry.items():
        traits = registry.traits(name)
        assert issubclass(kind, traits)
        assert kind is not traits
        for attribute in {*vars(traits), *dir(traits)} - {"__abstractmethods__"}:
            if not attribute.startswith("_") and not callable(getattr(traits, attribute)):
                assert getattr(kind, attribute) == getattr(traits, attribute), f"{name}.{attribute}"


@pytest.mark.parametrize("name", TASKS)
def test_traits_of_tasks_know_whether_there_are_ideal_outputs(name):
    assert TASKS.traits(name).has_ideal() == (TASKS[name].ideal is not Task.ideal)


class Traits:
    loads = 0


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr("headstart.registry._registries", {})
    monkeypatch.setattr("headstart.registry._installed", {})
    return Registry("toys", {"first": ("pathlib:Path", Traits), "missing": ("pathlib:Nowhere", Traits)})


def test_it_is_like_a_dict_and_loads_one_at_a_time(registry):
    assert list(registry) == ["first", "missing"]
    assert "first" in registry
    assert "other" not in registry
    assert registry.traits("missing") is Traits
    assert registry["first"].__name__ == "Path"
    assert registry.get("other") is None
    with pytest.raises(AttributeError):
        registry["missing"]
    with pytest.raises(KeyError):
        registry["other"]


def test_what_a_script_adds_is_its_own_traits_and_goes_again(registry):
    registry["mine"] = int
    registry["first"] = str
    assert (registry.traits("mine"), registry.traits("first"), registry["first"]) == (int, str, str)
    assert additions() == {"toys": {"mine": int}}
    del registry["mine"], registry["missing"]
    assert list(registry) == ["first"]
    with pytest.raises(ConfigError, match="unknown toy 'mine': choose one of first"):
        lookup_traits(registry, "toy", "mine")
