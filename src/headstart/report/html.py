"""Pages: one HTML file each, that holds everything it shows and asks no network for anything.

Names from data are escaped by the templates. Should one slip through, a page's content security policy still lets no
script run but its own, known by its hash, and nothing be fetched.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pandas as pd
import vl_convert

from headstart.cache import cache_folder
from headstart.charts import Figure
from headstart.charts.looks import SHAPES
from headstart.errors import StoreError
from headstart.files import write_atomic

__all__ = ["Choice", "find_template", "render_page", "style_of"]

HERE = Path(__file__).parent
STYLE = ("page", "advice", "controls", "print")
SCRIPT = ("charts", "theme", "filter", "downloads", "menus")
"""Parts of the page's style and script, which share one scope, in order."""


class Choice(NamedTuple):
    """What a reader can choose by: the name of what elements say that they are about, and its values with titles."""

    kind: str
    title: str
    values: Sequence[tuple[str, str]]


def render_page(
    template: str,
    figures: Sequence[Figure],
    *,
    name: str,
    tables: Mapping[str, pd.DataFrame],
    filters: Sequence[Choice] = (),
    **values: Any,
) -> str:
    """The page that ``template`` makes of ``values`` and of the figures, which are drawn when it is opened.

    name: of the run; files that are saved from the page begin with it. tables: that can be saved, by name, with all
    their digits. filters: what a reader can choose by.
    """
    script = _script()
    return find_template(template).render(
        style=style_of(STYLE),
        run=re.sub(r"[^\w.-]+", "-", name),
        tables={name: table.to_csv(index=False, lineterminator="\n") for name, table in tables.items()},
        filters=filters,
        contents=[],
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        specs=[figure.page_specs() for figure in figures],
        figures=figures,
        shapes=SHAPES,
        **values,
    )


def style_of(parts: Sequence[str]) -> str:
    """The style that these files of it make."""
    return "".join((HERE / "style" / f"{part}.css").read_text(encoding="utf-8") for part in parts)


def find_template(name: str) -> jinja2.Template:
    """A template of this folder, which escapes what it is given."""
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    return environment.get_template(name)


@cache
def _script() -> str:
    """The script with the Vega libraries that vl-convert ships. Bundling takes a second, so what comes of it is kept,
    where there is a cache: a page needs none."""
    text = "\n".join((HERE / "script" / f"{part}.js").read_text(encoding="utf-8") for part in SCRIPT)
    named = hashlib.sha256(f"{version('vl-convert-python')} {text}".encode()).hexdigest()
    with suppress(StoreError, OSError):
        return (cache_folder("scripts") / f"{named}.js").read_text(encoding="utf-8")
    script = _bundled(text)
    with suppress(StoreError):
        write_atomic(cache_folder("scripts") / f"{named}.js", script.encode())
    return script


def _bundled(text: str) -> str:
    script: str = vl_convert.javascript_bundle(text)
    assert "</script" not in script.lower(), "the script would end its own element"
    return script
