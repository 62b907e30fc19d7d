"""An answer without a page: everything is in it, in HTML and in text, and names are no markup."""

from headstart.report.brief import Brief
from headstart.report.cells import Cell, TextTable

NAME = "<script>alert('x')</script> & [b]"
TABLE = TextTable(["arm", "10"], 1, [[Cell(NAME), Cell("0.42", "0.1–0.7", "2 of 4 missing")]])
BRIEF = Brief(f"{NAME} is worth it.", (f"Not {NAME}.",), {f"Utility of {NAME}": TABLE}, (f"In {NAME}.",))


def test_names_from_data_are_escaped_wherever_they_stand():
    shown = BRIEF.html()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; [b]") == 5
    assert "0.42<br><small>0.1–0.7</small><br><small>2 of 4 missing</small>" in shown


def test_text_has_the_same():
    head, *_ = BRIEF.text().splitlines()
    assert head == BRIEF.headline
    for part in (f"• Not {NAME}.", f"Utility of {NAME}", "0.42 (0.1–0.7)", f"In {NAME}."):
        assert part in BRIEF.text()
