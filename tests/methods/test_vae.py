import numpy as np
import pytest
import torch

from headstart.backbones import build_backbone
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import ConfigError
from headstart.methods import VAE, build_method
from headstart.methods.vae import decoder, kl_divergence, reconstruction_error
from headstart.seeding import torch_generator
from headstart.testing import check_method, toy_batch, toy_images


def vae(width=2, **options):
    backbone = build_backbone("resnet9", {"width": width}, in_channels=3, generator=torch_generator("any"))
    return build_method("vae", options, backbone, images=8, generator=torch_generator("any"))


@pytest.fixture
def known(golden):
    """The reference's arrays. Of ``interp_input`` only the pixels that the resizing keeps are there, the rest are 0;
    of the two cases that differ in the weight alone the images are left out.
    """
    return {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "vae.npz").items()}


@pytest.mark.golden
@pytest.mark.parametrize("case", ["same_res", "interp", "default_lmd", "lmd0"])
def test_losses(known, case):
    now = {key.removeprefix(f"{case}_"): value for key, value in known.items() if key.startswith(f"{case}_")}
    error = now["mse"].float()
    if "input" in now:
        error = reconstruction_error(now["out_img"].float(), now["input"].float())
        torch.testing.assert_close(error, now["mse"].float(), rtol=1e-6, atol=0)
    divergence = kl_divergence(now["mu"], now["logvar"])
    if now["lmd"] > 0:  # The reference does not compute a divergence that counts for nothing.
        torch.testing.assert_close(divergence, now["kld_sum"].float(), rtol=1e-6, atol=0)
    torch.testing.assert_close(error + now["lmd"].float() * divergence, now["vae_loss"].float(), rtol=1e-6, atol=0)


@pytest.mark.golden
@pytest.mark.parametrize(("case", "resolution"), [("same_res", 32), ("interp", 64)])
def test_a_step_adds_up_as_the_reference_does(known, monkeypatch, case, resolution):
    method = vae(resolution=32, kl_weight=known[f"{case}_lmd"].item())
    arrays = {name: known[f"{case}_{name}"].float() for name in ("mu", "logvar", "out_img")}
    for module, name in (("mean", "mu"), ("log_variance", "logvar"), ("decoder", "out_img")):
        monkeypatch.setattr(getattr(method, module), "forward", lambda *_, name=name: arrays[name])
    images = toy_images(6, resolution=resolution)
    batch = toy_batch(images, batch_size=6)
    batch.views[0].copy_(known[f"{case}_input"])
    monkeypatch.setattr(method, "_draw", lambda mean, *_: mean[:, : method.backbone.dim])
    result = method.step(batch)
    torch.testing.assert_close(result.loss, known[f"{case}_vae_loss"].float(), rtol=1e-6, atol=0)
    torch.testing.assert_close(result.metrics["mse"], known[f"{case}_mse"].float(), rtol=1e-6, atol=0)
    torch.testing.assert_close(result.metrics["kl"], known[f"{case}_kld_sum"].float(), rtol=1e-6, atol=0)


@pytest.mark.golden
def test_sizes_of_the_reference_s_decoders():
    sizes = {(256, 32): 3_673_091, (256, 64): 3_804_163, (512, 64): 4_852_739}
    for (dim, resolution), expected in sizes.items():
        layers = decoder(dim, 256, 3, resolution)
        assert sum(parameter.numel() for parameter in layers.parameters()) == expected


@pytest.mark.parametrize("resolution", [8, 16, 32, 64, 128])
def test_reconstructions_have_the_resolution_asked_for(resolution):
    assert decoder(4, 3, 2, resolution)(torch.randn(2, 4, 1, 1)).shape == (2, 2, resolution, resolution)


@pytest.mark.parametrize("options", [{"resolution": 8}, {"channels": 3}, {"kl_weight": 0.0}])
def test_contract_with_options(options):
    check_method("vae", options)


@pytest.mark.parametrize("backbone", ["resnet50", "amdim", "vit"])
def test_contract_on_other_backbones(backbone):
    small = {
        "resnet50": {"width": 4},
        "amdim": {"width": 2, "resolution": 32},
        "vit": {"width": 12, "heads": 1, "depth": 2},
    }
    check_method("vae", {"resolution": 8}, backbone=backbone, backbone_options=small[backbone], resolution=32)


def test_a_small_network_gets_a_small_decoder():
    first = [vae(width).decoder[0].out_channels for width in (2, 16, 64)]
    assert first == [8, 64, 256]
    assert (
        build_method(
            "vae",
            {},
            build_backbone("resnet9", {"width": 16, "features": 512}, in_channels=3, generator=torch_generator("any")),
            images=8,
            generator=torch_generator("any"),
        )
        .decoder[0]
        .out_channels
        == 256
    )


def test_codes_are_noisy_in_training_and_their_means_in_evaluation():
    method, batch = vae(resolution=16), toy_batch(toy_images(8))
    seen = []
    method.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    method.eval().step(batch)
    mean = method.mean(method.backbone(batch.views[0]).pooled)
    torch.testing.assert_close(seen[0].flatten(1), mean)
    method.train()
    method.step(batch)
    method.step(batch)  # The generator has moved on.
    assert not torch.equal(seen[1], seen[2])


def test_noise_has_the_spread_that_the_encoder_gives():
    method = vae()
    batch = toy_batch(toy_images(8), batch_size=4000)
    mean, log_variance = torch.full((4000, 2), 3.0), torch.tensor([[0.0, 2.0]]).expand(4000, 2)
    codes = method._draw(mean, log_variance, batch)
    torch.testing.assert_close(codes.mean(dim=0), mean[0], atol=0.25, rtol=0)
    torch.testing.assert_close(codes.std(dim=0), (0.5 * log_variance[0]).exp(), atol=0, rtol=0.08)


def test_it_learns_to_draw():
    method, images = vae(4, resolution=16), toy_images(32, noise=0.1)
    optimizer = torch.optim.Adam(method.parameters(), lr=3e-3)
    errors = []
    for step in range(40):
        result = method.step(toy_batch(images, batch_size=16, step=step))
        optimizer.zero_grad()
        result.loss.backward()
        optimizer.step()
        errors.append(result.metrics["mse"].item())
    assert np.mean(errors[-5:]) < 0.7 * np.mean(errors[:5])


def test_a_step_in_half_precision():
    method = vae()
    with torch.autocast("cpu", torch.bfloat16):
        result = method.step(toy_batch(toy_images(8)))
    assert result.loss.dtype == torch.float32
    result.loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in method.parameters())


def test_wrong_options_are_refused():
    with pytest.raises(ConfigError, match="method 'vae': key 'resolution' is 48"):
        vae(resolution=48)
    with pytest.raises(ConfigError, match="method 'vae': key 'kl_weight' is -1"):
        vae(kl_weight=-1)


def test_exceptions_of_the_study():
    assert VAE.augment(AugmentConfig()) == AugmentConfig(cutout=False)
