"""An answer in brief, for where there is no page: sentences and small tables, as HTML without style sheet or script, or
as text. Names from data are escaped."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headstart.report.cells import TextTable
from headstart.report.html import find_template

__all__ = ["Brief"]


@dataclass(frozen=True)
class Brief:
    """headline: one sentence. lines: what else was found, a sentence each. tables: by title. below: what else to know,
    a paragraph each."""

    headline: str
    lines: tuple[str, ...] = ()
    tables: Mapping[str, TextTable] = field(default_factory=dict)
    below: tuple[str, ...] = ()

    def html(self) -> str:
        return find_template("brief.html.j2").render(brief=self)

    def text(self) -> str:
        tables = [f"{title}\n{table.frame().to_string(index=False)}" for title, table in self.tables.items()]
        head = "\n".join([self.headline, *(f"• {line}" for line in self.lines)])
        return "\n\n".join([head, *tables, *self.below])
