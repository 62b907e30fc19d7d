"""Numbers for MLflow: a server, or a file beside the report."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from headstart.errors import ConfigError
from headstart.tracking.base import Scalar, Tracker

__all__ = ["MLflowTracker"]

DATABASE, ADDRESS = "mlflow.db", "MLFLOW_TRACKING_URI"
LONGEST = 6000
"""Characters of a setting that every server takes."""
UNNAMED = re.compile(r"[^\w\-. :/]")
"""What no server takes in a name, though an arm's may have it."""
PARENT, NAME = "mlflow.parentRunId", "mlflow.runName"


class MLflowTracker(Tracker):
    """An experiment per study: a run with its settings, and a run below it per series.

    It goes where ``MLFLOW_TRACKING_URI`` says, or else into ``runs/NAME/mlflow.db``.
    """

    def __init__(self, folder: Path, study: str, settings: Mapping[str, str]) -> None:
        try:
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise ConfigError(
                f"MLflow is not installed ({error}): pip install 'headstart[tracking]', or leave it out of --track"
            ) from error
        address = os.environ.get(ADDRESS) or f"sqlite:///{folder.resolve() / DATABASE}"
        try:
            self._client = MlflowClient(address)
            known = self._client.get_experiment_by_name(study)
            self._experiment = known.experiment_id if known else self._client.create_experiment(study)
        except (MlflowException, OSError, ValueError) as error:
            raise ConfigError(
                f"MLflow at {address} does not answer ({error}): set {ADDRESS} to one that does"
            ) from error
        self._study = self._begin(study, {})
        for key, value in settings.items():
            self._client.log_param(self._study, UNNAMED.sub("_", key), value[:LONGEST])
        self._runs = dict[str, str]()

    def log(self, scalar: Scalar) -> None:
        if scalar.series not in self._runs:
            self._runs[scalar.series] = self._begin(scalar.series, {PARENT: self._study})
        self._client.log_metric(self._runs[scalar.series], scalar.name, scalar.value, step=scalar.step)

    def close(self) -> None:
        for run in (*self._runs.values(), self._study):
            self._client.set_terminated(run)

    def _begin(self, name: str, tags: Mapping[str, str]) -> str:
        run = self._client.create_run(self._experiment, tags={NAME: name, **tags})
        return str(run.info.run_id)
