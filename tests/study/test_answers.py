"""What a job keeps of its network's answers."""

import pytest
import torch
from safetensors.torch import save_file

from headstart.backbones import build_backbone
from headstart.data.dataset import ImageSet
from headstart.errors import StoreError
from headstart.seeding import torch_generator
from headstart.study.jobs.answers import ANSWERS, SHOWN, keep_answers, read_answers
from headstart.tasks import TASKS
from headstart.training import Supervised, answers


def model_of(task):
    backbone = build_backbone("resnet9", {"width": 4}, in_channels=3, generator=torch_generator("answers"))
    asked = TASKS[task](("chair", "table"))
    return Supervised(backbone, asked.head(backbone), asked)


def images_of(count):
    generator = torch_generator("images")
    depth = 1 + torch.rand(count, 16, 16, generator=generator)
    targets = {
        "semantic": torch.randint(0, 3, (count, 16, 16), generator=generator, dtype=torch.uint8),
        "depth": depth.half(),
        "class": torch.zeros(count, dtype=torch.int64),
    }
    return ImageSet(torch.randn(count, 3, 16, 16, generator=generator), targets)


@pytest.mark.parametrize(("task", "dtype"), [("segmentation", torch.uint8), ("depth", torch.float16)])
def test_maps_are_what_targets_would_say(tmp_path, task, dtype):
    model, images = model_of(task), images_of(10)
    keep_answers(tmp_path, model, images, "float32")
    rows, maps = read_answers(tmp_path / ANSWERS)
    assert rows.tolist() == [0, 2, 5, 7]
    assert (maps.shape, maps.dtype) == ((SHOWN, 16, 16), dtype)
    (output,) = answers(model, images.subset(rows), precision="float32")
    assert maps.equal(model.task.answer(output, (16, 16)).to(dtype))


def test_a_small_split_is_shown_whole(tmp_path):
    keep_answers(tmp_path, model_of("depth"), images_of(3), "float32")
    assert read_answers(tmp_path / ANSWERS).rows.tolist() == [0, 1, 2]


def test_one_answer_per_image_is_no_picture(tmp_path):
    keep_answers(tmp_path, model_of("classification"), images_of(5), "float32")
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / ANSWERS).write_bytes(b"cut")
    with pytest.raises(StoreError, match=rf"{ANSWERS} is damaged"):
        read_answers(tmp_path / ANSWERS)
    save_file({"maps": torch.zeros(1)}, tmp_path / ANSWERS)
    with pytest.raises(StoreError, match=rf"{ANSWERS} is damaged"):
        read_answers(tmp_path / ANSWERS)
