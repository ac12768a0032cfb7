"""A story keeps what it was given, in order, and nothing that acts comes in by a file."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dashboard.claims import CLAIMS
from dashboard.figures.heatmap import Panel
from dashboard.figures.known_cause import Found, tinted
from dashboard.story.drawing import PIXELS, safe, scoped
from dashboard.story.product_maps import COMPARED, known_slide, match_slide, methods_slide
from dashboard.story.slide import ROWS, Origin, Slide
from dashboard.story.story import MOST, Story, StoryError
from dashboard.story.storyfile import MEGABYTES, VERSION, read, written
from tests.dashboard.drawn import NASTY, explanation
from tests.dashboard.stories import claim, movie, story

SHARE = ("film", "Alien", 1.0)
CORNER = np.kron([[1.0, 0.0], [0.0, 0.0]], np.ones((32, 32)))
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">'


def drawing(inner: str) -> str:
    return f"{HEAD}{inner}</svg>"


def picture(size: tuple[int, int], kind: str = "PNG") -> str:
    file = io.BytesIO()
    Image.new("1", size).convert("L").save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def test_a_saved_story_opens_as_it_was() -> None:
    made = story()
    opened = read(written(made).encode(), "story.json")
    assert opened == made
    value = opened.items[0].slide.value
    assert value["title"] == "Alien (1979)" and len(value["features"]) == 16  # type: ignore[arg-type]
    assert written(opened) == written(made)


@pytest.mark.parametrize("key", CLAIMS)
def test_every_claim_that_was_measured_can_be_kept(key: str) -> None:
    slide = claim(key)
    if slide is None:
        assert CLAIMS[key].tables() is None
        return
    assert slide.sentence and slide.table.rows and "<text" in slide.picture
    numbers = CLAIMS[key].numbers([table.frame for table in CLAIMS[key].tables() or ()])
    assert len(slide.table.rows) == min(len(numbers), ROWS)


def test_maps_of_two_products_are_kept_with_their_numbers() -> None:
    chance = np.random.default_rng(0)
    shots = [Image.new("RGB", (64, 64), colour) for colour in ("white", "grey")]
    pair = Panel(shots[0], chance.normal(size=(64, 64)), NASTY), Panel(shots[1], CORNER, "B")
    origin = Origin.of(explanation([SHARE]).provenance, "a" * 64)
    matched = chance.normal(size=(8, 8))
    match = match_slide("A", "said", pair, (matched * 2, matched, [3, 9]), origin, "aspect=x")
    numbers = [float(row[-1].replace("−", "-")) for row in match.table.rows]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.05)
    assert numbers[-1] == pytest.approx(matched.sum(), abs=0.005)
    assert match.value["matched"] == matched.tolist() and match.picture.count("<image") == 2
    names = [f"Method {i}" for i in range(6)]
    maps = [(name, pair, ("1.0 times", "")) for name in names]
    methods = methods_slide("A", maps, origin, "")
    assert [row[0] for row in methods.table.rows] == names
    assert {row[2] for row in methods.table.rows} == {"the upper left"}
    assert methods.picture.count("<image") == 2 * COMPARED
    mask = np.zeros((64, 64), dtype=np.bool_)
    mask[:32, :32] = True
    found = Found.of(pair[1], mask)
    kept = [(pair[1], tinted(mask), found)]
    known = known_slide("A", "said", kept, (1.0, True), origin, "")
    assert known.table.rows == (("B", "25%", "100%", "4.0"),)
    assert known.proofs[0].passed and "lies on it" in known.proofs[0].said
    assert Found.of(Panel(shots[0], 0 * CORNER, "C"), mask).times == 0


@given(moves=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_a_story_keeps_its_explanations_in_any_order(moves: list[tuple[int, int]]) -> None:
    slide = movie()
    made = Story()
    for number in range(6):
        made = made.plus(slide.model_copy(update={"asked": str(number)}))
    order = list("012345")
    for place, to in moves:
        made = made.moved(place, to)
        order.insert(to, order.pop(place))
    assert [item.slide.asked for item in made.items] == order
    assert [item.slide.asked for item in made.without(2).items] == order[:2] + order[3:]
    assert all(made.holds(item.slide) for item in made.items) and len(made.items) == 6


def test_an_explanation_is_called_by_its_sentence_until_it_has_a_title() -> None:
    made = Story().plus(movie())
    item = made.items[0]
    assert item.title == item.slide.sentence and item.subtitle == ""
    named = made.retold(0, " Why Alien ", "note").items[0]
    assert (named.title, named.note, named.subtitle) == ("Why Alien", "note", item.slide.sentence)
    assert made.retold(0, "  ", "").items[0] == item


def test_a_story_has_an_end() -> None:
    item = Story().plus(movie()).items[0]
    full = Story(items=(item,) * MOST)
    with pytest.raises(StoryError, match=f"{MOST} explanations"):
        full.plus(item.slide)
    too_long = written(full).replace('"items": [', '"items": [' + item.to_json() + ",", 1)
    with pytest.raises(StoryError, match=str(MOST)):
        read(too_long.encode(), "long.json")


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        "<style>*{}</style>",
        "<a/>",
        "<use/>",
        "<animate/>",
        "<iframe/>",
        '<rect onload="alert(1)"/>',
        '<rect style="fill:red"/>',
        '<rect fill="url(http://elsewhere/)"/>',
        '<rect fill="url( //elsewhere/)"/>',
        '<rect fill="url&#40;https:x"/>',
        '<image href="http://elsewhere/x.png"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
        '<image xmlns:x="http://www.w3.org/1999/xlink" x:href="http://elsewhere/x.png"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        '<text href="x"/>',
        f'<image href="data:image/png;base64,{picture((PIXELS // 1000 + 1, 1000))}"/>',
        "<h:div xmlns:h='http://www.w3.org/1999/xhtml'/>",
        "<g>" * 30_000 + "</g>" * 30_000,
    ],
    ids=lambda inner: inner[:48],
)
def test_a_drawing_that_acts_is_refused(inner: str) -> None:
    with pytest.raises(ValueError, match="drawing"):
        safe(drawing(inner))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no drawing",
        "<svg/>",
        '<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + drawing("&a;"),
        "<?xml-stylesheet href='x'?>" + drawing(""),
        '<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="5"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" width="nan" height="50"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_what_is_no_drawing_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="drawing"):
        safe(text)


def test_a_drawing_of_ours_stays_as_it_is() -> None:
    inner = f'<image href="data:image/png;base64,{picture((4, 4))}"/><text>a &amp; &lt;b&gt;</text>'
    made = safe(drawing(inner))
    assert safe(made) == made and "a &amp; &lt;b&gt;" in made and "data:image/png" in made
    named = scoped(safe(drawing('<pattern id="p0"/><rect fill="url(#p0)"/>')), "s1-")
    assert 'id="s1-p0"' in named and 'fill="url(#s1-p0)"' in named


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(whole: dict[str, Any]) -> None:
        place: Any = whole
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


SLIDE = ("story", "items", 1, "slide")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("kind", to="something"), "is no story"),
        (_set("version", to=VERSION + 1), f"version {VERSION + 1}"),
        (_set("version", to="x"), "version x"),
        (_set("story", to=[]), "cannot be opened"),
        (_set("story", "more", to=1), "in more"),
        (_set("story", "items", 1, "title", to=7), "explanation 2, title"),
        (_set(*SLIDE, "page", to="../../etc"), "explanation 2, page"),
        (_set(*SLIDE, "view", to="a b"), "explanation 2, view"),
        (_set(*SLIDE, "view", to="x" * 5000), "explanation 2, view"),
        (_set(*SLIDE, "picture", to=drawing("<script/>")), "explanation 2, picture"),
        (_set(*SLIDE, "table", "rows", 0, to=["one"]), "explanation 2, table, rows"),
        (_set(*SLIDE, "table", "rows", to=[["a", "b"]] * (ROWS + 1)), "explanation 2, table"),
        (_set(*SLIDE, "proofs", 0, "passed", to="certainly"), "explanation 2, proofs"),
        (_set(*SLIDE, "value", to=[]), "explanation 2, value"),
    ],
)
def test_a_bad_part_of_a_file_is_named(change: Callable[[dict[str, Any]], None], said: str) -> None:
    whole = json.loads(written(story()))
    change(whole)
    with pytest.raises(StoryError, match=re.escape(said)) as told:
        read(json.dumps(whole).encode(), "‘a.json’")
    assert str(told.value).startswith("‘a.json’") and "\n" not in str(told.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\xff\xfe",
        b"null",
        b'{"kind": "relrec-story", "version": 1}',
        b"[" * 100_000,
        b'{"kind":"relrec-story","version":1,"story":' + b'{"a":' * 100_000,
        b'{"kind":"relrec-story","version":1,"story":{"title":"\\ud800"}}',
    ],
)
def test_what_is_no_story_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(StoryError, match=r"^x\.json"):
        read(content, "x.json")


def test_a_file_is_no_larger_than_it_may_be() -> None:
    with pytest.raises(StoryError, match=f"may have {MEGABYTES}"):
        read(b" " * (MEGABYTES * 1_000_000 + 1), "x.json")


WRITTEN = written(Story().plus(movie()).retold(0, "Title", "Note")).encode()


@settings(max_examples=150)
@given(place=st.integers(0, len(WRITTEN) - 1), bytes_=st.binary(min_size=1, max_size=6))
def test_a_damaged_file_opens_or_is_refused(place: int, bytes_: bytes) -> None:
    damaged = WRITTEN[:place] + bytes_ + WRITTEN[place + len(bytes_) :]
    try:
        opened = read(damaged, "x.json")
    except StoryError:
        return
    for item in opened.items:
        assert safe(item.slide.picture) == item.slide.picture


def test_a_link_leads_to_this_dashboard_alone() -> None:
    slide = movie()
    assert slide.link("http://here:1/app/") == "http://here:1/app/movies?viewer=1&film=50"
    assert slide.link("") == ""
    home = slide.model_copy(update={"page": "overview", "view": ""})
    assert home.link("http://here") == "http://here/"


def test_texts_that_nobody_can_write_are_left_out() -> None:
    told = movie("A\x00\x0b\x1b[31mlien")
    values = json.loads(told.to_json())
    values.pop("value")
    assert "lien" in values["sentence"]
    assert not re.search(r"[\x00-\x08\x0b-\x1f]|\\u00[01]", json.dumps(values))
    long = Slide.model_validate({**told.model_dump(), "sentence": "x" * 10_000})
    assert len(long.sentence) == 4000 and long.sentence.endswith("…")
