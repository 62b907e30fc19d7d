"""Pages: one HTML file each, that holds everything it shows and asks no network for anything.

Names from data are escaped by the templates. Should one slip through, a page's content security policy still lets no
script run but its own, known by its hash, and nothing be fetched.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import vl_convert

from headstart.charts import Figure
from headstart.charts.looks import SHAPES

__all__ = ["find_template", "render_page"]

HERE = Path(__file__).parent


def render_page(template: str, figures: Sequence[Figure], **values: Any) -> str:
    """The page that ``template`` makes of ``values`` and of the figures, which are drawn when it is opened."""
    script = _script()
    return find_template(template).render(
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        specs=[figure.page_specs() for figure in figures],
        figures=figures,
        shapes=SHAPES,
        **values,
    )


def find_template(name: str) -> jinja2.Template:
    """A template of this folder, which escapes what it is given."""
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    return environment.get_template(name)


@cache
def _script() -> str:
    """``page.js`` with the Vega libraries that vl-convert ships. Bundling takes seconds, once a process."""
    script: str = vl_convert.javascript_bundle((HERE / "page.js").read_text(encoding="utf-8"))
    assert "</script" not in script.lower(), "the script would end its own element"
    return script
