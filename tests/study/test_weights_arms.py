"""Weights as arms: exported from one study, started from in another, and read by plain torch."""

import shutil
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from in_process import Here
from safetensors.torch import load_file, save_file

from headstart.api import Study, prepare_study
from headstart.backbones import build_backbone, save_weights
from headstart.backbones.card import read_card
from headstart.backbones.resnet9 import ResNet9
from headstart.data.transforms.color import normalise, restore
from headstart.data.transforms.config import Normalisation
from headstart.errors import CheckpointError, ConfigError
from headstart.exporting import export_weights
from headstart.methods import Teacher
from headstart.schema import validate
from headstart.study.config.checks import check_study
from headstart.study.config.settle import settle
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite, load_suite
from headstart.study.config.weights import weights_of
from headstart.study.jobs.dataset import open_dataset
from headstart.study.running import estimate
from headstart.study.running.launchers import LAUNCHERS
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store
from headstart.study.running.timing import views_per_second
from headstart.tasks import TASKS

TINY = {
    "name": "first",
    "dataset": {"images": 120, "resolution": 16, "samples": 1, "factors": "T---"},
    "backbone": {"options": {"width": 4}},
    "arms": {"rotation": {}},
    "controls": [],
    "pretrain": {"steps": 6, "batch_size": 16},
    "protocols": {"finetune": {"steps": 4, "batch_size": 8}, "knn": {"precision": "float32"}},
    "budgets": [20, 40],
    "trials": 2,
    "device": "cpu",
}


def run(values, folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LAUNCHERS, "local", Here)
        prepared = prepare_study(validate(StudyConfig, values, "study"), out=folder / "runs", store=folder / "store")
        prepared.execute()
    return Study(prepared.run)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return folder, run(TINY, folder)


@pytest.fixture(scope="module")
def exported(first):
    folder, study = first
    return export_weights(study.folder, "rotation", folder / "rotation.safetensors", license="CC0-1.0")


def with_arms(file, **arms):
    given = {name: {"weights": str(file), **keys} for name, keys in arms.items()}
    return TINY | {"name": "second", "arms": {"rotation": {}, **given}}


def test_a_card_says_what_the_weights_are_and_how_they_did(exported, first):
    card = read_card(exported)
    assert card.backbone["name"] == "resnet9"
    assert (card.method, card.license, card.channels) == ("rotation", "CC0-1.0", 3)
    assert len(card.input.mean) == 3
    accuracy = first[1].tables.summary.query("arm == 'rotation' and protocol == 'knn'")["value"]
    assert [row["value"] for row in card.scores if row["protocol"] == "knn"] == pytest.approx(accuracy.tolist())


def test_weights_are_an_arm_that_knows_its_file_and_go_on_in_another_method(exported, first):
    study = run(with_arms(exported, kept={}, onward={"method": "simclr"}), first[0])
    arms = study.tables.arms.set_index("arm")
    assert arms.loc["kept", ["method", "note"]].tolist() == ["weights", "from rotation.safetensors"]
    assert arms.loc["onward", "method"] == "simclr"
    frozen = study.results.query("protocol == 'knn' and split == 'test'")
    of_arms = {arm: rows["value"].tolist() for arm, rows in frozen.groupby("arm")}
    assert of_arms["kept"] == of_arms["rotation"], "the same weights give the same features"
    assert of_arms["onward"] != of_arms["kept"]
    assert study.tables.missing.empty


def expected_with(file, said):
    values = with_arms(file, kept={"input": said}) | {"color": "rgb"}
    return weights_of(validate(StudyConfig, values, "study"), "kept")[1]


def test_of_an_input_that_is_said_in_part_the_rest_is_the_cards(exported):
    kept = read_card(exported).input
    smaller = expected_with(exported, {"resolution": 32})
    assert (smaller.color, smaller.mean, smaller.deviation) == (kept.color, kept.mean, kept.deviation)
    assert smaller.resolution == 32
    shifted = expected_with(exported, {"mean": [1.0, 2.0, 3.0]})
    assert (shifted.mean, shifted.deviation) == ((1.0, 2.0, 3.0), kept.deviation)
    other = expected_with(exported, {"color": {"rgb": "lab", "lab": "rgb"}[kept.color]})
    assert (other.mean, other.deviation) == (None, None), "those of one color space mean nothing in another"


def test_a_card_that_no_version_wrote_is_named(tmp_path):
    file = tmp_path / "odd.safetensors"
    save_file({"a": torch.zeros(2)}, file, {"headstart": '{"channels": 3}'})
    with pytest.raises(CheckpointError, match="the card in .*odd.safetensors cannot be read at backbone"):
        read_card(file)


def test_utility_is_measured_against_weights_where_they_are_the_baseline(exported, first):
    study = run(with_arms(exported, kept={}) | {"name": "third", "baseline": "kept"}, first[0])
    assert set(study.utility["arm"]) == {"rotation"}
    assert set(study.tables.arms.set_index("arm")["role"].to_dict().items()) == {
        ("kept", "baseline"),
        ("rotation", "compared"),
    }


PLAIN = """
import json, sys
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from headstart.backbones import build_backbone, save_weights

weights, images = sys.argv[1:]
with safe_open(weights, "pt") as file:
    card = json.loads(file.metadata()["headstart"])
backbone = build_backbone(**card["backbone"], in_channels=card["channels"], generator=torch.Generator()).eval()
backbone.load_state_dict(load_file(weights))
mean, deviation = (torch.tensor(card["input"][name])[:, None, None] for name in ("mean", "deviation"))
with torch.no_grad():
    features = {name: backbone((held - mean) / deviation).pooled for name, held in load_file(images).items()}
torch.save(features, images + ".features")
"""


def test_a_fresh_process_with_plain_torch_finds_the_recorded_accuracy_again(exported, first, tmp_path):
    folder, study = first
    store, plan = Store(folder / "store"), make_plan(load_suite(study.folder / "study.yaml").settled())
    point = next(one for one in plan.points if (one.arm, one.protocol) == ("rotation", "knn"))
    dataset = open_dataset(store.folder(point.job.dataset), point.job.start.input, torch.device("cpu"))
    nothing, color = Normalisation((0.0,) * 3, (1.0,) * 3), read_card(exported).input.color
    taught, asked = point.job.labelled(dataset, TASKS["classification"](dataset.classes)), dataset.splits["test"]
    raw = {name: images.raw(torch.arange(len(images))) for name, images in (("taught", taught), ("asked", asked))}
    save_file({name: normalise(held, color, nothing).contiguous() for name, held in raw.items()}, tmp_path / "images")
    command = [sys.executable, "-c", PLAIN, str(exported), str(tmp_path / "images")]
    subprocess.run(command, check=True, timeout=120)
    features = torch.load(tmp_path / "images.features", weights_only=True)
    said = neighbours(features["taught"], taught.targets_at(torch.arange(len(taught)))["class"], features["asked"])
    accuracy = (said == asked.targets_at(torch.arange(len(asked)))["class"]).float().mean()
    (recorded,) = study.results[(study.results["job"] == point.job.key) & (study.results["split"] == "test")]["value"]
    assert accuracy == pytest.approx(recorded)


def neighbours(known, labels, features, count=20, temperature=0.07):
    """The classes that weighted votes of the nearest by cosine give (Wu et al., 2018), features standardised."""
    mean, deviation = known.mean(0), known.std(0, correction=0).clamp_min(1e-6)
    known, features = (F.normalize((each - mean) / deviation, dim=1) for each in (known, features))
    nearest, rows = (features @ known.T).topk(min(count, len(known)), dim=1)
    votes = F.softmax(nearest / temperature, dim=1)[:, :, None] * F.one_hot(labels.long())[rows]
    return votes.sum(1).argmax(1)


def test_what_cannot_be_exported_says_why(first):
    _, study = first
    with pytest.raises(ConfigError, match="arm 'scratch' of .* pretrained nothing: choose one of rotation"):
        export_weights(study.folder, "scratch")
    with pytest.raises(ConfigError, match="arm 'rotation' has 1 pretrainings, 0 to 0: there is no 3"):
        export_weights(study.folder, "rotation", replicate=3)


def test_what_does_not_go_together_is_refused_before_any_work(exported, tmp_path):
    def said(values):
        with pytest.raises(ConfigError) as refused:
            check_study(validate(StudyConfig, values, "study"))
        return str(refused.value)

    text = said(with_arms(exported, kept={"backbone": {"options": {"width": 8}}}))
    assert text.startswith("arms.kept: ")
    assert "of this network's weights" in text
    assert "two networks of half the width" in said(with_arms(exported, kept={"method": "cmc"}))
    assert "match: order cannot pair them" in said(with_arms(exported, kept={"match": "order"}))
    assert "cannot read weights from" in said(with_arms(tmp_path / "none.pth", kept={}))
    assert "weights is missing" in said(TINY | {"arms": {"mine": {"method": "weights"}}})
    assert "pretrain has no meaning for weights of a file" in said(with_arms(exported, kept={"pretrain": {"steps": 3}}))


def taught(file, backbone=None, said=None, arm=None):
    """A study of one arm that learns from ``file``. said: more of its teacher; arm: more of the arm."""
    teacher = {"weights": str(file), **(said or {})} | ({"backbone": backbone} if backbone else {})
    student = {"method": "distill", "backbone": {"options": {"width": 2}}, "teacher": teacher, **(arm or {})}
    return TINY | {"name": "taught", "arms": {"student": student}}


def pretraining(values):
    (one,) = make_plan(as_suite(validate(StudyConfig, values, "study")).settled()).pretrainings
    return one.job


def test_a_student_learns_from_a_file_whose_card_names_its_network(exported, first):
    study = run(taught(exported), first[0])
    assert study.tables.missing.empty
    arms = study.tables.arms.set_index("arm")
    assert arms.loc["student", "method"] == "distill"
    assert arms.loc["student", "note"] == "taught by rotation.safetensors, resnet9 width=2"
    file = export_weights(study.folder, "student", first[0] / "student.safetensors")
    card = read_card(file)
    assert card.config["teacher"]["backbone"]["options"]["width"] == 4
    assert card.backbone["options"]["width"] == 2
    alone = build_backbone(**card.backbone, in_channels=3, generator=torch.Generator()).state_dict()
    assert {name: value.shape for name, value in load_file(file).items()} == {
        name: value.shape for name, value in alone.items()
    }, "nothing of the teacher leaves with its student"


def test_a_teacher_is_loaded_as_it_was_exported_and_sees_its_own_statistics(exported, first, monkeypatch):
    """The student's images are rgb by their own statistics, the teacher's Lab by the card's."""
    seen = []
    monkeypatch.setattr(
        Teacher, "__call__", lambda self, views: seen.append((self, views)) or self.backbone(self.images(views))
    )
    run(taught(exported) | {"color": "rgb", "name": "seen"}, first[0])
    teacher, views = seen[-1]  # the first is built as a check
    kept, ours = load_file(exported), teacher.backbone.state_dict()
    assert all(torch.equal(value, ours[name]) for name, value in kept.items())
    assert (teacher.seen.color, teacher.expects.color) == ("rgb", "lab")
    assert teacher.expects.by.mean == read_card(exported).input.mean
    colors = restore(views, "rgb", teacher.seen.by)
    assert torch.allclose(teacher.images(views), normalise(colors, "lab", teacher.expects.by), atol=1e-4)


def test_the_key_of_what_a_student_learns_has_what_its_teacher_is_and_not_where_it_lies(exported, tmp_path):
    moved, other = tmp_path / "renamed.safetensors", tmp_path / "other.safetensors"
    shutil.copy(exported, moved)
    held = load_file(exported)
    first = next(iter(held))
    save_file(held | {first: held[first] + 1e-3}, other, read_card(exported).dump())
    key = pretraining(taught(exported)).key
    assert pretraining(taught(moved)).key == key
    card = read_card(exported)
    assert pretraining(taught(exported, backbone=card.backbone)).key == key, "the network is what the card names"
    changes = [
        taught(other),
        taught(exported, said={"input": {"resolution": 24}}),
        taught(exported, said={"input": {"mean": [1, 2, 3]}}),
        taught(exported, said={"input": {"color": "rgb"}}),
        taught(exported, said={"input": {"channels": "mean"}}),
        taught(exported, said={"match": "order"}),
        taught(exported, backbone={"options": {"width": 8}}),
        taught(exported, arm={"options": {"loss": "mse"}}),
    ]
    keys = {pretraining(values).key for values in changes}
    assert len(keys | {key}) == len(changes) + 1


def test_a_teacher_that_cannot_teach_is_refused_before_any_work(exported, tmp_path):
    def said(values):
        with pytest.raises(ConfigError) as refused:
            check_study(validate(StudyConfig, values, "study"))
        return str(refused.value)

    (tmp_path / "half.safetensors").write_bytes(exported.read_bytes()[:-40])
    torch.save({"a": print}, tmp_path / "code.pth")
    save_file(load_file(exported), tmp_path / "bare.safetensors")
    width4, width8 = ({"options": {"width": width}} for width in (4, 8))
    assert "arms.student.teacher: cannot read weights from" in said(taught(tmp_path / "none.pth"))
    half = said(taught(tmp_path / "half.safetensors", width4))
    assert half.startswith("arms.student.teacher: ")
    assert "is no whole file of weights" in half
    assert "would run code of its own" in said(taught(tmp_path / "code.pth", width4))
    assert "has no card that says what network it is of" in said(taught(tmp_path / "bare.safetensors"))
    assert "% of this network's weights" in said(taught(exported, width8))
    vit = {"name": "vit", "options": {"width": 8, "heads": 1, "depth": 1, "patch": 8}}
    save_weights(build_backbone(**vit, in_channels=3, generator=torch.Generator()), tmp_path / "vit.safetensors")
    odd = said(taught(tmp_path / "vit.safetensors", vit, {"input": {"resolution": 20}}))
    assert odd.startswith("arms.student.teacher: resolution 20 is no multiple of 8")
    gray = build_backbone("resnet9", {"width": 4}, in_channels=1, generator=torch.Generator())
    save_weights(gray, tmp_path / "gray.safetensors")
    channels = said(taught(tmp_path / "gray.safetensors", width4))
    assert "is for images of 1 channels, and its network sees 3 here: say input: {channels: mean}" in channels
    check_study(
        validate(StudyConfig, taught(tmp_path / "gray.safetensors", width4, {"input": {"channels": "mean"}}), "study")
    )
    halves = read_card(exported).model_copy(update={"split": True, "method": "cmc"})
    save_file(load_file(exported), tmp_path / "cmc.safetensors", halves.dump())
    assert "holds two networks of half the width, as method 'cmc'" in said(taught(tmp_path / "cmc.safetensors"))
    assert "method 'distill' learns from another network: name its file" in said(TINY | {"arms": {"distill": {}}})
    lone = TINY | {"arms": {"simclr": {"teacher": {"weights": "w.pth"}}}}
    assert "teacher has no meaning for method 'simclr'" in said(lone)


def test_a_teacher_of_one_size_says_which_key_gives_it_that(exported, monkeypatch):
    """Some of timm's networks tell only when they see images."""

    features = ResNet9.features

    def refuse(network, images):
        if images.shape[-1] == 24:  # as the teacher alone is shown
            raise AssertionError("Input height (24) doesn't match model (224).")
        return features(network, images)

    monkeypatch.setattr(ResNet9, "features", refuse)
    with pytest.raises(ConfigError, match=r"arms.student.teacher: resnet9 .* takes no images of 24 px \(Input height"):
        check_study(validate(StudyConfig, taught(exported, said={"input": {"resolution": 24}}), "study"))


def test_an_arm_starts_from_the_network_that_its_file_names(exported, first):
    """The study's own is another."""
    values = with_arms(exported, kept={}) | {"backbone": {"options": {"width": 2}}}
    config = validate(StudyConfig, values, "study")
    check_study(config)
    assert weights_of(settle(config), "kept")[0].backbone.options["width"] == 4


def test_steps_are_timed_with_the_teacher_that_they_ask(exported, monkeypatch):
    config = settle(validate(StudyConfig, taught(exported, said={"input": {"resolution": 24}}), "study"))
    job, other = pretraining(config.model_dump()), pretraining(taught(exported))
    assert estimate._size(job) != estimate._size(other), "another teacher is timed for itself"
    shown = []
    look = Teacher.images
    monkeypatch.setattr(Teacher, "images", lambda self, views: shown.append(look(self, views)) or shown[-1])
    assert views_per_second(config, config.dataset.info(), job, 0.0) > 0
    assert {images.shape[1:] for images in shown} == {(3, 24, 24)}
    assert max(len(images) for images in shown) == 16
