"""What commands print."""

from io import StringIO

from rich.console import Console

from headstart.cli import console


def test_prose_keeps_a_number_and_its_unit_on_one_line(monkeypatch):
    printed = StringIO()
    monkeypatch.setattr(console, "console", Console(file=printed, width=18))
    console.print_prose("worth 20 labels (95\u00a0% interval ≥ 4) [b]")
    assert printed.getvalue().splitlines() == ["worth 20 labels", "(95\u00a0% interval ≥", "4) [b]"]
