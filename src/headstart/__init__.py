"""headstart: how many labels is self-supervised pretraining worth on your vision task?

    import headstart
    study = headstart.run_study("quickstart")
    study.utility

The names come from modules that are loaded on first use: a spawned worker needs none of them.
"""

from typing import TYPE_CHECKING

from headstart.lazy import lazily

if TYPE_CHECKING:
    from headstart.advice import advise
    from headstart.api import Study, fit_study, load_study, load_suite, prepare_study, run_study, run_suite
    from headstart.data.exchange.frames import import_frame
    from headstart.data.exchange.memory import import_arrays
    from headstart.exporting import export_weights
    from headstart.reproduction.verb import reproduce
    from headstart.runs import compare_studies, list_runs
    from headstart.tuned import Tuned
    from headstart.tuning import tune_study

__all__ = [
    "Study",
    "Tuned",
    "__version__",
    "advise",
    "compare_studies",
    "export_weights",
    "fit_study",
    "import_arrays",
    "import_frame",
    "list_runs",
    "load_study",
    "load_suite",
    "prepare_study",
    "reproduce",
    "run_study",
    "run_suite",
    "tune_study",
]

__version__ = "0.1.0"

__getattr__ = lazily(
    "headstart",
    {
        **dict.fromkeys(
            ["Study", "fit_study", "load_study", "load_suite", "prepare_study", "run_study", "run_suite"],
            "headstart.api",
        ),
        **dict.fromkeys(["compare_studies", "list_runs"], "headstart.runs"),
        "advise": "headstart.advice",
        "reproduce": "headstart.reproduction.verb",
        "export_weights": "headstart.exporting",
        "import_arrays": "headstart.data.exchange.memory",
        "import_frame": "headstart.data.exchange.frames",
        "Tuned": "headstart.tuned",
        "tune_study": "headstart.tuning",
    },
)
