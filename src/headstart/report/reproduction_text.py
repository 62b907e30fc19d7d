"""The page of a reproduction as Markdown, which shows in a repository."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from headstart.files import write_atomic
from headstart.report.reproduction import FigurePart, ReproductionPage

__all__ = ["escaped", "write_reproduction_text"]

SPECIAL = re.compile(r"([\\`*_\[\]<>|#&])")


def write_reproduction_text(path: Path, page: ReproductionPage) -> None:
    """Write the page to ``path``, whole or not at all; charts are those that ``write_reproduction`` left beside it."""
    lines = [
        f"# {escaped(page.title)}, at scale {page.scale}",
        "",
        f"**{page.headline}.** Each claim has a rule that was written down before: a number, where it lies if the "
        f"claim holds, and its {100 * page.confidence:g} % interval over trials. All of the interval must lie there to "
        "agree, none of it to disagree. Arms have one pretrained network each, whose luck no interval holds.",
        "",
        f"`{page.command}`" + (f" took {escaped(page.work)}. Run on: {escaped(page.machines)}." if page.work else ""),
        "",
        "| figure | rule | verdict | number |",
        "|---|---|---|---|",
    ]
    for part in page.parts:
        link = f"[{escaped(part.title)}](#{part.name})"
        lines += [f"| {link} | {escaped(one.rule)} | {one.verdict} | {escaped(one.number)} |" for one in part.answers]
    for part in page.parts:
        lines += ["", *_part(part)]
    write_atomic(path, ("\n".join(lines) + "\n").encode())


def _part(part: FigurePart) -> Iterator[str]:
    yield f'<a id="{part.name}"></a>'
    yield ""
    yield f"## {escaped(part.title)}"
    yield ""
    yield f"**What is claimed:** {escaped(part.claim)}"
    yield ""
    for answer in part.answers:
        yield f"* **{answer.verdict}** ({escaped(answer.rule)}). {escaped(answer.sentence)}"
    for note in filter(None, [part.lacking, part.learned, *(note for run in part.runs for note in run.notes)]):
        yield f"* {escaped(note)}"
    for figure in part.figures:
        yield ""
        yield _picture(figure.title, f"charts/{part.name}/{figure.name}")
        yield ""
        yield escaped(figure.caption)


def _picture(title: str, stem: str) -> str:
    """A chart in the reader's colors."""
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="{stem}-dark.svg">'
    return f'<picture>{dark}<img alt="{html.escape(title)}" src="{stem}.svg"></picture>'


def escaped(text: str) -> str:
    r"""Text in one line of Markdown, in which no sign means anything.

    >>> print(escaped("a|b <i>*"))
    a\|b \<i\>\*
    """
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
