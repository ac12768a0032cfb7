"""Cached models and results, keyed by the version of the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.claims import CLAIMS
from dashboard.figures.heatmap import data_url
from relrec_core import paths
from relrec_core.movies import explain as movie_explain
from relrec_core.movies import store
from relrec_core.movies.data import MovieData
from relrec_core.movies.experts import store as expert_store
from relrec_core.movies.experts.explain import ExpertExplanation
from relrec_core.movies.experts.explain import Explainer as FilmExplainer
from relrec_core.movies.explain import MovieExplanation
from relrec_core.movies.recommend import Profile, Recommender
from relrec_core.products import store as product_store
from relrec_core.products import truth
from relrec_core.products.data import Catalogue
from relrec_core.products.explain import Explainer, Map, ProductExplanation, Question, Relevance
from relrec_core.products.recommend import Candidate
from relrec_core.products.truth import Truth
from relrec_core.runs.claims import Verdict
from relrec_core.runs.directory import Run
from relrec_core.runs.tables import StoredTable, stored
from relrec_core.sessions import browse
from relrec_core.sessions import store as session_store
from relrec_core.sessions.config import Config as SessionConfig
from relrec_core.sessions.explain import Explorer, SessionExplanation
from relrec_core.sessions.own import Own, from_folder
from relrec_core.sessions.partial import fitted
from relrec_core.sessions.predictor import Predictor

ModelKey = tuple[str, str]
SESSIONS, EXPLANATIONS = 300, 512


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


def movie_experts(data: MovieData) -> tuple[FilmExplainer, ModelKey]:
    """The experts that judge films, on this data, and the key of everything they say.

    Raises:
        CheckpointError, ProfileError, RunError: as one sentence, to be shown.
    """
    run = expert_store.shown_run()
    key = (str(run.path), str(run.card().get("checkpoint", {}).get("sha256", "")))
    return _experts(data, *key, data_hash=data.content_hash), key


@st.cache_resource(max_entries=2, show_spinner="Asking the experts in …")
def _experts(_data: MovieData, path: str, sha256: str, data_hash: str) -> FilmExplainer:
    return expert_store.explainer(Run.open(Path(path)), _data)


@st.cache_data(max_entries=256, show_spinner=False)
def expert_explanation(
    _explainer: FilmExplainer, key: ModelKey, user: str, films: tuple[int, ...], focus: int
) -> ExpertExplanation:
    """Who decided about some films, with the proof of one of the decisions."""
    return _explainer.explain(user, films, focus)


class SessionView:
    """A model on some sessions, with all that the page has asked of them so far.

    It is kept by whoever shows it and by nobody else: someone's own sessions end with the page.

    Args:
        explorer: model and sessions.
        own: whether these are sessions that someone handed in.
        notes: sentences on what of them is left out.
        absent: groups of inputs that the model reads and the data lacks.
        dropped: experts of the model that read one of these, and are not asked.
    """

    def __init__(
        self,
        explorer: Explorer,
        *,
        own: bool = False,
        notes: tuple[str, ...] = (),
        absent: tuple[str, ...] = (),
        dropped: tuple[str, ...] = (),
    ) -> None:
        self.explorer, self.own, self.notes = explorer, own, notes
        self.absent, self.dropped = absent, dropped
        self.explanation = lru_cache(maxsize=EXPLANATIONS)(self._explanation)

    @cached_property
    def listing(self) -> pd.DataFrame:
        """Every session with its length, skip rate and surprise."""
        return browse.listing(self.explorer)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Who decides over all sessions."""
        return browse.shares(self.explorer)

    def _explanation(self, row: int, focus: int) -> SessionExplanation:
        return self.explorer.explain(self.explorer.session(row), focus)


def session_view() -> SessionView:
    """The model the sessions wing shows, on simulated sessions that it has not seen, or on the
    folder that it was trained on.

    Raises:
        DataError, CheckpointError, ProfileError, RunError, SourceError: each as one sentence.
    """
    return _session_view(*session_key())


def own_view(own: Own) -> SessionView:
    """The same model on someone's own sessions; the caller keeps it.

    Raises: as `session_view`.
    """
    return _view(*session_key(), own, handed_in=True)


def _view(path: str, sha256: str, own: Own, *, handed_in: bool) -> SessionView:
    predictor = _session_predictor(path, sha256)
    explorer = Explorer(fitted(predictor, own.data.names), own.data, Path(path).name)
    whole, left = predictor.family, explorer.family
    assert whole is not None  # or the explorer had refused
    return SessionView(
        explorer,
        own=handed_in,
        notes=own.notes,
        absent=tuple(group for group in whole.groups if group not in left.groups),
        dropped=tuple(name for name in whole.names if name not in left.names),
    )


def session_key() -> ModelKey:
    """The run that the sessions wing shows, and the checksum of its model."""
    run = session_store.shown_run()
    return str(run.path), str(run.card().get("checkpoint", {}).get("sha256", ""))


@st.cache_resource(max_entries=2, show_spinner=False)
def _session_predictor(path: str, sha256: str) -> Predictor:
    return session_store.predictor(Run.open(Path(path)))


@st.cache_resource(max_entries=2, show_spinner="Opening the model and the sessions …")
def _session_view(path: str, sha256: str) -> SessionView:
    config = Run.open(Path(path)).settings(SessionConfig)
    if config.data == session_store.SIMULATED:
        own = Own(session_store.demo_data(config, SESSIONS), ())
    else:
        own = from_folder(session_store.data_folder(config.data))
    return _view(path, sha256, own, handed_in=False)


@dataclass(frozen=True, eq=False)
class Asked:
    """A question about a product, and the text that says all it depends on."""

    question: Question
    text: str


def product_model() -> tuple[Explainer, ModelKey]:
    """The model the products wing shows.

    Raises:
        SourceError, DataError, CheckpointError, RunError: as one sentence, to be shown.
    """
    run = product_store.shown_run()
    key = (str(run.path), str(run.card().get("checkpoint", {}).get("sha256", "")))
    return _explainer(*key, data_home=str(paths.home())), key


@st.cache_resource(max_entries=2, show_spinner="Opening the model and the catalogue …")
def _explainer(path: str, sha256: str, data_home: str) -> Explainer:
    return Explainer(product_store.recommender(Run.open(Path(path))))


@st.cache_data(max_entries=2, show_spinner=False)
def product_card(path: str, sha256: str) -> dict[str, object]:
    """What the run says of itself."""
    return Run.open(Path(path)).card()


@st.cache_resource(max_entries=2, show_spinner=False)
def product_truth(folder: Path) -> Truth:
    """The planted causes of a rendered catalogue."""
    return truth.load(folder)


@st.cache_data(max_entries=20_000, show_spinner=False)
def product_picture(_catalogue: Catalogue, content_hash: str, row: int, side: int) -> str:
    """A product's picture as an address that needs no server; `ImageError` if it is damaged."""
    return data_url(_catalogue.picture(row, side))


@st.cache_data(max_entries=512, show_spinner=False)
def product_candidates(
    _explainer: Explainer,
    _question: Question,
    key: ModelKey,
    asked: str,
    n: int,
    category: str | None,
) -> list[Candidate]:
    """The recommendations."""
    of, q = _explainer.recommender, _question
    return of.recommend(q.query, q.relation, q.user, n, category=category)


@st.cache_data(max_entries=256, show_spinner=False)
def product_relevance(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, rows: Sequence[int]
) -> list[Relevance]:
    """The maps of the query with each of these products."""
    return _explainer.relevance(_question, rows)


@st.cache_data(max_entries=256, show_spinner=False)
def product_contrast(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, row: int, other: int
) -> Relevance:
    """The map of the query: why the one product rather than the other."""
    return _explainer.contrast(_question, row, other)


@st.cache_data(max_entries=256, show_spinner="Erasing parts of the pictures, as a test …")
def product_explanation(
    _explainer: Explainer,
    _question: Question,
    _relevance: Relevance,
    key: ModelKey,
    asked: str,
    row: int,
    other: int | None = None,
) -> ProductExplanation:
    """An explanation with its proof."""
    return _explainer.explain(_question, _relevance, other=other, between=_newer_question)


def _newer_question() -> None:
    """Let Streamlit stop here if the visitor asked for something else meanwhile.

    It does so whenever the session's state is read.
    """
    st.session_state.get("product")


@st.cache_data(
    max_entries=128,
    show_spinner="Following every region of both pictures; a large network takes a minute …",
    show_time=True,
)
def product_regions(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, row: int, cells: int
) -> Map:
    """(cells, cells, cells, cells): region of the query, region of the product; score units."""
    found = _explainer.correspondence(_question, row, cells, _newer_question)
    return 2 * found.regions.numpy()


@st.cache_data(max_entries=512, show_spinner=False)
def product_method(
    _explainer: Explainer, _question: Question, key: ModelKey, asked: str, row: int, name: str
) -> tuple[Map, Map]:
    """Maps of both pictures by one of several methods."""
    from relrec_core.products.attribution import attribute  # what only comparing needs

    return attribute(_explainer, _question, row, name)


@st.cache_data(ttl=30, show_spinner=False)
def evaluation(wing: str, name: str) -> StoredTable | None:
    """A stored evaluation, or None where it was never run."""
    return stored(wing, name)


@st.cache_data(ttl=30, show_spinner=False)
def evidence(key: str, *, quick: bool) -> tuple[list[StoredTable] | None, Verdict]:
    """The stored tables that decide a claim, and what they say; a DataError if one is damaged."""
    claim = CLAIMS[key]
    tables = claim.tables(quick)
    return tables, claim.verdict(tables)
