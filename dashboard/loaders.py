"""Cached models and results, keyed by the version of the model that made them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from relrec_core import paths
from relrec_core.movies import explain as movie_explain
from relrec_core.movies import store
from relrec_core.movies.data import MovieData
from relrec_core.movies.experts import store as expert_store
from relrec_core.movies.experts.explain import ExpertExplanation, Explainer
from relrec_core.movies.explain import MovieExplanation
from relrec_core.movies.recommend import Profile, Recommender
from relrec_core.runs.directory import Run
from relrec_core.runs.tables import StoredTable, stored
from relrec_core.sessions import browse
from relrec_core.sessions import store as session_store
from relrec_core.sessions.config import Config as SessionConfig
from relrec_core.sessions.explain import Explorer, SessionExplanation

ModelKey = tuple[str, str]
SESSIONS = 300


def movie_model() -> tuple[Recommender, ModelKey]:
    """The model the movies wing shows and the key of everything computed with it.

    Raises:
        DataError, CheckpointError, RunError: as one sentence, to be shown.
    """
    run = store.shown_run()
    key = (str(run.path), str(run.card().get("checkpoint", {}).get("sha256", "")))
    return _recommender(*key, data_home=str(paths.home())), key


@st.cache_resource(max_entries=3, show_spinner="Opening the model …")
def _recommender(path: str, sha256: str, data_home: str) -> Recommender:
    return store.recommender(Run.open(Path(path)))


@st.cache_data(max_entries=512, show_spinner=False)
def movie_explanation(
    _recommender: Recommender,
    _profile: Profile,
    key: ModelKey,
    features: tuple[int, ...],
    seen: tuple[int, ...],
    name: str,
    item: int,
    against: int | None,
    removed: int,
    seed: int,
) -> MovieExplanation:
    """One explanation; everything it depends on is in the arguments without underscore."""
    return movie_explain.explain(
        _recommender, _profile, item, against=against, removed=removed, seed=seed
    )


def explained(
    recommender: Recommender,
    key: ModelKey,
    profile: Profile,
    item: int,
    *,
    against: int | None = None,
    removed: int = 5,
    seed: int = 0,
) -> MovieExplanation:
    """The cached explanation of one film for one profile."""
    return movie_explanation(
        recommender,
        profile,
        key,
        tuple(profile.features.tolist()),
        tuple(profile.seen.tolist()),
        profile.name,
        item,
        against,
        removed,
        seed,
    )


def movie_experts(data: MovieData) -> tuple[Explainer, ModelKey]:
    """The experts that judge films, on this data, and the key of everything they say.

    Raises:
        CheckpointError, ProfileError, RunError: as one sentence, to be shown.
    """
    run = expert_store.shown_run()
    key = (str(run.path), str(run.card().get("checkpoint", {}).get("sha256", "")))
    return _experts(data, *key, data_hash=data.content_hash), key


@st.cache_resource(max_entries=2, show_spinner="Asking the experts in …")
def _experts(_data: MovieData, path: str, sha256: str, data_hash: str) -> Explainer:
    return expert_store.explainer(Run.open(Path(path)), _data)


@st.cache_data(max_entries=256, show_spinner=False)
def expert_explanation(
    _explainer: Explainer, key: ModelKey, user: str, films: tuple[int, ...], focus: int
) -> ExpertExplanation:
    """Who decided about some films, with the proof of one of the decisions."""
    return _explainer.explain(user, films, focus)


def session_model() -> tuple[Explorer, ModelKey]:
    """The model the sessions wing shows, on simulated sessions that it has not seen.

    Raises:
        DataError, CheckpointError, ProfileError, RunError: as one sentence, to be shown.
    """
    run = session_store.shown_run()
    key = (str(run.path), str(run.card().get("checkpoint", {}).get("sha256", "")))
    return _explorer(*key), key


@st.cache_resource(max_entries=2, show_spinner="Opening the model and the sessions …")
def _explorer(path: str, sha256: str) -> Explorer:
    run = Run.open(Path(path))
    data = session_store.demo_data(run.settings(SessionConfig), SESSIONS)
    return Explorer(session_store.predictor(run), data, run.name)


@st.cache_data(max_entries=2, show_spinner="Predicting every session once …")
def session_listing(_explorer: Explorer, key: ModelKey) -> pd.DataFrame:
    """Every session with its length, skip rate and surprise."""
    return browse.listing(_explorer)


@st.cache_data(max_entries=2, show_spinner=False)
def session_shares(_explorer: Explorer, key: ModelKey) -> pd.DataFrame:
    """Who decides over all sessions."""
    return browse.shares(_explorer)


@st.cache_data(max_entries=512, show_spinner=False)
def session_explanation(
    _explorer: Explorer, key: ModelKey, row: int, focus: int
) -> SessionExplanation:
    """The explanation of one session, with the proof of one of its tracks."""
    return _explorer.explain(_explorer.session(row), focus)


@st.cache_data(ttl=30, show_spinner=False)
def evaluation(wing: str, name: str) -> StoredTable | None:
    """A stored evaluation, or None where it was never run."""
    return stored(wing, name)
