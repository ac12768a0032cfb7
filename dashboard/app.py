"""RelRec's dashboard: `python scripts/run_dashboard.py`, or `streamlit run dashboard/app.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:  # `streamlit run` makes only this file's own folder known
    sys.path.insert(0, ROOT)

from dashboard import answers, links, visitors
from dashboard.components.printing import fitting
from dashboard.memory import forget_the_gone
from dashboard.panels.common import read_only_notice
from dashboard.panels.sign_in import admitted
from dashboard.uploads import keep_in_memory
from relrec_core import logs, permission

PAGES = (
    ("overview", "Overview", ":material/home:"),
    ("products", "Products", ":material/image_search:"),
    ("movies", "Movies", ":material/movie:"),
    ("sessions", "Sessions", ":material/queue_music:"),
    ("evidence", "Evidence", ":material/fact_check:"),
    ("story", "Story", ":material/slideshow:"),
    ("training", "Training", ":material/model_training:"),
)

st.set_page_config(page_title="RelRec: why was this recommended?", page_icon="🔎", layout="wide")
once = st.cache_resource(show_spinner=False)
once(forget_the_gone)()
keep_in_memory()
once(logs.begin)("streamlit.error_util")
once(answers.begin)()
permission.ask(visitors.refusal)
may_look = admitted()
page = st.navigation(
    [
        st.Page(f"app_pages/{name}.py", title=title, icon=icon, default=name == "overview")
        for name, title, icon in PAGES
    ],
    position="top" if may_look else "hidden",
)
if not may_look:
    st.stop()
if st.session_state.get("page") != page.title:
    st.session_state["page"] = page.title
    links.forget()
read_only_notice()
fitting()
with answers.timed(page.url_path or PAGES[0][0]):
    page.run()
