"""The page of all figures in a browser: quiet, within the screen, readable, and reached by the keyboard alone."""

import os
import re

import pytest
from asked import ARIAL, CHART_WORDS, FOCUSABLE, LISTEN, OUTSIDE, SCROLLED, TEXTS, WIDTH, WORDS
from colors import contrast, over
from made_site import write_site

from headstart.report import reproduction
from headstart.reproduction.figures import FIGURES

pytestmark = pytest.mark.browser

MEGABYTE = 2**20
PAPER = (718, 1046)
"""CSS pixels between margins of a centimeter on A4."""
SCREENS = [(width, scheme) for width in (390, 768, 1400, 1920) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def site(tmp_path_factory, parts):
    """Without the files beside it, which take longest and are no part of the page."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reproduction, "save_figure", lambda *_: None)
        return write_site(tmp_path_factory.mktemp("site"), parts)


@pytest.fixture(scope="module", params=SCREENS, ids=str)
def page(request, browser, site):
    """The page, opened; whatever the browser had to say or to ask for fails the test in the end."""
    width, scheme = request.param
    yield from opened(browser, site, viewport={"width": width, "height": 900}, color_scheme=scheme)


@pytest.fixture
def wide(browser, site):
    yield from opened(browser, site, viewport={"width": 1400, "height": 900})


def opened(browser, site, **options):
    context = browser.new_context(**options)
    found, heard = context.new_page(), []
    found.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    found.on("pageerror", lambda error: heard.append(f"error: {error}"))
    found.on("request", lambda asked: heard.append(asked.url) if asked.url.partition("#")[0] != site.as_uri() else None)
    found.goto(site.as_uri())
    yield found
    context.close()
    assert heard == []


def test_nothing_is_wider_than_the_screen(page):
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []
    scrolled = page.evaluate(SCROLLED)
    assert (scrolled > 0) == (width == 390), "what is wide is moved sideways on a telephone alone"


def test_no_word_of_a_chart_is_cut_off_or_upon_another(page):
    if abs(page.evaluate(WIDTH) - ARIAL) > 1:
        missing = "no font here is as wide as Arial (apt-get install fonts-liberation)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    cut, upon = page.evaluate(WORDS)
    assert cut == []
    assert upon == []


def test_text_can_be_read_on_its_background(page):
    """Contrast of at least 4.5 : 1 (WCAG 2.2, AA), of badges too."""
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    found = page.evaluate(TEXTS)
    assert {"verdict agree", "verdict disagree", "verdict undecided"} <= {one.split("|")[0] for one in found}
    for name, ink, behind in (one.split("|") for one in found):
        assert contrast(ink, over(behind, paper)) >= 4.5, name


def test_words_of_charts_can_be_read_on_what_is_behind_them(page):
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    found = page.evaluate(CHART_WORDS)
    assert sum(len(behind) > 0 for _, behind, _ in found) > 10, "cells and shaded regions"
    for ink, behind, name in found:
        under = paper
        for fill, opacity in behind:
            under = over(fill, under, opacity) if fill != "none" else under
        assert contrast(ink, under) >= 4.5, name


def test_pictures_follow_the_color_scheme(page):
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    ink = page.locator(".panel .role-axis-label text").first.evaluate("one => getComputedStyle(one).fill")
    assert (contrast(ink, "#000000") > contrast(ink, "#ffffff")) == dark


def test_everything_is_reached_by_tab_and_seen_to_be(wide):
    wide.evaluate(LISTEN)
    wide.keyboard.press("Tab")
    assert wide.locator(".skip").bounding_box()["y"] >= 0, "the skip link shows itself"
    expected = wide.evaluate(FOCUSABLE)
    for _ in expected[1:]:
        wide.keyboard.press("Tab")
    seen = wide.evaluate("window.seen")
    assert [what for what, *_ in seen] == expected
    assert all(outlined and within for _, outlined, within in seen), [one for one in seen if not all(one[1:])][:3]
    summary = wide.locator("details.files summary").first
    summary.focus()
    wide.keyboard.press("Enter")
    links = wide.locator("details.files").first.get_by_role("link")
    assert links.all_inner_texts() == ["SVG, light", "PNG, light", "SVG, dark", "PNG, dark"]
    assert links.first.is_visible()


def test_the_skip_link_and_permalinks_lead_to_their_places(wide):
    wide.keyboard.press("Tab")
    wide.keyboard.press("Enter")
    assert wide.evaluate(
        "[location.hash, document.querySelector(location.hash).getBoundingClientRect().top < 100]"
    ) == ["#rules", True]
    links = wide.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(one => one.getAttribute('href').slice(1))"
    )
    ids = wide.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    assert set(links) <= set(ids)
    assert set(FIGURES) <= set(links), "each figure is listed"
    heading = wide.locator("h2#fig06")
    anchor = heading.locator(".anchor")
    assert anchor.evaluate("one => getComputedStyle(one).opacity") == "0"
    heading.hover()
    assert anchor.evaluate("one => getComputedStyle(one).opacity") == "1"
    anchor.click()
    assert wide.evaluate("location.hash") == "#fig06"


def test_charts_and_tables_say_what_they_are(wide, parts):
    panels = sum(len(figure.panels) for part in parts for figure in part.figures)
    pictures = wide.get_by_role("img")
    assert pictures.count() == panels > 30
    labels = pictures.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert all(re.fullmatch(r".{10,}", label) for label in labels)
    assert "Accuracy against labels: Fine-tuned, factors T---" in labels
    figures = wide.get_by_role("figure")
    assert figures.count() == sum(len(part.figures) for part in parts)
    named = figures.evaluate_all(
        "all => all.map(one => document.getElementById(one.getAttribute('aria-labelledby')).textContent)"
    )
    assert named[0].startswith("What a shift changes")
    table = wide.get_by_role("table")
    assert table.get_by_role("row").count() == 1 + sum(len(part.answers) for part in parts)
    assert table.get_by_role("columnheader").all_inner_texts() == [
        "figure",
        "rule",
        "verdict",
        "number, and its interval",
    ]


def test_on_a_telephone_the_table_is_still_a_table_and_shows_verdicts(page):
    rows = page.get_by_role("table").get_by_role("row")
    badges = page.get_by_role("table").locator(".verdict")
    assert badges.count() == rows.count() - 1
    right = badges.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(right) <= page.evaluate("innerWidth")


def test_failed_single_and_missing_runs_are_seen(wide):
    def drawn(figure):
        return "".join(
            wide.locator(f"section:has(> h2#{figure}) .panel").evaluate_all("all => all.map(one => one.innerHTML)")
        )

    cross = re.compile(r'd="M-[\d.]+,-[\d.]+L[\d.]+,[\d.]+M-[\d.]+,[\d.]+L[\d.]+,-[\d.]+"[^>]*stroke="(#[0-9a-f]{6})"')
    assert cross.findall(drawn("fig05")) == ["#d55e00"] * 2, "CMC with 100 labels, in both panels"
    assert cross.findall(drawn("fig07")) == ["#009e73"] * 6, "VAE, of which nothing was run, in both charts"
    assert cross.findall(drawn("fig08")) == []
    points = re.compile(r"mark-symbol role-mark[^>]*>((?:<path[^>]*>(?:</path>)?)+)")
    single = "".join(points.findall(drawn("fig09")))
    assert single.count("<path") > 20
    assert single.count(' stroke="#') == single.count("<path")
    assert not re.search(r'fill="#', single), "no point of a single run is filled"
    assert not re.search(r'opacity="0.14" *d=|d="[^"]*" fill="#\w+" opacity="0.14"', drawn("fig09")), (
        "nor has it a band"
    )


def test_it_prints_with_every_figure_and_nothing_cut_off(browser, site):
    context = browser.new_context(viewport={"width": PAPER[0], "height": PAPER[1]}, color_scheme="dark")
    page = context.new_page()
    page.goto(site.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PAPER[0]
    boxes = page.locator(".panel svg").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(one => [one.left, one.right, one.height])"
    )
    assert all(left >= 0 and right <= PAPER[0] + 1 and height <= PAPER[1] for left, right, height in boxes)
    assert set(page.locator(".panel").evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")) == {
        "avoid"
    }
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "in light"
    printed = page.pdf(
        format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "1cm"), outline=True, tagged=True
    )
    context.close()
    assert printed.startswith(b"%PDF")
    titles = "".join(outline(printed))
    assert all(figure.title in titles for figure in FIGURES.values())


def outline(printed):
    """The headings of a PDF, which are beside its compressed pages."""
    for plain, coded in re.findall(rb"/Title (?:\(([^)]*)\)|<FEFF([0-9A-F]+)>)", printed):
        yield bytes.fromhex(coded.decode()).decode("utf-16-be") if coded else plain.decode("latin-1")


def test_twenty_figures_weigh_less_than_15_megabytes(site, parts):
    assert len(parts) == 20
    assert site.stat().st_size < 15 * MEGABYTE
    assert not re.search(r"<script|<link|https?://|@import", site.read_text())
