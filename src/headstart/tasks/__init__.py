"""What is asked of images. ``TASKS`` holds one class per name; plugins join as ``headstart.tasks``."""

from typing import TYPE_CHECKING

from headstart.lazy import lazily
from headstart.registry import Registry
from headstart.tasks import shipped
from headstart.tasks.traits import TaskTraits

if TYPE_CHECKING:
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
    "TaskTraits",
    "check_size",
    "enlarge",
    "mlp_layers",
]

TASKS: "Registry[type[Task], type[TaskTraits]]" = Registry(
    "tasks",
    {
        "classification": ("headstart.tasks.classification:Classification", shipped.ClassificationTraits),
        "pose": ("headstart.tasks.classification:Pose", shipped.PoseTraits),
        "segmentation": ("headstart.tasks.segmentation:Segmentation", shipped.SegmentationTraits),
        "depth": ("headstart.tasks.depth:Depth", shipped.DepthTraits),
    },
)

__getattr__ = lazily(
    __name__,
    {
        "Classification": "headstart.tasks.classification",
        "DenseHead": "headstart.tasks.heads",
        "Depth": "headstart.tasks.depth",
        "PooledHead": "headstart.tasks.heads",
        "Pose": "headstart.tasks.classification",
        "Segmentation": "headstart.tasks.segmentation",
        "Task": "headstart.tasks.base",
        "check_size": "headstart.tasks.segmentation",
        "enlarge": "headstart.tasks.heads",
        "mlp_layers": "headstart.tasks.heads",
    },
)
