"""The title of a page, and the three steps that a first visit needs."""

from __future__ import annotations

import streamlit as st

from dashboard.components.tour import tour

Place = st.delta_generator.DeltaGenerator

STEPS = {
    "overview": (
        "Look at an example of each model, computed now.",
        "Read why: a sentence, and a picture of the reasons.",
        "Check the proof below it; then ask about your own case.",
    ),
    "products": (
        "Choose a product, or bring your own picture.",
        "Read why: the sentence, and the warm areas.",
        "Check the proof: without these areas the score must drop.",
    ),
    "movies": (
        "Choose a user, or name movies that someone liked.",
        "Read why: the widest flows are the strongest reasons.",
        "Check the proof: without them the score must drop.",
    ),
    "sessions": (
        "Choose a session, and a track of its second half.",
        "Read why: the longest bar is the expert that decided.",
        "Check the proof: other inputs must change the answer.",
    ),
    "evidence": (
        "Choose a claim of the papers.",
        "Read what was measured here: confirmed, or not.",
        "Check the numbers and the conditions below the picture.",
    ),
    "story": (
        "Keep explanations: ‘Add to story’ on the other pages.",
        "Bring them in order, and say what you want to say.",
        "Present them, or take them away as slides.",
    ),
    "training": (
        "Choose a model and its data; the settings follow.",
        "Start: a run goes on when this page is closed.",
        "Compare the runs, and make one active: it is then shown.",
    ),
}
"""Page -> what to choose, what to read, what to check; each fits in one line of the note."""


def titled(title: str, page: str) -> Place:
    """The title, beside it how to read the page; gives the place beside the title for more."""
    with st.container(key="page_head"):
        row = st.container(horizontal=True, vertical_alignment="center", gap="medium")
        row.title(title, width="content")
        tour(page, STEPS[page])
    return row
