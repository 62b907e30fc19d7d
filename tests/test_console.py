"""What commands print, on any terminal."""

import io
import sys
from io import StringIO

import pytest

from headstart import cli
from headstart.cli import console
from headstart.cli.streams import open_to_any_text


def test_prose_keeps_a_number_and_its_unit_on_one_line(monkeypatch):
    printed = StringIO()
    monkeypatch.setattr(console, "console", console.new_console(file=printed, width=18))
    console.print_prose("worth 20 labels (95\u00a0% interval ≥ 4) [b]")
    assert printed.getvalue().splitlines() == ["worth 20 labels", "(95\u00a0% interval ≥", "4) [b]"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_text_is_printed_on_any_terminal(encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    open_to_any_text()
    console.new_console().print("≥ 4 – 3 × 2, 猫, caf\udce9", soft_wrap=True)
    sys.stdout.flush()
    plain = raw.getvalue().decode(encoding)
    assert plain.replace("≥", ">=").replace("–", "-").replace("×", "x").replace("猫", "\\u732b") == (
        ">= 4 - 3 x 2, \\u732b, caf\\xe9\n"
    )


def test_square_brackets_and_colons_in_names_are_printed_as_they_are(monkeypatch, capsys):
    name = "set [/old] [bold] :smile:"
    monkeypatch.setattr(sys, "argv", ["headstart", "data", "preview", name])
    with pytest.raises(SystemExit):
        cli.main()
    assert name in capsys.readouterr().err
    printed = StringIO()
    monkeypatch.setattr(console, "console", console.new_console(file=printed, width=80))
    console.say(name)
    console.print_catalogue([(name, name)])
    console.print_sizes((name, "b"), [(name, name)])
    assert printed.getvalue().count(name) == 6


def test_an_interrupted_command_says_what_is_kept(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("headstart.catalogue.catalogue", interrupted)
    monkeypatch.setattr(sys, "argv", ["headstart", "list", "methods"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130
    assert "the same command goes on from here" in " ".join(capsys.readouterr().err.split())


def test_a_terminal_that_says_it_has_no_columns_is_written_to(monkeypatch):
    printed = StringIO()
    monkeypatch.setattr(console, "console", console.new_console(file=printed, width=0))
    console.print_prose("worth 20 labels")
    assert printed.getvalue().strip() == "worth 20 labels"
