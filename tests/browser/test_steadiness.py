"""Nothing on a page moves away from under who reads it while the page completes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.pages import settled
from tests.browser.test_accessibility import SHOWN

GOOD = 0.1
"""Cumulative layout shift up to which a page is called good (Web Vitals)."""
NOTED = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) {
    if (e.hadRecentInput) continue;
    const names = e.sources.map(({ node, previousRect: p, currentRect: c }) =>
      `${(node?.className ?? node?.parentElement?.className)} ${p.y} to ${c.y}`);
    window.moved.push([e.value, names]);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""


PLACES = [(name, width) for name in SHOWN for width in (1280, 390)]
PLACES.append(("products", 3840))
"""Pictures grow with the width."""


@pytest.mark.parametrize(("name", "width"), PLACES)
def test_a_page_completes_without_jumps(name: str, width: int, site: str, open_page: Open) -> None:
    page = open_page(f"{site}/{'' if name == 'overview' else name}", width=width, script=NOTED)
    expect(page.get_by_text(SHOWN[name], exact=False).last).to_be_visible()
    settled(page)
    moved = page.evaluate("window.moved")
    assert sum(shift for shift, _ in moved) <= GOOD, "\n".join(map(str, moved))


EARLY = """
const look = () => {
  const drawn = document.querySelector('.st-key-product_pictures');
  const proven = document.querySelector('.st-key-page_more');
  if (drawn && !proven && getComputedStyle(drawn).visibility === 'visible') window.early = true;
  if (!proven) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def test_a_phone_does_not_wait_for_the_proof_to_show_the_pictures(
    site: str, open_page: Open
) -> None:
    link = "product=vase-007&relation=buy_after_viewing"  # that nobody has asked about
    page = open_page(f"{site}/products?{link}", width=390, script=NOTED + EARLY)
    expect(page.get_by_text(SHOWN["products"], exact=False).last).to_be_visible()
    settled(page)
    assert page.evaluate("window.early === true")
    moved = page.evaluate("window.moved")
    assert sum(shift for shift, _ in moved) <= GOOD, "\n".join(map(str, moved))
