"""How arms look: by name where the name is a method's, told apart always, and the same wherever they stand."""

import itertools

import pandas as pd
import pytest
from colors import as_seen, contrast, distance

from headstart.charts.looks import FREE, METHODS, SHAPES, arm_looks, arm_scales
from headstart.charts.theme import GRAY, PAPER
from headstart.methods import METHODS as SHIPPED


def table(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "method", "role"])


SCRATCH = ("scratch", "scratch", "baseline")
NAMED = table(
    ("scratch slow", "scratch", "baseline"),
    ("random", "random", "control"),
    ("blind", "blind", "control"),
    ("scratch", "scratch", "compared"),
    ("rotation long", "rotation", "compared"),
    ("rotation", "rotation", "compared"),
    ("imagenet", "", "compared"),
    ("cmc", "cmc", "compared"),
    ("rotation wide", "rotation", "compared"),
    ("mine", "mine", "compared"),
)


def test_an_arm_that_is_called_like_its_method_has_its_title_and_color_in_every_report() -> None:
    alone = arm_looks(table(SCRATCH, ("cmc", "cmc", "compared"))).lines["CMC"]
    assert alone == arm_looks(NAMED).lines["CMC"]
    assert alone.color == "#d55e00"


def test_no_two_arms_look_the_same() -> None:
    looks = [look for look in arm_looks(NAMED).lines.values() if not look.title.endswith(", fine-tuned")]
    assert [look.title for look in looks[:3]] == ["scratch slow", "random features", "blind guess"]
    assert {look.color for look in looks[:3]} == {GRAY}
    assert len({look.dash for look in looks[:3]}) == 3
    compared = looks[3:]
    assert len({look.color for look in compared}) == len(compared) == 7
    assert GRAY not in {look.color for look in compared}


def test_arms_of_a_method_share_a_hue_but_neither_color_nor_shape() -> None:
    lines = arm_looks(NAMED).lines
    looks = [lines[name] for name in ("rotation", "rotation long", "rotation wide")]
    assert len({look.color for look in looks}) == len({look.shape for look in looks}) == 3
    for look in looks:
        red, green, blue = (int(look.color[start : start + 2], 16) for start in (1, 3, 5))
        assert blue > green > red


def test_many_arms_still_have_colors_of_their_own() -> None:
    arms = arm_looks(table(SCRATCH, *((f"arm {number}", "", "compared") for number in range(24))))
    looks = [look for look in arms.lines.values() if look.title.startswith("arm")]
    assert len({look.color for look in looks}) == 24
    assert {look.shape for look in looks} == set(SHAPES)


@pytest.mark.parametrize("other", [("imagenet", "", "compared"), ("rotation", "rotation", "compared")])
def test_names_that_would_read_alike_stay_as_they_are(other: tuple[str, str, str]) -> None:
    looks = arm_looks(table(SCRATCH, ("cmc", "cmc", "compared"), ("CMC", "", "compared"), other))
    assert looks.titles == {"scratch": "from scratch", "cmc": "cmc", "CMC": "CMC", other[0]: other[0]}


def test_what_a_suite_compares_somewhere_is_not_gray() -> None:
    looks = arm_looks(table(SCRATCH, ("cmc", "cmc", "compared"), ("cmc", "cmc", "baseline")))
    assert looks.lines["CMC"].color != GRAY


def test_arms_of_which_only_pretraining_is_known_have_a_look() -> None:
    looks = arm_looks(table(SCRATCH), pd.DataFrame({"arm": ["cmc"], "method": ["cmc"]}))
    assert looks.lines["CMC"].color == "#d55e00"


def test_scales_tell_every_line_apart() -> None:
    looks = arm_looks(NAMED).of(["rotation", "rotation long", "CMC"])
    scales = [scale.to_dict() for scale in arm_scales(looks)]
    for one, other in itertools.combinations(range(3), 2):
        assert (scales[0]["range"][one], scales[1]["range"][one]) != (
            scales[0]["range"][other],
            scales[1]["range"][other],
        )


def test_every_method_that_ships_has_a_color_and_a_shape_of_its_own() -> None:
    assert set(METHODS) == set(SHIPPED) == set(FREE)
    looks = arm_looks(table(SCRATCH, *((name, name, "compared") for name in METHODS)))
    marks = [look for look in looks.lines.values() if not look.title.endswith(", fine-tuned")]
    assert len({look.color for look in marks}) == len({look.shape for look in marks}) == len(METHODS) + 1


@pytest.mark.parametrize("vision", ["protanopia", "deuteranopia", "tritanopia"])
def test_color_blind_readers_tell_the_papers_arms_apart(vision: str) -> None:
    colors = [GRAY, *(METHODS[name] for name in ("vae", "rotation", "cmc", "amdim"))]
    seen = [as_seen(color, vision) for color in colors]
    assert min(distance(*pair) for pair in itertools.combinations(seen, 2)) > 9.5
    split = METHODS[FREE[0]]
    assert distance(as_seen(split, vision), as_seen(GRAY, vision)) > 9.5, "scratch split is beside scratch alone"


def test_what_color_blind_readers_see_is_what_is_known_of_them() -> None:
    red, olive = "#d00000", "#5a5a00"
    assert distance(red, olive) > 50 > 20 > distance(as_seen(red, "deuteranopia"), as_seen(olive, "deuteranopia"))
    assert as_seen("#808080", "protanopia") == "#808080", "grays stay as they are"


def test_marks_of_the_papers_methods_are_seen_on_light_and_on_dark() -> None:
    for name in ("vae", "rotation", "cmc", "amdim"):
        assert all(contrast(METHODS[name], paper) >= 3 for paper in PAPER.values()), name


def test_controls_look_the_same_whichever_of_them_a_report_has() -> None:
    alone = arm_looks(table(SCRATCH, ("blind", "blind", "control"))).lines["blind guess"]
    rows = [(name, name, "control") for name in ("random", "patches", "blind")]
    assert arm_looks(table(SCRATCH, *rows)).lines["blind guess"] == alone
    assert len({look.shape for look in arm_looks(table(SCRATCH, *rows)).lines.values()}) == 4


def test_an_arm_of_its_own_does_not_take_a_color_that_readers_know() -> None:
    look = arm_looks(table(SCRATCH, ("scratch split", "scratch", "compared"))).lines["scratch split"]
    assert look.color not in {METHODS[name] for name in ("vae", "rotation", "cmc", "amdim")}
