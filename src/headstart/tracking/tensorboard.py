"""Numbers for TensorBoard."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import ConfigError
from headstart.tracking.base import Scalar, Tracker

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["TensorBoardTracker"]

FOLDER = "tensorboard"


class TensorBoardTracker(Tracker):
    """Event files in ``runs/NAME/tensorboard``, a run of TensorBoard per series."""

    def __init__(self, folder: Path, study: str, settings: Mapping[str, str]) -> None:
        try:
            import tensorboard  # noqa: F401 - torch's own message names no extra
        except ImportError as error:
            raise ConfigError(
                f"TensorBoard is not installed ({error}): pip install 'headstart[tracking]', or leave it out of --track"
            ) from error
        self._folder, self._writers = folder / FOLDER, dict[str, "SummaryWriter"]()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._writer(study).add_text("study", "\n".join(f"    {key}: {value}" for key, value in settings.items()))

    def log(self, scalar: Scalar) -> None:
        self._writer(scalar.series).add_scalar(scalar.name, scalar.value, scalar.step)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _writer(self, series: str) -> "SummaryWriter":
        from torch.utils.tensorboard import SummaryWriter

        if series not in self._writers:
            # Every writer has a thread and a file of its own: what they hold is written when they are closed.
            self._writers[series] = SummaryWriter(str(self._folder / series.replace("/", " ")))
        return self._writers[series]
