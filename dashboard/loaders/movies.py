"""The model of the movies wing and its explanations, which need no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.loaders.common import ModelKey, key_of, readable_card
from dashboard.turns import in_turn
from relrec_core import paths
from relrec_core.movies import store
from relrec_core.movies.explanation import explain as movie_explain
from relrec_core.movies.explanation.all_users import AllUsers
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.explanation.result import Aim, Counterfactual, MovieExplanation, Reference
from relrec_core.movies.model.peers import USUAL, peer
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.runs.directory import Run, find, list_runs

MOST_RUNS = 20
"""Runs that are offered beside the one shown, the newest."""


@dataclass(frozen=True)
class MovieQuestion:
    """A question about one movie, as `explain` takes it."""

    item: int
    against: int | None = None
    reference: Reference = "average"
    removed: int = 5


def movie_model() -> tuple[Recommender, ModelKey]:
    """The model the movies wing shows and the key of everything computed with it.

    Raises:
        DataError, CheckpointError, RunError: as one sentence, to be shown.
    """
    run = store.shown_run()
    key = key_of(run)
    return _recommender(*key, data_home=str(paths.home())), key


@st.cache_resource(max_entries=3, show_spinner="Opening the model …")
def _recommender(path: str, sha256: str, data_home: str) -> Recommender:
    return store.recommender(Run.open(Path(path)))


def others(shown: Recommender) -> dict[str, str]:
    """Recommenders that can be shown instead: the peers, and runs on the same data, newest first.

    By what names them in an address, each with its name on screen.
    """
    named = {name: name for name in USUAL}
    for run in list_runs(store.WING)[:MOST_RUNS]:
        card = readable_card(run)
        same = card.data.content_hash == shown.data.content_hash
        if run.status().state == "done" and same and run.name != shown.run:
            named[run.name] = f"{card.title}, {run.name}"
    return named


def other_model(shown: Recommender, key: ModelKey, name: str) -> tuple[Recommender, ModelKey]:
    """One of the `others`, on the histories of the one that is shown.

    Raises:
        RunError, CheckpointError, DataError, ProfileError: as one sentence, to be shown.
    """
    if name in USUAL:
        return _peer(shown, key, name), (f"{key[0]}#{name}", key[1])
    run = find(store.WING, name)
    return _recommender(*key_of(run), data_home=str(paths.home())), key_of(run)


@st.cache_resource(max_entries=6, show_spinner="Fitting the other recommender …")
@in_turn
def _peer(_shown: Recommender, key: ModelKey, name: str) -> Recommender:
    return peer(_shown, name)


@st.cache_data(max_entries=8, show_spinner=False)
@in_turn
def _first_user(_recommender: Recommender, key: ModelKey) -> str:
    return movie_explain.first_user(_recommender)


def first_user(recommender: Recommender, key: ModelKey) -> str:
    """Who is shown first with this model."""
    return _first_user(recommender, key)


@st.cache_data(max_entries=512, show_spinner=False)
def _explanation(
    _recommender: Recommender, _profile: Profile, about: tuple[object, ...], question: MovieQuestion
) -> MovieExplanation:
    return movie_explain.explain(_recommender, _profile, **vars(question))


def explained(
    recommender: Recommender, key: ModelKey, profile: Profile, question: MovieQuestion
) -> MovieExplanation:
    """The cached explanation of one movie for one profile."""
    return _explanation(recommender, profile, _about(key, profile), question)


def _about(key: ModelKey, profile: Profile) -> tuple[object, ...]:
    """What an answer depends on besides the question: the model and all that it knows of a user."""
    known = profile.features.tolist(), profile.seen.tolist(), sorted(profile.liked)
    return (*key, profile.name, *map(tuple, known))


@st.cache_data(max_entries=128, show_spinner=False)
@in_turn
def _smallest(
    _recommender: Recommender,
    _profile: Profile,
    about: tuple[object, ...],
    item: int,
    aim: Aim,
    other: int | None,
    n: int,
) -> Counterfactual:
    return smallest_change(_recommender, _profile, item, aim, other=other, n=n)


def smallest(
    recommender: Recommender,
    key: ModelKey,
    profile: Profile,
    item: int,
    aim: Aim,
    other: int | None,
    n: int,
) -> Counterfactual:
    """The cached smallest change.

    Raises:
        ProfileError: the question does not arise.
    """
    return _smallest(recommender, profile, _about(key, profile), item, aim, other, n)


@st.cache_resource(max_entries=4, show_spinner="Summing over all users …")
@in_turn
def _all_users(_recommender: Recommender, key: ModelKey, n: int) -> AllUsers:
    return AllUsers.of(_recommender, n)


def all_users(recommender: Recommender, key: ModelKey, n: int) -> AllUsers:
    """The cached lists of all users.

    Raises:
        ProfileError: the model has a hidden layer, or no user has a profile.
    """
    return _all_users(recommender, key, n)
