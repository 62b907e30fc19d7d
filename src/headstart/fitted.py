"""Studies that are chosen for a time, and trials for a gain: ``--data``, ``--time`` and ``--detect`` in Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.cache import DEFAULT_STORE
from headstart.errors import ConfigError
from headstart.study.config.suite import as_suite

if TYPE_CHECKING:
    import pandas as pd

    from headstart.study.config.study import StudyConfig
    from headstart.study.config.suite import Suite
    from headstart.study.fitting.detect import Pilot
    from headstart.study.fitting.fit import Fitted

__all__ = ["detect_table", "fit_study"]


def fit_study(
    recipe: str | Path | None = None,
    overrides: Sequence[str] = (),
    *,
    scale: str | None = None,
    data: Path | str | None = None,
    seconds: float | None = None,
    out: Path | str | None = None,
    store: Path | str = DEFAULT_STORE,
    workers: int | None = None,
    replace: bool = False,
) -> "Fitted":
    """A study that fits ``seconds`` on this machine: of a recipe or YAML file, or of the images at ``data``.

    overrides: ``key=value``, which hold whatever is chosen. scale: of a recipe that has some. seconds: of which an
    empty store leaves time for nothing else; ``None``: a recipe as it stands, or a study about as large as the
    quickstart. out: folder of runs, where one that was chosen before is gone on with. Raises ``HeadstartError`` for
    what cannot be told of images, and ``ConfigError`` where no study fits.

    >>> fitted = fit_study(data="photos", seconds=600)  # doctest: +SKIP
    >>> run_study(fitted.config)  # doctest: +SKIP
    """
    from headstart.study.fitting.fit import of_data, of_recipe

    if (recipe is None) == (data is None):
        raise ConfigError("name a recipe or YAML file, or else say where images are with --data PATH")
    found = of_recipe(str(recipe), overrides, scale) if data is None else of_data(Path(data), overrides)
    if seconds is None:
        return found.usual()
    from headstart.study.running.store import open_store

    return found.fit(seconds, open_store(store), workers, None if out is None else Path(out), replace)


def detect_table(
    config: "Suite | StudyConfig | str | Path",
    share: float,
    *,
    store: Path | str = DEFAULT_STORE,
    workers: int | None = None,
    pilot: "Pilot | None" = None,
) -> "pd.DataFrame":
    """How many trials it takes to see that a start is worth a ``share`` of labels more, 0.5 for half as many again.

    A row per task and budget: ``runs`` of the baseline that tell, its ``score`` and the ``deviation`` between trials,
    the ``gain`` in score that the gain in labels comes to, and the ``trials`` that show it in four of five cases (see
    ``utility/power.py``). Where the store has too few runs of the baseline for that, a pilot is run: three trials at
    two budgets, which the study does not do again. pilot: runs it, with a view of it; default: without. Raises
    ``ConfigError`` for a suite.

    >>> detect_table("quickstart", 0.5).set_index("labels")["trials"]  # doctest: +SKIP
    """
    suite = as_suite(config).settled()
    if suite.varied:
        raise ConfigError(f"{suite.name} varies {', '.join(suite.varied)}, and --detect is of one study: name one")
    from headstart.study.config.checks import check_study
    from headstart.study.fitting.detect import detections, enough, pilot_suite, run_pilot
    from headstart.study.running.launchers import LocalLauncher
    from headstart.study.running.store import open_store

    check_study(suite.first)
    kept = open_store(store)
    if not enough(suite, kept):
        (pilot or run_pilot)(pilot_suite(suite), kept, LocalLauncher(kept, workers))
    return detections(suite, kept, share)
