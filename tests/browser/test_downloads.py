"""Files stay on the server until the browser has them, whatever other visitors do meanwhile."""

from __future__ import annotations

import json

from tests.browser.conftest import Open
from tests.browser.pages import open_downloads, sentence, settled

LATER = """
(() => {
  const click = HTMLAnchorElement.prototype.click;
  HTMLAnchorElement.prototype.click = function () {
    if (window.heldLink) return click.call(this);
    window.heldLink = this.cloneNode();
    document.body.append(window.heldLink);
  };
})();
"""
"""The browser knows the address of the file, and does not ask for it before it is told to."""


def test_others_pages_do_not_take_a_file_away(site: str, open_page: Open) -> None:
    other = open_page(site)
    page = open_page(f"{site}/movies?user=1", script=LATER)
    shown = sentence(page)
    open_downloads(page)
    page.get_by_role("button", name="Explanation (JSON)").first.dispatch_event("click")
    page.wait_for_function("!!window.heldLink")
    for _ in range(3):
        other.reload()
        settled(other)
    with page.expect_download() as waiting:
        page.evaluate("heldLink.click()")
    assert json.loads(waiting.value.path().read_text("utf-8"))["sentence"] == shown
