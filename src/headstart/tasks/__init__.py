"""What is asked of images. ``TASKS`` holds one class per name; plugins join as ``headstart.tasks``."""

from headstart.registry import with_plugins
from headstart.tasks.base import Task
from headstart.tasks.classification import Classification, Pose
from headstart.tasks.depth import Depth
from headstart.tasks.heads import DenseHead, PooledHead, enlarge, mlp_layers
from headstart.tasks.segmentation import Segmentation, check_size

__all__ = [
    "TASKS",
    "Classification",
    "DenseHead",
    "Depth",
    "PooledHead",
    "Pose",
    "Segmentation",
    "Task",
    "check_size",
    "enlarge",
    "mlp_layers",
]

TASKS: dict[str, type[Task]] = with_plugins(
    "tasks", {"classification": Classification, "pose": Pose, "segmentation": Segmentation, "depth": Depth}
)
