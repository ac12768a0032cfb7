"""An app with the hostile texts in every element that the dashboard puts names into."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dashboard import escape
from tests.hostile import TEXTS

st.title("Texts")
for number, text in enumerate(map(escape.markdown, TEXTS)):
    with st.container(key=f"text_{number}"):
        st.markdown(text)
        st.markdown(f"### {text}")
        st.markdown(f"**{text}**")
        st.caption(text)
        st.error(text)
        st.progress(0.5, text=text)
        st.button(text, key=f"button_{number}")
        st.radio(text, [text], captions=[text], key=f"radio_{number}")
        st.segmented_control(text, [text], key=f"control_{number}")
        with st.expander(text):
            st.download_button(text, "", key=f"download_{number}")
st.container(key=f"text_{len(TEXTS)}").markdown("The end")
