"""headstart: how many labels is self-supervised pretraining worth on your vision task?

    import headstart
    study = headstart.run_study("quickstart")
    study.utility

The names come from `headstart.api`, which is loaded on first use: a spawned worker needs none of it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headstart.api import Study, load_study, load_suite, prepare_study, run_study, run_suite

__all__ = ["Study", "__version__", "load_study", "load_suite", "prepare_study", "run_study", "run_suite"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'headstart' has no attribute '{name}'")
    from headstart import api

    return getattr(api, name)
