"""What ships: the options and traits of each pretext method, which a study file is checked against without torch.

The first line of each docstring is what ``headstart list methods`` shows.
"""

from typing import Annotated, Literal

from pydantic import Field

from headstart.methods.traits import MethodTraits
from headstart.schema import Schema
from headstart.space import Space

__all__ = [
    "AMDIMConfig",
    "AMDIMTraits",
    "BYOLConfig",
    "BYOLTraits",
    "BarlowTwinsConfig",
    "BarlowTwinsTraits",
    "CMCConfig",
    "CMCTraits",
    "DistillConfig",
    "DistillTraits",
    "RotationConfig",
    "RotationTraits",
    "SimCLRConfig",
    "SimCLRTraits",
    "SimMIMConfig",
    "SimMIMTraits",
    "TwoViewsTraits",
    "VAEConfig",
    "VAETraits",
    "VICRegConfig",
    "VICRegTraits",
]


class TwoViewsTraits(MethodTraits):
    """Of a method that compares projections of two independently augmented views of an image.

    A single image has nothing to be compared with, and nothing to be normalised over.
    """

    views = 2
    fewest_images = 2
    unsuited = frozenset({"crop", "cutout"})
    added = frozenset({"zoom"})


class RotationConfig(Schema):
    """Rotation prediction has no options."""


class RotationTraits(MethodTraits):
    """Tell how many quarter turns an image took (Gidaris et al., 2018)."""

    name = "rotation"
    Config = RotationConfig


class CMCConfig(Schema):
    """negatives: K drawn per image; no more are drawn than there are images. temperature: T.

    momentum: how much of its old value a memory row keeps (0..1).
    """

    negatives: Annotated[int, Space.log(256, 16384, about="negatives per image")] = Field(default=4096, ge=1)
    temperature: Annotated[float, Space.log(0.02, 0.5, about="temperature")] = Field(default=0.1, gt=0)
    momentum: Annotated[float, Space.uniform(0.0, 0.9, about="of the memory")] = Field(default=0.4, ge=0, le=1)


class CMCTraits(MethodTraits):
    """Match an image's lightness with its color (Tian et al., 2020)."""

    name = "cmc"
    Config = CMCConfig
    split_backbone = True
    remembers = True
    colors = frozenset({"lab"})
    why_colors = "lightness apart from color, which are its two views of an image"
    unsuited = frozenset({"jitter"})


class VAEConfig(Schema):
    """kl_weight: lambda, what a nat of the divergence from the prior, summed over the batch, weighs against the error.

    resolution: pixels a side of the reconstruction. It must be known before there are images, so images of another size
    are resized to it (nearest pixel) where the two are compared. The study has 32 for images of 32 px, and 64 for those
    of 64 and of 128 px. channels: of the decoder's maps up to 16 px a side, halved with each doubling after that; where
    not given, as many as the backbone has features, 256 at most, so that a small network gets a small decoder.
    """

    kl_weight: Annotated[float, Space.log(1e-7, 1e-3, about="weight of the prior")] = Field(default=1e-5, ge=0)
    resolution: Literal[8, 16, 32, 64, 128, 256] = 64
    channels: int | None = Field(default=None, ge=1)


class VAETraits(MethodTraits):
    """Draw the image anew from a noisy code (Kingma & Welling, 2014)."""

    name = "vae"
    Config = VAEConfig
    unsuited = frozenset({"cutout"})


class AMDIMConfig(Schema):
    """tanh_clip: scores are squeezed into ± this many nats; the study has 30 on synthetic images and 10 elsewhere."""

    tanh_clip: Annotated[float, Space.log(5.0, 50.0, about="bound of scores")] = Field(default=30.0, gt=0)


class AMDIMTraits(MethodTraits):
    """Find positions of an image's other view (Bachman et al., 2019)."""

    name = "amdim"
    Config = AMDIMConfig
    views = 2
    shared_flip = True
    fewest_images = 2


class SimCLRConfig(Schema):
    """temperature: by which similarities are divided. hidden, outputs: widths of the projector's two layers.

    hidden: as many as the backbone has features where not given, as in the paper, and 128 at least. The temperature is
    the authors' for images of 32 px; their 0.1 for large images goes with batches of thousands.
    """

    temperature: Annotated[float, Space.log(0.05, 1.0, about="temperature")] = Field(default=0.5, gt=0)
    hidden: int | None = Field(default=None, ge=1)
    outputs: int = Field(default=128, ge=1)


class SimCLRTraits(TwoViewsTraits):
    """Find an image's other view in the batch (Chen et al., 2020)."""

    name = "simclr"
    Config = SimCLRConfig


class BYOLConfig(Schema):
    """momentum: how much of its own weights the target keeps at each step (0..1), the paper's tau.

    It stays what it is: the paper's rise to 1 would make a step depend on how many there will be. The target follows
    1 / (1 - momentum) steps behind, so that short runs want it lower and long ones higher. hidden, outputs: widths of
    the projector's and of the predictor's two layers; hidden is twice the backbone's features where not given, as in
    the paper, and 128 at least.
    """

    momentum: Annotated[float, Space.uniform(0.9, 0.999, about="of the target")] = Field(default=0.99, ge=0, le=1)
    hidden: int | None = Field(default=None, ge=1)
    outputs: int = Field(default=256, ge=1)


class BYOLTraits(TwoViewsTraits):
    """Foresee a slow copy's answer to another view (Grill et al., 2020)."""

    name = "byol"
    Config = BYOLConfig


class BarlowTwinsConfig(Schema):
    """redundancy: weight of the off-diagonal of the cross-correlation, the paper's lambda.

    hidden, outputs: widths of the projector's first two layers and of its last; each is 4 times the backbone's features
    where not given, as in the paper, and 128 at least.
    """

    redundancy: Annotated[float, Space.log(5e-4, 5e-2, about="weight of the off-diagonal")] = Field(default=5e-3, ge=0)
    hidden: int | None = Field(default=None, ge=1)
    outputs: int | None = Field(default=None, ge=1)


class BarlowTwinsTraits(TwoViewsTraits):
    """Correlate each feature with itself alone (Zbontar et al., 2021)."""

    name = "barlow_twins"
    Config = BarlowTwinsConfig


class VICRegConfig(Schema):
    """invariance, variance, covariance: weights of the three terms, the paper's lambda, mu and nu.

    hidden, outputs: widths of the projector's first two layers and of its last; each is 4 times the backbone's features
    where not given, as in the paper, and 128 at least.
    """

    invariance: Annotated[float, Space.log(2.5, 100.0, about="weight of likeness")] = Field(default=25.0, ge=0)
    variance: Annotated[float, Space.log(2.5, 100.0, about="weight of spread")] = Field(default=25.0, ge=0)
    covariance: Annotated[float, Space.log(0.1, 25.0, about="weight of difference")] = Field(default=1.0, ge=0)
    hidden: int | None = Field(default=None, ge=1)
    outputs: int | None = Field(default=None, ge=1)


class VICRegTraits(TwoViewsTraits):
    """Views are close, features vary and differ (Bardes et al., 2022)."""

    name = "vicreg"
    Config = VICRegConfig


class SimMIMConfig(Schema):
    """patch: side in pixels of the squares that are hidden or not; it must divide the images' resolution.

    ratio: share of an image's patches that is hidden. The paper has patches of 32 px in images of 192 px.
    """

    patch: Annotated[int, Space.choice(2, 4, 8, about="pixels a side of a patch")] = Field(default=8, ge=1)
    ratio: Annotated[float, Space.uniform(0.3, 0.8, about="share that is hidden")] = Field(default=0.6, gt=0, lt=1)


class SimMIMTraits(MethodTraits):
    """Paint the patches of an image that are hidden (Xie et al., 2022)."""

    name = "simmim"
    Config = SimMIMConfig
    unsuited = frozenset({"crop", "jitter", "grayscale", "cutout"})
    added = frozenset({"zoom"})


class DistillConfig(Schema):
    """loss: ``cosine`` between the student's projected features and the teacher's, or ``mse`` from the teacher's
    standardised ones. local: what the loss of locations weighs beside that of whole images; 0 leaves it out.

    projector: from the student's features to the teacher's, ``linear`` or ``mlp``, of one hidden layer. hidden: its
    width; where not given, as many as the teacher has features, and 128 at least.
    """

    loss: Annotated[Literal["cosine", "mse"], Space.choice("cosine", "mse", about="distance of features")] = "cosine"
    local: Annotated[float, Space.uniform(0.0, 4.0, about="weight of locations")] = Field(default=1.0, ge=0)
    projector: Annotated[Literal["linear", "mlp"], Space.choice("linear", "mlp", about="from student to teacher")] = (
        "linear"
    )
    hidden: int | None = Field(default=None, ge=1)


class DistillTraits(MethodTraits):
    """Foresee the features of a trained network (Romero et al., 2015).

    Student and teacher see the same view, of whose making all is allowed that leaves something to see.
    """

    name = "distill"
    Config = DistillConfig
    taught = True
    unsuited = frozenset({"crop", "cutout"})
    added = frozenset({"zoom"})
