"""The pages in a real browser: without a network, as wide as a phone or a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasks.audit import page
from tasks.audit.comparison import compare
from tasks.audit.look import look_of
from tasks.reports import html
from tasks.reports.build import build
from tests.contract.browser import open_tab
from tests.unit.audit.test_page import COURSE, report
from tests.unit.reports.specimens import specimens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.browser import Tab

# what goes beyond the window's right edge although nothing around it can be scrolled
OUTSIDE = """
[...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect();
  if (!box.width || box.right <= document.documentElement.clientWidth + 1) return false;
  for (let at = one.parentElement; at; at = at.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(at).overflowX)) return false;
  return true;
}).map(one => one.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """One browser for all."""
    with open_tab(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The audit's page of a bad night after a good one, and the report of a run that has one of everything."""
    folder = tmp_path_factory.mktemp("pages")
    before, now = look_of(report(broken=False)), report()
    compared = compare(compare({}, (), before).told, (before,), look_of(now))
    texts = {"audit": page.render(now, compared, (), COURSE), "report": html.render(build(specimens()["mixed"], str))}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("width", [360, 390, 1280])
@pytest.mark.parametrize("name", ["audit", "report"])
def test_a_page_opens_offline_and_fits(name: str, width: int, tab: Tab, pages: dict[str, Path]) -> None:
    """It asks for nothing but itself, and is never scrolled sideways, also with everything unfolded."""
    tab.asked.clear()
    tab.open(pages[name], width=width)
    assert tab.evaluate("innerWidth") == width
    for unfold in ("0", "document.querySelectorAll('details').forEach(one => one.open = true)"):
        tab.evaluate(unfold)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(OUTSIDE) == []
    assert tab.asked == [pages[name].as_uri()]


def test_what_is_new_is_seen_without_a_click(tab: Tab, pages: dict[str, Path]) -> None:
    """Changes stand open in the first screens, consequences are folded, and a click shows the command."""
    tab.open(pages["audit"], width=390)
    seen = "document.evaluate(\"//*[contains(text(), '{}')]\", document, null, 9).singleNodeValue?.checkVisibility()"
    assert tab.evaluate("document.querySelector('.change summary').checkVisibility()") is True
    assert tab.evaluate("document.querySelector('.follow ul li').checkVisibility()") is False
    assert tab.evaluate("document.querySelector('.change pre').checkVisibility()") is False
    tab.evaluate("document.querySelectorAll('.change summary').forEach(one => one.click())")
    assert tab.evaluate(seen.format("cat /proc/swaps")) is True
    assert tab.evaluate("document.querySelectorAll('.chart svg').length") > 0
    assert tab.evaluate("document.querySelector('.chart svg').getBoundingClientRect().height") > 20


def test_a_page_that_is_too_wide_is_found_out(tab: Tab, tmp_path: Path) -> None:
    """The measure itself turns red."""
    path = tmp_path / "wide.html"
    path.write_text('<meta name="viewport" content="width=device-width"><div style="width:900px">x</div>')
    tab.open(path, width=390)
    assert len(tab.evaluate(OUTSIDE)) == 1
