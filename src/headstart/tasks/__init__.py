"""What is asked of images. ``TASKS`` holds one class per name; plugins join as ``headstart.tasks``."""

from headstart.registry import with_plugins
from headstart.tasks.base import PooledHead, Task, mlp_layers
from headstart.tasks.classification import Classification

__all__ = ["TASKS", "Classification", "PooledHead", "Task", "mlp_layers"]

TASKS: dict[str, type[Task]] = with_plugins("tasks", {"classification": Classification})
