import pytest
import torch

from headstart.training import pick_device, pick_precision
from headstart.training.precision import autocast, has_native_bf16

CPU = torch.device("cpu")
EPYC_ROME = "processor : 0\nvendor_id : AuthenticAMD\nflags\t\t: fpu sse4_2 avx avx2 fma f16c\n"
SKYLAKE = "processor : 0\nflags\t\t: avx2 avx512f avx512dq avx512bw avx512vl avx512_vnni\n"
COOPER_LAKE = "processor : 0\nflags\t\t: avx2 avx512f avx512bw avx512_bf16 avx512_vnni\n"
SAPPHIRE_RAPIDS = "processor : 0\nflags\t\t: avx2 avx512f amx_bf16 amx_tile amx_int8\n"
GRAVITON = "processor : 0\nFeatures\t: fp asimd bf16 i8mm\n"


@pytest.mark.parametrize(
    ("text", "native"),
    [
        (EPYC_ROME, False),
        (SKYLAKE, False),
        (GRAVITON, False),
        ("", False),
        (COOPER_LAKE, True),
        (SAPPHIRE_RAPIDS, True),
    ],
)
def test_bf16_needs_hardware_that_multiplies_it(tmp_path, monkeypatch, text, native):
    info = tmp_path / "cpuinfo"
    info.write_text(text)
    assert has_native_bf16(info) is native
    monkeypatch.setattr("headstart.training.precision.has_native_bf16", lambda: has_native_bf16(info))
    assert pick_precision("auto", CPU) == ("bf16" if native else "float32")


def test_without_a_list_of_flags_float32_is_right(tmp_path):
    assert not has_native_bf16(tmp_path / "absent")


def test_an_explicit_wish_is_granted():
    assert pick_precision("bf16", CPU) == "bf16"
    assert pick_precision("float32", CPU) == "float32"


def test_autocast_does_what_it_says():
    layer, inputs = torch.nn.Linear(4, 4), torch.ones(2, 4)
    for precision, dtype in (("bf16", torch.bfloat16), ("float32", torch.float32)):
        with autocast(precision, CPU)():
            assert layer(inputs).dtype is dtype


def test_device_is_one_that_exists():
    assert torch.ones(1, device=pick_device()).sum() == 1
