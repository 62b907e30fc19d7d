"""The report in a browser: quiet, within the screen, alive under the pointer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from colors import contrast
from playwright.sync_api import Browser, Page, expect
from synthetic_report import make_predictions, make_report
from synthetic_study import make_doublings, make_results, make_suite, make_tables, without

from headstart.report import Verdict, write_report
from headstart.report.training import guarded, state_training

pytestmark = pytest.mark.browser

NAME = "<script>alert(1)</script> a dataset whose name is far too long for a telephone's screen"
ARM = "<b>mine</b>, an arm that is called something that nobody would want to read in a legend"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    results = make_results(dataset=NAME).replace({"arm": {"cmc": ARM}})
    results = without(results, "cmc-finetune-250-1", "cmc-linear-2000-1")
    predictions = make_predictions(*(f"method {number}" for number in range(9)), NAME)
    names = {"title": NAME, "captions": (NAME,), "command": f"headstart study run '{NAME}'"}
    write_report(path, make_report(make_tables(results), predictions=predictions, **names))
    return path


@pytest.fixture(params=[(390, "light"), (390, "dark"), (1400, "light"), (1400, "dark")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    """The report, opened; whatever the browser had to say or to ask for fails the test in the end."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened, heard = context.new_page(), []
    opened.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: heard.append(f"error: {error}"))
    opened.on("dialog", lambda dialog: (heard.append("dialog"), dialog.dismiss()))
    opened.on("request", lambda asked: heard.append(asked.url) if asked.url != report.as_uri() else None)
    opened.goto(report.as_uri())
    expect(opened.locator(".chart svg")).to_have_count(6)
    yield opened
    context.close()
    assert heard == []


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "report.html"
    values = {"dataset.factors": ["----", "T---", NAME], "pretrain_dataset.factors": ["----", "T---", NAME]}
    write_report(path, make_report(make_tables(make_suite(values)), predictions=()))
    return path


@pytest.mark.parametrize("width", [390, 1400])
def test_a_suite_fits_the_screen_and_its_cells_can_be_read(browser: Browser, suite: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark")
    page = context.new_page()
    page.goto(suite.as_uri())
    expect(page.locator(".chart svg")).to_have_count(8 + 18 + 18 + 2)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    small = [chart.bounding_box() for chart in page.locator(".small .chart.utility").all()]
    assert len({box["x"] for box in small}) == (1 if width == 390 else 3)
    for chart in page.locator(".chart.transfer").all():
        cells = chart.locator(".mark-rect path").evaluate_all("all => all.map(one => getComputedStyle(one).fill)")
        words = chart.locator(".mark-text.role-mark text").evaluate_all(
            "all => all.map(one => getComputedStyle(one).fill)"
        )
        assert len(words) == 2 * len(cells) == 18
        assert all(contrast(word, cell) >= 4.5 for word in set(words) for cell in cells)
    context.close()


def test_nothing_is_wider_than_the_screen(page: Page) -> None:
    for details in page.locator("details").all():
        details.locator("summary").click()
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    for chart in page.locator(".chart svg").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_predictions_scroll_in_a_box_of_their_own(page: Page) -> None:
    boxes = page.locator(".gallery .scroll").all()
    assert len(boxes) == 2
    for box in boxes:
        assert box.evaluate("box => box.scrollWidth > box.clientWidth && box.clientWidth <= innerWidth")
        assert box.locator("img").evaluate_all("all => all.length && all.every(one => one.naturalWidth === 128)")
        image, last = box.locator("td").first, box.locator("td").last
        last.scroll_into_view_if_needed()
        left, right = image.bounding_box(), last.bounding_box()
        assert left is not None
        assert right is not None
        assert left["x"] >= 0, "the image stays beside what is said of it"
        assert right["x"] + right["width"] <= page.evaluate("innerWidth")


def test_the_legend_has_the_colors_that_it_names(page: Page) -> None:
    swatches = page.locator(".gallery .legend span").evaluate_all(
        "all => all.map(one => getComputedStyle(one).backgroundColor)"
    )
    assert len(swatches) == len(set(swatches)) == 3 + 3


def test_points_tell_their_numbers(page: Page) -> None:
    for chart in page.locator(".chart").all():
        point = chart.locator(".mark-symbol.role-mark path[aria-roledescription=point]").last
        point.scroll_into_view_if_needed()
        point.hover()
        tooltip = page.locator("#vg-tooltip-element.visible")
        watched = "steps" in chart.inner_text()
        for word in ("arm", "step") if watched else ("labels", "interval"):
            expect(tooltip).to_contain_text(word)
        page.mouse.move(0, 0)
        expect(tooltip).to_have_count(0)


def test_text_can_be_read_on_its_background(page: Page) -> None:
    """Contrast of at least 4.5 : 1 (WCAG 2.2, AA) in the page and in the charts."""
    words = [(selector, "color") for selector in ("h1", ".quiet", ".legend li", ".gallery th small")]
    for selector, style in (*words, (".chart .role-axis-label text", "fill")):
        ink = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{style}")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert contrast(ink, paper) >= 4.5, selector


@pytest.mark.parametrize("trained", [True, False])
def test_a_claim_stands_beside_whether_arms_are_trained_out(browser: Browser, tmp_path: Path, trained: bool) -> None:
    doublings = make_doublings(0.003 if trained else 0.05)
    claim = Verdict("With 50 labels, rotation pretraining is worth 30 more labels.", "", claims=True)
    report = make_report(make_tables(), trained_out=doublings)
    told = guarded(claim, state_training(doublings, report.arms))
    write_report(tmp_path / "report.html", replace(report, verdict=told))
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    headline, header = page.get_by_role("heading", level=1), page.locator("header")
    expect(header.get_by_text("Trained out: doubling" if trained else "Not trained out: doubling")).to_be_visible()
    expect(headline).to_contain_text("worth 30 more labels" if trained else "No gain in labels is claimed")
    page.close()
