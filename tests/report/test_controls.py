"""What a reader acts with: filter, switch of colors, downloads, permalinks, paper. One page, opened once."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import until
from colors import contrast
from playwright.sync_api import Browser, Locator, Page, expect
from synthetic_report import make_advice, make_contrasts, make_maps, make_report
from synthetic_study import make_tables

from headstart.report import write_report

pytestmark = pytest.mark.browser

TABLES = make_tables()
CHART = ".chart.accuracy"


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The report, opened; whatever the browser had to say or to ask for fails the last test."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = {"advice": make_advice(TABLES), "contrasts": make_contrasts(), "name": "my run"}
    write_report(path, make_report(TABLES, maps=make_maps("rotation", "cmc"), **shown))
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light", accept_downloads=True)
    opened, heard = context.new_page(), []
    opened.set_default_timeout(10_000)
    opened.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: heard.append(f"error: {error}"))
    opened.on("request", lambda asked: heard.append(asked.url) if asked.url.startswith("http") else None)
    opened.goto(path.as_uri())
    expect(opened.locator(".chart svg")).to_have_count(8)
    yield opened
    context.close()
    assert heard == []


def drawn(page: Page) -> Locator:
    """The lines in the first chart."""
    return page.locator(f"{CHART} svg").first.locator(".mark-line path")


def lines(page: Page) -> set[str]:
    """Their colors."""
    return set(drawn(page).evaluate_all("all => all.map(one => one.getAttribute('stroke'))"))


def rows(page: Page, arm: str) -> Locator:
    return page.locator(f"tr[data-arm='{arm}']")


def test_the_filter_acts_on_tables_and_charts_at_once_and_by_keyboard(page: Page) -> None:
    before = lines(page)
    page.locator("#filter summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="rotation").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("Showing 2 of 3 arms")
    expect(drawn(page)).to_have_count(len(before) - 1)
    assert len(lines(page)) == 2
    assert rows(page, "rotation").count() >= 4
    assert rows(page, "rotation").evaluate_all("all => all.every(one => one.offsetParent === null)")
    expect(rows(page, "cmc").first).to_be_visible()
    expect(page.locator(".legend.arms").first.get_by_text("rotation")).to_be_hidden()
    assert page.locator(".panel[data-arm=rotation]").is_hidden(), "its map is gone"
    expect(page.locator(".gallery [data-arm=rotation] >> visible=true")).to_have_count(0)
    expect(page.locator(".gallery [data-arm=cmc] img").first).to_be_visible()
    page.get_by_role("checkbox", name="linear probe").uncheck()
    expect(page.get_by_role("status")).to_have_text("Showing 2 of 3 arms, 1 of 2 protocols")
    expect(page.locator(f"{CHART}:visible")).to_have_count(1)
    expect(rows(page, "cmc").and_(page.locator("[data-protocol=linear]")).first).to_be_hidden()
    page.get_by_role("button", name="Show all").press("Enter")
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.locator(f"{CHART}:visible")).to_have_count(2)
    expect(drawn(page)).to_have_count(len(before))
    assert lines(page) == before
    page.keyboard.press("Escape")
    expect(page.get_by_role("checkbox", name="rotation")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == "Filter"


def test_the_switch_changes_page_and_charts_and_is_remembered(page: Page) -> None:
    def colors() -> tuple[str, str]:
        ink = page.locator(f"{CHART} .role-axis-label text").first.evaluate("one => getComputedStyle(one).fill")
        return page.evaluate("getComputedStyle(document.body).backgroundColor"), ink

    light = colors()
    page.get_by_label("Dark").check()
    dark = colors()
    assert contrast(dark[0], light[0]) > 10
    assert contrast(dark[1], light[1]) > 10
    page.reload()
    expect(page.locator(".chart svg")).to_have_count(8)
    assert colors() == dark, "it is remembered"
    page.get_by_label("Auto").check()
    assert colors() == light
    page.emulate_media(color_scheme="dark")
    assert colors() == dark, "it follows the system"
    page.emulate_media(color_scheme="light")


def downloaded(page: Page, button: Locator) -> tuple[str, str]:
    """The name and the text of what a button saves."""
    with page.expect_download() as found:
        button.click()
    return found.value.suggested_filename, Path(found.value.path()).read_text()


def test_tables_and_charts_are_saved_with_all_their_digits(page: Page) -> None:
    name, text = downloaded(page, page.get_by_role("button", name="Utility as CSV"))
    assert name == "my-run-utility.csv"
    assert text == TABLES.utility.to_csv(index=False, lineterminator="\n")
    name, text = downloaded(page, page.get_by_role("button", name="Accuracy against labels, panel 1 as CSV"))
    found = list(csv.DictReader(io.StringIO(text)))
    tuned = TABLES.summary[TABLES.summary["protocol"] == "finetune"]
    assert name == "my-run-accuracy-1.csv"
    assert sorted(float(row["value"]) for row in found) == sorted(tuned["value"])
    page.locator("#filter summary").click()
    page.get_by_role("checkbox", name="cmc").uncheck()
    name, text = downloaded(page, page.get_by_role("button", name="Accuracy against labels, panel 1 as SVG"))
    assert name == "my-run-accuracy-1.svg"
    assert text.startswith("<svg")
    assert ">rotation</text>" in text, "its legend comes with it"
    assert text.count('aria-roledescription="line mark"') == 2, "without what is filtered out"
    page.locator("#filter summary").click()
    page.get_by_role("button", name="Show all").click()
    page.keyboard.press("Escape")


def test_sections_have_links_and_contents(page: Page) -> None:
    titles = page.locator("main h2").evaluate_all("all => all.map(one => one.id)")
    assert len(set(titles)) == len(titles) >= 10
    assert {"advice", "accuracy-chart", "utility", "contrasts", "map-chart", "again"} <= set(titles)
    listed = page.locator(".menu ol a").evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
    anchors = page.locator("h2 .anchor").evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
    assert listed == anchors == titles
    page.get_by_text("Contents").click()
    page.locator(".menu ol a[href='#scores']").click()
    expect(page.locator(".menu ol")).to_be_hidden()
    heading, bar = page.locator("#scores").bounding_box(), page.locator(".bar").bounding_box()
    assert heading is not None
    assert bar is not None
    assert bar["y"] + bar["height"] <= heading["y"] < 300, "below the bar"
    assert page.url.endswith("#scores")
    link = page.locator("#scores .anchor")
    link.focus()
    assert link.evaluate("one => getComputedStyle(one).opacity") == "1"


def test_advice_pictures_and_maps_are_there(page: Page) -> None:
    box = page.locator(".advice")
    expect(box.locator(".decision strong")).to_have_text("Pretrain.")
    assert box.bounding_box()["y"] < page.locator(CHART).first.bounding_box()["y"]
    figure = page.locator(".contrast figure")
    expect(figure).to_have_text("chairrotation 4 of 4 trials, from scratch 1 of 4")
    assert figure.locator("img").evaluate("one => one.naturalWidth") > 0
    maps = page.locator(".chart.map svg")
    assert [one.locator(".mark-symbol path").count() for one in maps.all()] == [60, 60]
    points = maps.first.locator(".mark-symbol path")
    assert len(set(points.evaluate_all("all => all.map(one => one.getAttribute('fill'))"))) == 3
    expect(page.locator("section", has=page.locator("#map-chart"))).to_contain_text("rotation: 53\u00a0% of variance")


def test_it_fits_every_screen_and_can_be_read_in_either_colors(page: Page) -> None:
    page.locator("#filter summary").click()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for width in (390, 800, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            until(lambda: page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"))  # charts are drawn anew
            sheet = page.locator("#filter .sheet").bounding_box()
            assert sheet is not None
            assert sheet["x"] >= 0
            assert sheet["x"] + sheet["width"] <= width
        unchosen = "#theme label:not(:has(:checked))"
        for selector in ("summary", ".chip", unchosen, ".save", ".anchor", "#filter legend", "#show-all"):
            assert contrast(color(page, selector), paper) >= 4.5, (theme, selector)
        chosen = page.locator("#theme label:has(:checked)").evaluate("one => getComputedStyle(one).backgroundColor")
        assert contrast(color(page, "#theme label:has(:checked)"), chosen) >= 4.5
        box = page.locator(".advice").evaluate("one => getComputedStyle(one).backgroundColor")
        for selector in (".advice .decision", ".advice .quiet", ".advice th", ".advice td small"):
            assert contrast(color(page, selector), box) >= 4.5, (theme, selector)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.keyboard.press("Escape")


def color(page: Page, selector: str) -> str:
    return page.locator(selector).first.evaluate("one => getComputedStyle(one).color")


def test_paper_has_everything_and_nothing_to_press(page: Page) -> None:
    page.get_by_label("Dark").check()
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between its margins
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for selector in (".bar", ".saves", ".anchor", "button", "summary"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert page.locator("main details:not([open])").count() == 0
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 718
    for chart in page.locator(".chart svg").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 718
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("main details[open]").count() == 0
    page.get_by_label("Auto").check()
