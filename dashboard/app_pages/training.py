"""Training: start a run, watch it, compare runs, choose what the dashboard shows."""

from __future__ import annotations

import streamlit as st

from dashboard.panels import training as panels
from dashboard.panels.common import sentences
from dashboard.panels.explained import explained
from dashboard.panels.tour import titled
from dashboard.panels.training_import import import_form
from relrec_core.movies.store import WING

titled("Training", "training")
with sentences():
    wing = panels.choose_wing()
    settings, runs = st.columns([1, 1.6], gap="large")
    with settings:
        panels.start_form(wing)
        if wing == WING:
            import_form()
    with runs:
        panels.ongoing(wing)
        panels.run_list(wing)
        explained(wing)
