"""torchvision where its compiled operators do not fit this torch: nothing here uses them, but its import fails.

timm imports it, and torchmetrics does wherever it is installed.
"""

import sys
from functools import cache
from importlib.util import find_spec
from types import ModuleType

__all__ = ["spare_torchvision"]

OPERATORS = "torchvision._meta_registrations"
"""What asks for the compiled operators when torchvision is imported."""


@cache
def spare_torchvision() -> bool:
    """Import torchvision, if it is installed, at least its Python half; whether there is one to be had."""
    if find_spec("torchvision") is None:
        return False
    if not _imports():
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]  # what the failed import left behind
        sys.modules[OPERATORS] = ModuleType(OPERATORS)
        return _imports()
    return True


def _imports() -> bool:
    try:
        import torchvision  # type: ignore[import-not-found,import-untyped,unused-ignore] # noqa: F401
    except (ImportError, RuntimeError):
        return False
    return True
