"""Titles decoded, and labels that name one thing each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.titles import decoded, unique_labels


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Et Dieu&#8230;Cr&eacute;a la Femme", "Et Dieu…Créa la Femme"),
        ("Salt &amp; Pepper", "Salt & Pepper"),
        ("Salt &amp;amp; Pepper", "Salt & Pepper"),
        ('<span class="a">Lamp</span><br/>white', "Lamp white"),
        ("&lt;b&gt;Lamp&lt;/b&gt;", "Lamp"),
        ("  two \n words ", "two words"),
        ("<br>", ""),
        ("M*A*S*H", "M*A*S*H"),
        ("Q&A; R&D", "Q&A; R&D"),
        ("Cats &copycats", "Cats &copycats"),
        ("I <3 you > me", "I <3 you > me"),
        ("&#99999999999999999999;", "&#99999999999999999999;"),
    ],
)
def test_titles_are_decoded(written: str, read: str) -> None:
    assert decoded(written) == read


WORDS = st.sampled_from(["A", "B", "A #1", "A #2", "A #1 #1", "B #2", ""])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(WORDS, max_size=12))
def test_no_two_labels_are_alike_and_twins_alone_get_their_ids(labels: list[str]) -> None:
    made = unique_labels(labels, range(len(labels)))
    assert len(set(made)) == len(labels)
    for one, (before, after) in enumerate(zip(labels, made, strict=True)):
        times = after.removeprefix(before).count("#")
        assert after == before + f" #{one}" * times
        assert times > 0 or labels.count(before) == 1


def test_labels_without_twins_stay() -> None:
    assert unique_labels(["A", "B", "A"], ["x", "y", "z"]) == ["A #x", "B", "A #z"]
