"""The experts that judge movies, and what they say."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.loaders.common import ModelKey, key_of
from dashboard.turns import in_turn
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.experts import store as expert_store
from relrec_core.movies.experts.explanation.explain import Explainer as FilmExplainer
from relrec_core.movies.experts.explanation.result import ExpertExplanation
from relrec_core.runs.directory import Run


def movie_experts(data: MovieData) -> tuple[FilmExplainer, ModelKey]:
    """The experts that judge movies, on this data, and the key of everything they say.

    Raises:
        CheckpointError, ProfileError, RunError: as one sentence, to be shown.
    """
    run = expert_store.shown_run()
    key = key_of(run)
    return _experts(data, *key, data_hash=data.content_hash), key


@st.cache_resource(max_entries=2, show_spinner="Asking the experts in …")
def _experts(_data: MovieData, path: str, sha256: str, data_hash: str) -> FilmExplainer:
    return FilmExplainer.of(Run.open(Path(path)), _data)


@st.cache_data(max_entries=256, show_spinner=False)
@in_turn
def expert_explanation(
    _explainer: FilmExplainer, key: ModelKey, user: str, films: tuple[int, ...], focus: int
) -> ExpertExplanation:
    """Who decided about some movies, with the proof of one of the decisions."""
    return _explainer.explain(user, films, focus)
