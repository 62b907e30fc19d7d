"""Factors as they are written, and the dials behind them."""

import itertools

import pytest

from headstart.errors import ConfigError
from headstart.scenes.factors import Factors

VARIANTS = ["".join(v) for v in itertools.product("T-", "C-", "V-", "L-")]


@pytest.mark.parametrize("text", VARIANTS)
def test_a_variant_is_written_as_it_is_read(text):
    assert str(Factors.parse(text)) == text


@pytest.mark.parametrize("text", ["", "TCV", "TCVLX", "tcvl", "LVCT", "1111", "T-VX"])
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(ConfigError, match=f"factors '{text}'"):
        Factors.parse(text)


def test_the_dials_are_those_of_the_paper():
    assert Factors.parse("TCVL").dials().viewpoint == 0.5
    assert Factors.parse("TCVL").dials().lighting == 2.0
    off = Factors.parse("----").dials()
    assert (off.viewpoint, off.lighting, off.textured) == (0.0, 0.0, False)
    assert [Factors.parse(text).dials().class_color for text in ("----", "T---", "-C--", "TC--")] == [1.0, 0.4, 0, 0]
