"""Story: explanations kept from the other pages, in an order, to be presented and handed on."""

from __future__ import annotations

import streamlit as st

from dashboard.panels import story as panels
from dashboard.panels.common import sentences
from dashboard.panels.story_keep import held
from dashboard.panels.tour import titled

titled("Story", "story")
st.markdown(
    "Explanations kept on the other pages, in your order. They stay in this visit alone: save the "
    "story to keep it, or to open it elsewhere."
)
with sentences():
    story = held()
    panels.toolbar(story)
    panels.notices(story)
    if story.items:
        panels.listing(story)
    else:
        panels.nothing()
