"""Whitened patches told apart by k-means: features of a single layer that no gradient trained (Coates et al., 2011)."""

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from headstart.backbones.base import Backbone, Features
from headstart.backbones.shipped import PatchesConfig
from headstart.errors import DataError

__all__ = ["PatchFeatures", "PatchesConfig"]

CONTRAST = 0.01
"""Added to the variance of a patch before it is scaled to 1, so that what is flat stays flat."""
CELL = 4
"""Pixels a side of what a location of the dense map is the mean of."""
QUADRANTS = 4
ITERATIONS = 30
"""Of Lloyd's algorithm, at most: what comes later moves few patches."""
CHUNK = 2**20
"""Numbers of maps at full resolution that are held at a time: more than a cache holds take four times as long."""
ALIKE = 4
"""Decimal places up to which patches count as one."""


class PatchFeatures(Backbone):
    """How much nearer than on average each of K centroids is to the patch around a pixel: ``dense`` holds K maps.

    Patches are brought to zero mean and unit deviation, whitened (ZCA) and compared with centroids by
    ``max(0, mean distance - distance)``, the triangle of Coates, Ng & Lee (2011). A location of ``dense [B, K, h, w]``
    is the mean over 4x4 pixels, and ``pooled [B, 4 K]`` are the means over the quadrants of ``dense``: upper left,
    upper right, lower left, lower right. So a head per location has one weight for each centroid, and one for whole
    images knows where a patch was. At the image's edge its last pixels are repeated, so that maps lie on the image.
    Weights are found by ``fit``; before that all are 0.
    """

    name = "patches"
    Config = PatchesConfig
    remedy = "or a smaller size of patches"
    whitening: Tensor
    offset: Tensor
    centroids: Tensor

    def __init__(self, config: PatchesConfig, in_channels: int) -> None:
        super().__init__(in_channels=in_channels, dim=QUADRANTS * config.centroids)
        self.config, self.min_resolution = config, config.size
        numbers = in_channels * config.size**2
        self.register_buffer("whitening", torch.zeros(numbers, in_channels, config.size, config.size))
        self.register_buffer("offset", torch.zeros(numbers))
        self.register_buffer("centroids", torch.zeros(config.centroids, numbers))

    @property
    def dense_dim(self) -> int:
        return self.config.centroids

    def features(self, images: Tensor) -> Features:
        height, width = images.shape[-2:]
        # Differences of distances are small, so that they are taken in float32 whatever the pass around it does.
        with torch.autocast(images.device.type, enabled=False):
            few = max(1, CHUNK // (self.config.centroids * height * width))
            parts = [self._dense(part) for part in images.float().split(few)]  # type: ignore[no-untyped-call]
        dense = torch.cat(parts)
        return Features(F.adaptive_avg_pool2d(dense, 2).flatten(2).transpose(1, 2).flatten(1), dense)

    def _dense(self, images: Tensor) -> Tensor:
        before, after = (self.config.size - 1) // 2, self.config.size // 2
        whitened = self.whiten(F.pad(images, (before, after, before, after), mode="replicate"))
        activation = self._triangle(whitened)
        rows, columns = (-(-side // CELL) for side in images.shape[-2:])
        return F.adaptive_avg_pool2d(activation, (rows, columns))

    def whiten(self, images: Tensor) -> Tensor:
        """Every patch of ``[B, C, H, W]``, whitened: ``[B, P, H - size + 1, W - size + 1]`` of P numbers."""
        size = self.config.size
        mean, square = (F.avg_pool2d(part.mean(dim=1, keepdim=True), size, 1) for part in (images, images.square()))
        scale = 1 / ((square - mean.square()).clamp_min(0) + CONTRAST).sqrt()
        gain = self.whitening.sum(dim=(1, 2, 3))[:, None, None]
        return (F.conv2d(images, self.whitening) - mean * gain) * scale - self.offset[:, None, None]

    def _triangle(self, whitened: Tensor) -> Tensor:
        """Activations ``[B, K, h, w]`` of whitened patches ``[B, P, h, w]``."""
        products = F.conv2d(whitened, self.centroids[:, :, None, None])
        squares = whitened.square().sum(dim=1, keepdim=True)
        distances = products.mul_(-2).add_(squares).add_(self.centroids.square().sum(dim=1)[:, None, None])
        distances = distances.clamp_min_(0).sqrt_()
        return distances.sub_(distances.mean(dim=1, keepdim=True)).neg_().clamp_min_(0)

    def fit(self, patches: Tensor, generator: torch.Generator) -> None:
        """Find whitening and centroids from patches ``[M, C, size, size]``; ``generator`` draws where k-means begins.

        Raises ``DataError`` for fewer distinct patches than centroids.
        """
        even = _even_contrast(patches.flatten(1).double())
        mean, whitening = zca(even, self.config.epsilon)
        whitened = (even - mean) @ whitening
        distinct = len(np.unique(whitened.numpy().round(ALIKE), axis=0))
        if distinct < self.config.centroids:
            raise DataError(
                f"patches.centroids is {self.config.centroids}, and of {len(patches)} patches of training images only "
                f"{distinct} are distinct: set it to {distinct} or less"
            )
        seed = int(torch.randint(2**31, (), generator=generator))
        self.centroids.copy_(torch.from_numpy(k_means(whitened.float().numpy(), self.config.centroids, seed)))
        # ZCA is symmetric, so that its rows are filters.
        self.whitening.copy_(whitening.view_as(self.whitening))
        self.offset.copy_(mean @ whitening)


def _even_contrast(patches: Tensor) -> Tensor:
    """Each of ``[M, P]`` with zero mean and, unless it is flat, unit deviation."""
    variance, mean = torch.var_mean(patches, dim=1, correction=0, keepdim=True)
    return (patches - mean) / (variance + CONTRAST).sqrt()


def zca(patches: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """The mean ``[P]`` of ``patches [M, P]`` and the symmetric ``[P, P]`` that whitens what is centred by it.

    ``epsilon`` is added to each variance (Bell & Sejnowski, 1997).

    >>> patches = torch.randn(500, 3, dtype=torch.float64) @ torch.tensor([[2.0, 1, 0], [0, 1, 0], [0, 0, 3]]).double()
    >>> mean, whitening = zca(patches, 1e-9)
    >>> torch.allclose(((patches - mean) @ whitening).T.cov(correction=0), torch.eye(3).double(), atol=1e-6)
    True
    """
    mean = patches.mean(dim=0)
    variances, directions = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    return mean, directions @ (directions / (variances.clamp_min(0) + epsilon).sqrt()).T


def k_means(points: NDArray[np.float32], centroids: int, seed: int) -> NDArray[np.float32]:
    """``[centroids, P]`` of float32 points ``[M, P]``: scikit-learn's, from one start by k-means++."""
    # Imported on first use: scikit-learn takes a second to load in every process, and most never fit.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(centroids, n_init=1, max_iter=ITERATIONS, random_state=seed).fit(points)
    centres: NDArray[np.float32] = found.cluster_centers_
    return centres
