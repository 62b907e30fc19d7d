"""What can be combined, is: methods on backbones, and backbones with tasks and protocols, as small as can be."""

from importlib.util import find_spec
from itertools import product

import pytest
import torch

from headstart.backbones import BACKBONES, build_backbone
from headstart.errors import ConfigError
from headstart.methods import METHODS, build_method
from headstart.seeding import torch_generator
from headstart.tasks import TASKS
from headstart.testing import check_method, check_protocol, toy_batch, toy_images, toy_teacher
from headstart.training import PROTOCOLS, check_fits

# The encoder of AMDIM has no batch norms inside: with fewer channels, all ReLUs of a layer may be dead.
SMALL = {
    "resnet9": {"width": 2},
    "resnet50": {"width": 4},
    "amdim": {"width": 8, "resolution": 32, "depth": 1},
    "vit": {"width": 8, "heads": 1, "depth": 1, "patch": 4},
    "timm": {"model": "test_resnet", "options": {"zero_init_last": False}},
}
OPTIONS = {"simmim": {"patch": 4}, "vae": {"resolution": 8}}
FORMS = {False: "whole", True: "split"}
REFUSED = {("cmc", "whole"), ("amdim", "split")}
"""By every backbone: CMC compares halves, and a split backbone names no local maps for AMDIM."""
NEEDS = {"timm": "timm"}
"""Backbones that need a package which headstart does without."""
PLAIN = {"timm"}
"""Backbones that have no half-width form, and name no local maps."""

backbones = pytest.mark.parametrize(
    "backbone",
    [
        pytest.param(
            name, marks=pytest.mark.skipif(find_spec(NEEDS.get(name, "torch")) is None, reason="not installed")
        )
        for name in BACKBONES
    ],
)


def network(backbone, split):
    options = SMALL.get(backbone, {})
    return build_backbone(backbone, options, in_channels=3, split=split, generator=torch_generator("any"))


def others():
    """What else methods are built with; those that are not taught let the teacher be."""
    return {"images": 8, "generator": torch_generator("any"), "teacher": toy_teacher()}


def smallest(backbone):
    """Pixels a side of the smallest images that the backbone takes, whole or split."""
    return network(backbone, split=False).min_resolution


@backbones
@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_its_contract_on_every_backbone(method, backbone):
    if backbone in PLAIN and (METHODS[method].split_backbone or method == "amdim"):
        pytest.skip("refused, as the next test shows")
    check_method(
        method,
        OPTIONS.get(method),
        backbone=backbone,
        backbone_options=SMALL.get(backbone, {}),
        resolution=smallest(backbone),
        batch_size=4,
    )


@backbones
def test_methods_take_both_forms_of_a_backbone_or_refuse_one_by_name(backbone):
    images, refused = toy_images(8, resolution=smallest(backbone)), {}
    for name, split in product(METHODS, FORMS):
        kind = METHODS[name]
        try:
            options = OPTIONS.get(name, {})
            method = build_method(name, options, network(backbone, split), **others())
        except ConfigError as error:
            refused[name, FORMS[split]] = str(error)
            continue
        batch = toy_batch(images, batch_size=4, views=kind.views, shared_flip=kind.shared_flip)
        assert torch.isfinite(method.step(batch).loss), name
    if backbone in PLAIN:
        assert set(refused) == REFUSED | {("amdim", "whole")} | {(name, "split") for name in METHODS}
        return
    assert set(refused) == REFUSED
    assert all(f"method '{name}'" in said for (name, _), said in refused.items())


def test_a_backbone_without_local_maps_is_refused_by_amdim_alone(monkeypatch):
    kind = BACKBONES["resnet9"]
    monkeypatch.setitem(BACKBONES, "blind", type("Blind", (kind,), {"name": "blind", "local_stages": None}))
    refused = set()
    for name in METHODS:
        blind = build_backbone(
            "blind",
            {"width": 2},
            in_channels=3,
            split=METHODS[name].split_backbone,
            generator=torch_generator("any"),
        )
        try:
            build_method(name, {}, blind, **others())
        except ConfigError:
            refused.add(name)
    assert refused == {"amdim"}


def fits(protocol, task):
    try:
        check_fits(PROTOCOLS[protocol], TASKS[task])
    except ConfigError:
        return False
    return True


def test_what_protocols_refuse():
    assert {pair for pair in product(PROTOCOLS, TASKS) if not fits(*pair)} == {
        ("knn", "segmentation"),
        ("knn", "depth"),
        ("logistic", "segmentation"),
        ("logistic", "depth"),
    }


@backbones
@pytest.mark.parametrize("split", FORMS, ids=FORMS.values())
@pytest.mark.parametrize(("protocol", "task"), [pair for pair in product(PROTOCOLS, TASKS) if fits(*pair)])
def test_every_task_is_learned_by_every_protocol_on_every_backbone(protocol, task, backbone, split):
    if split and backbone in PLAIN:
        pytest.skip("it has no half")
    options = SMALL.get(backbone, {})
    check_protocol(
        protocol,
        task=task,
        backbone=backbone,
        backbone_options=options,
        split=split,
        resolution=smallest(backbone),
    )
