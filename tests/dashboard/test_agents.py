"""Programs that read pages, where the operator lets them: what the movies page says to one."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relrec_core.movies import store
from relrec_core.movies.explanation.explain import explain, first_user
from tests.browser import sites
from tests.waiting import LONG

pytestmark = pytest.mark.slow


def asked(address: str, **question: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer of Streamlit's interface for agents."""
    request = urllib.request.Request(
        f"{address}/_stcore/agent/interact",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=LONG) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def elements(node: Any) -> Iterator[dict[str, Any]]:
    """All elements of a page, in reading order."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node
        for part in node.values():
            yield from elements(part)
    elif isinstance(node, list):
        for part in node:
            yield from elements(part)


def test_the_movies_page_reads_as_text(ml_100k: Path) -> None:
    home = ml_100k.parent.parent
    with sites.serving(home, STREAMLIT_SERVER_ENABLE_AGENT_API="true") as address:
        status, page = asked(address, page="movies")
    assert (status, page["status"]) == (200, "ready")
    shown = list(elements(page["tree"]))
    recommender = store.recommender(store.shown_run())
    user = recommender.profile(first_user(recommender))
    explanation = explain(recommender, user, recommender.rank(user).items[0])
    headings = [str(e["props"].get("body", "")).replace("\\", "") for e in shown if "props" in e]
    assert f"### {explanation.sentence()}" in headings
    table = next(e for e in shown if e.get("key") == "main_shares")["data"]
    assert table["complete"]
    reasons = {name: value for value, name in table["preview"]["rows"]}
    assert sum(reasons.values()) == pytest.approx(explanation.score)
    strongest = explanation.to_frame().set_index("label")["relevance"].nlargest(5)
    assert {name: reasons[name] for name in strongest.index} == pytest.approx(dict(strongest))
    labels = {e["props"].get("label") for e in shown if e["type"] == "badge"}
    assert {"Sum matches the score", "Confirmed"} <= labels


def test_nothing_is_read_where_it_is_off(ml_100k: Path) -> None:
    with sites.serving(ml_100k.parent.parent) as address:
        status, said = asked(address, page="movies")
    assert (status, said["error"]["code"]) == (403, "not_available")
