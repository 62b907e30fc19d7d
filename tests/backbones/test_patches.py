"""Features of patches against their definition and scikit-learn's whitening; what cannot be fitted is refused."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from headstart.backbones import load_weights, save_weights
from headstart.backbones.patches import PatchesConfig, PatchFeatures, zca
from headstart.data.dataset import ImageSet
from headstart.errors import ConfigError, DataError
from headstart.seeding import torch_generator
from headstart.tasks import TASKS
from headstart.testing import toy_images
from headstart.testing.toys import toy_target
from headstart.training import PROTOCOLS, SupervisedConfig, evaluate, fit

HALVES = (slice(0, 2), slice(2, 4))
SMALL = {"size": 3, "centroids": 5, "sample": 400}


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch_generator("patches", seed))


def fitted(channels=3, seed=0, **options):
    network = PatchFeatures(PatchesConfig(**SMALL | options), channels)
    size = network.config.size
    network.fit(noise(400, channels, size, size).cumsum(dim=-1), torch_generator("k-means", seed))
    return network


def test_whitening_is_scikit_learns():
    """ZCA is PCA's whitening, turned back to where patches came from."""
    patches = noise(300, 12) @ noise(12, 12, seed=1) + 5
    mean, whitening = zca(patches.double(), 1e-12)
    theirs = PCA(whiten=True).fit(patches.double().numpy())
    turned = theirs.transform(patches.double().numpy()) @ theirs.components_ * np.sqrt(300 / 299)
    np.testing.assert_allclose((patches.double() - mean) @ whitening, turned, atol=1e-6)


def by_definition(network, patch):
    """What a patch ``[C, size, size]`` of an image excites."""
    numbers = patch.flatten().double().numpy()
    even = (numbers - numbers.mean()) / np.sqrt(numbers.var() + 0.01)
    whitened = network.whitening.flatten(1).double().numpy() @ even - network.offset.double().numpy()
    distances = np.linalg.norm(network.centroids.double().numpy() - whitened, axis=1)
    return np.maximum(0, distances.mean() - distances)


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", [3, 4])
def test_features_are_means_of_triangles(channels, size):
    network, images = fitted(channels, size=size), noise(2, channels, 12, 12, seed=2)
    features = network(images)
    assert features.dense.shape == (2, 5, 3, 3)
    assert features.pooled.shape == (2, 20)
    before = (size - 1) // 2
    corner = [(row - before, column - before) for row in range(4, 8) for column in range(4, 8)]
    inner = [by_definition(network, images[1, :, y : y + size, x : x + size]) for y, x in corner]
    np.testing.assert_allclose(features.dense[1, :, 1, 1], np.mean(inner, axis=0), atol=1e-5)
    assert (features.dense > 0).any()


def test_pooled_features_are_means_of_quadrants():
    features = fitted()(noise(2, 3, 16, 16))
    quadrants = [features.dense[:, :, rows, columns].mean(dim=(2, 3)) for rows in HALVES for columns in HALVES]
    torch.testing.assert_close(features.pooled, torch.cat(quadrants, dim=1))


def test_an_image_is_seen_the_same_in_any_batch_and_precision(monkeypatch):
    network, images = fitted(), noise(5, 3, 16, 16)
    alone = network(images[3:4]).pooled[0]
    monkeypatch.setattr("headstart.backbones.patches.CHUNK", 3000)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(network(images).pooled[3], alone)


def test_centroids_are_as_good_as_scikit_learns_and_depend_on_the_generator_alone():
    network, again, other = fitted(), fitted(), fitted(seed=1)
    assert torch.equal(network.centroids, again.centroids)
    assert not torch.equal(network.centroids, other.centroids)
    patches = noise(400, 3, 3, 3).cumsum(dim=-1)
    whitened = network.whiten(patches).flatten(1).numpy()
    best = KMeans(5, n_init=10, random_state=0).fit(whitened).inertia_
    for found in (network, other):
        apart = np.linalg.norm(whitened[:, None] - found.centroids.numpy(), axis=2)
        assert np.square(apart.min(axis=1)).sum() < 1.1 * best


def test_weights_come_back_from_disk(tmp_path):
    network, other = fitted(), PatchFeatures(PatchesConfig(**SMALL), 3)
    save_weights(network, tmp_path / "weights.safetensors")
    load_weights(other, tmp_path / "weights.safetensors")
    images = noise(2, 3, 8, 8)
    assert torch.equal(network(images).dense, other(images).dense)


def test_fewer_distinct_patches_than_centroids_are_refused():
    """Flat patches are alike whatever their color."""
    flat = torch.cat([torch.arange(396.0)[:, None, None, None].expand(-1, 3, 3, 3), noise(4, 3, 3, 3)])
    said = "patches.centroids is 6, and of 400 patches of training images only 5 are distinct: set it to 5 or less"
    with pytest.raises(DataError, match=said):
        PatchFeatures(PatchesConfig(size=3, centroids=6, sample=400), 3).fit(flat, torch_generator())
    PatchFeatures(PatchesConfig(size=3, centroids=5, sample=400), 3).fit(flat, torch_generator())


def test_what_images_do_not_have_is_refused():
    with pytest.raises(ConfigError, match="size is 6 px and images are 5 px: set it to 5 or less"):
        PatchesConfig().check(images=100, resolution=5)
    with pytest.raises(ConfigError, match="sample is 20000, and 40 training images of 16 px have 4840 patches of 6 px"):
        PatchesConfig().check(images=40, resolution=16)
    with pytest.raises(ValueError, match="centroids is 200 and sample, .* is 100: lower centroids or raise sample"):
        PatchesConfig(sample=100)
    with pytest.raises(ConfigError, match="resolution 2 is too small .*'patches': .* smaller size of patches"):
        fitted()(noise(1, 3, 2, 2))


@pytest.mark.parametrize(
    ("protocol", "task"),
    [
        *((name, "classification") for name, protocol in PROTOCOLS.items() if protocol.frozen),
        *((name, "segmentation") for name, protocol in PROTOCOLS.items() if protocol.frozen and protocol.per_location),
    ],
)
def test_every_protocol_that_freezes_a_backbone_reads_it(protocol, task):
    how, asked, images = PROTOCOLS[protocol], TASKS[task](("ball", "box", "cone", "ring")), toy_images(24)
    labelled = ImageSet(images.images, {asked.target: toy_target(asked, 24)})
    config = how.Config(steps=2) if issubclass(how.Config, SupervisedConfig) else how.Config()
    model, report = fit(protocol, fitted(), asked, labelled, config.for_labels(24), seed=0)
    assert report.failure is None
    assert evaluate(model, labelled)[asked.primary_metric] > 0
