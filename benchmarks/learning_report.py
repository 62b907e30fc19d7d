"""What ``learning.py`` measured, as tables: CSV, and Markdown between two marks of ``learning.md``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from learning_chart import learning_figure
from learning_pieces import BATCH, CONTROLS, METHODS, VARIANTS

from headstart.charts.looks import arm_looks
from headstart.charts.names import arm_title
from headstart.charts.save import save_figure
from headstart.errors import ConfigError
from headstart.files import write_atomic

AT = 12_800, 51_200, 204_800, 819_200
"""Image-steps that tables show."""
NEAR = 0.1
"""How far a look may be from these, as a share: large batches don't meet them all."""
NAME, FIRST, LAST = "learning", "<!-- tables: python benchmarks/learning.py report -->", "<!-- end of tables -->"
ORDER = [*CONTROLS, *METHODS]
TEXTS = dict.fromkeys(("piece", "arm", "variant", "setting", "failure"), str)


def report(folder: Path, out: Path, *, add: bool = False) -> None:
    """Write tables and the chart of all pieces in ``folder``. Raises ``ConfigError`` if there are none.

    add: to those that ``out`` has; the new one counts of two that are the same piece, pretrained as long. The table of
    methods as they are and the chart show the longest of each; a changed setting stands below the method as it is,
    pretrained as long.
    """
    points = read_points(folder)
    if add:
        points = _joined(_reported(out), points)
    longest = _longest(points)
    base, varied = base_table(longest), varied_table(points)
    for name, table in (("curves", points), ("table", base), ("settings", varied)):
        if len(table):
            write_atomic(out / f"{NAME}-{name}.csv", table.to_csv(index=False, float_format="%.9g").encode())
    settings = [varied_markdown(varied)] if len(varied) else []
    text = "\n\n".join([FIRST, base_markdown(base), f"![{CAPTION}]({NAME}.png)", *settings, LAST])
    page = out / f"{NAME}.md"
    write_atomic(page, _between_marks(page, text).encode())
    roles = longest.assign(method=longest["arm"], role=longest["arm"].map(_role))
    save_figure(learning_figure(roles[roles["setting"] == ""], arm_looks(roles)), out)
    print(f"{page}, {NAME}.png and .svg, and the numbers of {len(_pieces(points))} pieces as CSV")


CAPTION = "Accuracy of nearest neighbors against image-steps of pretraining, a panel per variant"


def _role(arm: str) -> str:
    return "control" if arm in CONTROLS else "compared"


def read_points(folder: Path) -> pd.DataFrame:
    """A row per look at a piece, and how many image-steps it was pretrained in all (``length``)."""
    found = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    if not found:
        raise ConfigError(f"{folder} has no pieces: measure some with `python benchmarks/learning.py run {folder}`")
    return _in_order(pd.DataFrame([row for piece in found for row in _rows(piece)]))


def reported_pieces(out: Path) -> set[tuple[str, int]]:
    """Title and length of the pieces that the report in ``out`` has. Raises ``ConfigError`` if there is none."""
    return _pieces(_reported(out))


def _reported(out: Path) -> pd.DataFrame:
    path = out / f"{NAME}-curves.csv"
    if not path.exists():
        raise ConfigError(f"{path} is missing: name the folder of a report, such as docs/results/paper")
    return pd.read_csv(path, dtype=TEXTS).fillna(dict.fromkeys(TEXTS, ""))


def _pieces(points: pd.DataFrame) -> set[tuple[str, int]]:
    return set(zip(points["piece"], points["length"], strict=True))


def _longest(points: pd.DataFrame) -> pd.DataFrame:
    """Of pieces that differ in length alone the longest."""
    return points[points["length"] == points.groupby("piece")["length"].transform("max")]


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Points of all pieces of both."""
    again = _pieces(new)
    kept = [piece not in again for piece in zip(old["piece"], old["length"], strict=True)]
    return _in_order(pd.concat([old[kept], new]))


def _in_order(points: pd.DataFrame) -> pd.DataFrame:
    return points.sort_values(["variant", "arm", "setting", "length", "step"], key=_ranked, ignore_index=True)


def _ranked(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Ranks of variants and arms as they are listed, of settings by key and value; of other columns what they hold."""
    known: dict[Any, Sequence[str]] = {"variant": VARIANTS, "arm": ORDER, "setting": ()}
    if column.name not in known:
        return column
    unknown = sorted(set(column) - set(known[column.name]), key=_key_and_value)
    ranks = {name: rank for rank, name in enumerate([*known[column.name], *unknown])}
    return column.map(ranks)


def _key_and_value(setting: str) -> tuple[str, float]:
    key, _, value = setting.partition("=")
    return key, float(value or 0)


def _rows(piece: dict[str, Any]) -> Iterator[dict[str, Any]]:
    named = piece["piece"]
    whole = {
        "piece": " ".join([named["arm"], named["variant"], named["setting"]]).strip(),
        **{key: named[key] for key in ("arm", "variant", "setting")},
        "length": named["steps"],
        "image_steps_per_second": piece.get("image_steps_per_second"),
        **{key: piece[key] for key in ("labels", "tested", "seconds")},
        "failure": piece["failure"]["reason"] if piece["failure"] else "",
    }
    for point in piece["points"]:
        yield whole | {"loss": None, "effective_rank": None} | point


def base_table(points: pd.DataFrame) -> pd.DataFrame:
    """A row per variant and method as it is: the controls' accuracy, and its own after ``AT`` image-steps."""
    base = points[points["setting"] == ""]
    controls = base[base["arm"].isin(CONTROLS)].pivot_table("accuracy", "variant", "arm")
    rows = [_row(own) for _, own in base[~base["arm"].isin(CONTROLS)].groupby(["variant", "arm"], sort=False)]
    return pd.DataFrame(rows).merge(controls.reset_index(), on="variant", how="left") if rows else pd.DataFrame()


def varied_table(points: pd.DataFrame) -> pd.DataFrame:
    """A row per changed setting, below that of the method as it is: pretrained as long, or longer if that is all there
    is."""
    methods = points[~points["arm"].isin(CONTROLS)]
    changed = methods[methods["setting"] != ""]
    rows = []
    for (variant, arm), tried in changed.groupby(["variant", "arm"], sort=False):
        base = methods[(methods["variant"] == variant) & (methods["arm"] == arm) & (methods["setting"] == "")]
        alike = base[base["length"].isin(tried["length"])]
        shown = [_longest(base) if alike.empty else alike, tried]
        rows += [_row(own) for one in shown for _, own in one.groupby(["setting", "length"], sort=False)]
    return pd.DataFrame(rows)


def _row(own: pd.DataFrame) -> dict[str, Any]:
    first, last = own.iloc[0], own.iloc[-1]
    row = {key: first[key] for key in ("variant", "arm", "setting", "length")} | _at(own, 0)
    for steps in AT:
        row |= _at(own, steps)
    ends = {"loss": last["loss"], "effective_rank": last["effective_rank"], "failure": first["failure"]}
    return row | ends | {"image_steps_per_second": first["image_steps_per_second"]}


def _at(own: pd.DataFrame, steps: int) -> dict[str, Any]:
    """Accuracy and error of the look nearest to so many image-steps, if one is near."""
    nearest = own.iloc[int((own["images"] - steps).abs().argmin())]
    near = abs(nearest["images"] - steps) <= NEAR * steps
    values = {"accuracy": nearest["accuracy"], "error": nearest["error"]}
    return {f"{key}_{steps}": value if near else None for key, value in values.items()}


def base_markdown(table: pd.DataFrame) -> str:
    """The table of methods as they are."""
    head = ["variant", "method", "random", "patches", "before", *(f"{steps:,}" for steps in AT), "image-steps/s"]
    rows = []
    for row in table.to_dict("records"):
        controls = [_percent(row.get(name)) for name in CONTROLS]
        rows.append([f"`{row['variant']}`", arm_title(row["arm"]), *controls, *_cells(row), _speed(row)])
    return _markdown(head, rows)


def varied_markdown(table: pd.DataFrame) -> str:
    """The table of changed settings."""
    head = ["variant", "method", "setting", "before", *(f"{steps:,}" for steps in AT), "rank", "loss", "image-steps/s"]
    rows = []
    for row in table.to_dict("records"):
        ends = [_number(row["effective_rank"], ".1f"), _number(row["loss"], ".3g"), _speed(row)]
        setting = f"`{_short(row['setting'])}`" if row["setting"] else f"as it is (batches of {BATCH})"
        rows.append([f"`{row['variant']}`", arm_title(row["arm"]), setting, *_cells(row), *ends])
    return _markdown(head, rows)


def _short(setting: str) -> str:
    """``lr=0.01`` for ``pretrain.lr=0.01``."""
    key, _, value = setting.partition("=")
    return f"{key.rpartition('.')[2]}={value}"


def _cells(row: Mapping[Any, Any]) -> list[str]:
    return [_percent(row[f"accuracy_{steps}"], row[f"error_{steps}"]) for steps in (0, *AT)]


def _percent(value: float | None, error: float | None = None) -> str:
    if value is None or pd.isna(value):
        return "–"
    return f"{100 * value:.1f} %" + (f" ± {100 * error:.1f}" if error is not None else "")


def _number(value: float | None, style: str) -> str:
    return "–" if value is None or pd.isna(value) else format(value, style)


def _speed(row: Mapping[Any, Any]) -> str:
    return _number(row["image_steps_per_second"], ",.0f")


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _between_marks(page: Path, text: str) -> str:
    """The page with its tables replaced; a new page of nothing else where there is none."""
    if not page.exists():
        return f"{text}\n"
    before, mark, rest = page.read_text().partition(FIRST)
    after = rest.partition(LAST)[2]
    if not mark or not rest.count(LAST):
        raise ConfigError(f"{page} has no tables to replace: put '{FIRST}' and '{LAST}' where they belong")
    return before + text + after
