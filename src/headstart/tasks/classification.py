"""Object classification: which of the dataset's classes an image shows."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone
from headstart.tasks.base import PooledHead, Task, mlp_layers

__all__ = ["Classification"]


class Classification(Task):
    """One label of C per image: cross-entropy, top-1 accuracy as a fraction of images (0 to 1)."""

    name = "classification"
    target = "class"
    primary_metric = "accuracy"

    @classmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        return len(classes)

    def head(self, backbone: Backbone, mlp: bool = False) -> nn.Module:
        layers = mlp_layers if mlp else nn.Linear
        return PooledHead(layers(backbone.dim, self.outputs))

    def constant(self, labelled: Tensor) -> Tensor:
        """Logits ``[C]`` of the most frequent label."""
        return F.one_hot(labelled.mode().values, self.outputs).float()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy in nats of logits ``[B, C]`` against int64 ``[B]``."""
        return F.cross_entropy(output, target)

    def measure(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """``accuracy`` of logits ``[N, C]`` against int64 ``[N]``: the fraction whose largest logit is the label's."""
        # Imported on first use: torchmetrics takes seconds to load, and most commands never measure.
        from torchmetrics.functional.classification import multiclass_accuracy

        accuracy: Tensor = multiclass_accuracy(
            output, target, num_classes=self.outputs, average="micro", validate_args=False
        )
        return {"accuracy": accuracy}
