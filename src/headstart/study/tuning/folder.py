"""``tuning/NAME/``: what a search is, and what it tried so far, so that it goes on after an interruption."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.errors import StoreError
from headstart.files import write_atomic
from headstart.schema import validate
from headstart.space import Value
from headstart.study.tuning.knobs import Knobs
from headstart.study.tuning.search import Search

__all__ = ["SEARCH", "TRIALS", "begin_search"]

SEARCH, TRIALS = "search.json", "trials"


def begin_search(folder: Path, search: Search, knobs: Mapping[str, Knobs], *, replace: bool = False) -> Search:
    """Write what the search is into its folder, and return it with what an earlier one there has to give.

    One with the same spaces tries the same settings again, which its store has done; where spaces differ, settings that
    lie in the new ones are tried first. replace: whether a search of another study may be replaced. Raises
    ``StoreError`` if it may not.
    """
    earlier = _read(folder)
    if earlier is not None and _study(earlier) != _study(search):
        if not replace:
            raise StoreError(
                f"{folder} holds a search of another study, or another task or protocol of it: give this one a name of "
                "its own with name=…, another folder with --out, or say --replace"
            )
        earlier = None
    if earlier is not None:
        given = earlier.given if earlier.knobs == search.knobs else _given(folder, knobs, earlier.sign)
        search = search.model_copy(update={"given": given})
    write_atomic(folder / SEARCH, search.model_dump_json(indent=1).encode())
    return search


def _study(search: Search) -> dict[str, Any]:
    study = {key: value for key, value in search.study.items() if key != "title"}
    return {"study": study, "task": search.task, "protocol": search.protocol}


def _read(folder: Path) -> Search | None:
    path = folder / SEARCH
    if not path.exists():
        return None
    try:
        return validate(Search, json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} is damaged ({error}): delete {folder}; what was done is in the store") from None


def _given(folder: Path, knobs: Mapping[str, Knobs], sign: int) -> dict[str, list[dict[str, Value]]]:
    """What was tried to its end, where it lies in the spaces of now; new knobs stay on their defaults."""
    from headstart.study.results.table_files import read_table
    from headstart.study.tuning.trials import in_units, read_trials

    if not (folder / f"{TRIALS}.parquet").exists():
        return {}
    trials = read_trials(in_units(read_table(folder / TRIALS), sign))
    finished = [trial for trial in trials if trial.status == "finished"]
    fitting = {
        arm: [_fitted(trial.values, own) for trial in finished if trial.arm == arm] for arm, own in knobs.items()
    }
    return {arm: _once(settings) for arm, settings in fitting.items()}


def _fitted(values: Mapping[str, Value], knobs: Knobs) -> dict[str, Value] | None:
    """The same settings by the knobs of now; ``None`` where that would be others."""
    settings = {path: values.get(path, knob.default) for path, knob in knobs.items()}
    inside = all(settings[path] in knob.space for path, knob in knobs.items())
    return settings if inside and set(values) <= set(knobs) else None


def _once(settings: Sequence[dict[str, Value] | None]) -> list[dict[str, Value]]:
    return [one for number, one in enumerate(settings) if one is not None and one not in settings[:number]]
