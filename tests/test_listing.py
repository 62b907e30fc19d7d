"""What ``headstart list`` prints: a line each, aligned, that fits a terminal of 80 columns."""

import re

import pytest

from headstart.backbones import BACKBONES
from headstart.catalogue import EXTENSION_POINTS, catalogue
from headstart.cli import console, list_names
from headstart.errors import ConfigError
from headstart.methods import METHODS

WORDS = [*EXTENSION_POINTS, "recipes"]


@pytest.fixture
def shown(monkeypatch, capsys):
    """What a terminal of so many columns shows of a list."""

    def show(what, columns, **options):
        monkeypatch.setattr(console, "console", console.new_console(width=columns))
        list_names(what, **{"sizes": False, "resolution": 64} | options)
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return show


@pytest.mark.parametrize("what", [*EXTENSION_POINTS])
def test_eighty_columns_are_enough_for_a_line_each(shown, what):
    lines, rows = shown(what, 80), catalogue(what)
    width = max(len(name) for name, _ in rows)
    assert lines == [f"{name:{width}}  {summary}" for name, summary in rows]


@pytest.mark.parametrize("what", WORDS)
def test_what_is_too_long_goes_on_below_itself_and_nothing_is_lost(shown, what):
    lines, rows = shown(what, 40), catalogue(what)
    width = max(len(name) for name, _ in rows) + 2
    assert "".join(line[:width] for line in lines).split() == [name for name, _ in rows]
    said = " ".join(line[width:] for line in lines)
    assert said.split() == " ".join(summary for _, summary in rows).split()


@pytest.mark.parametrize("what", [*EXTENSION_POINTS])
def test_each_line_is_a_sentence(what):
    for name, summary in catalogue(what):
        assert summary.endswith("."), f"{name}: {summary}"
        assert "`" not in summary


@pytest.mark.parametrize("name", METHODS)
def test_methods_say_where_they_are_from(name):
    assert re.search(r"\([A-Z].+, (19|20)\d\d\)\.$", dict(catalogue("methods"))[name])


@pytest.mark.parametrize("columns", [80, 120])
def test_sizes_have_a_line_each(shown, columns):
    header, *lines = shown("backbones", columns, sizes=True)
    assert header.split("  ")[0] == "backbone"
    assert "floats kept per image of 64 px" in header
    assert [line.split()[0] for line in lines] == sorted(BACKBONES)
    assert "6,699,328" in next(line for line in lines if line.startswith("resnet9"))


def test_sizes_of_what_has_none_are_refused(shown):
    with pytest.raises(ConfigError, match="'tasks' have none"):
        shown("tasks", 80, sizes=True)


def test_a_line_that_looks_like_markup_is_shown_as_it_is(shown, monkeypatch):
    monkeypatch.setattr("headstart.catalogue.catalogue", lambda what: [("odd", "Maps [b]atch of [red] to one.")])
    assert shown("tasks", 80) == ["odd  Maps [b]atch of [red] to one."]
