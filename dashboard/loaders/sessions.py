"""The model of the sessions wing, and the sessions that it is asked about."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.loaders.common import ModelKey, key_of
from dashboard.once import Once
from dashboard.turns import in_turn
from relrec_core.runs.directory import Run
from relrec_core.sessions import store as session_store
from relrec_core.sessions.config import Config as SessionConfig
from relrec_core.sessions.data.uploads import Own, unseen
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.elsewhere import Elsewhere
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.restricted import fitted
from relrec_core.sessions.explanation.result import Flip, SessionAnswer, SessionExplanation
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.training.own import Learnt

SESSIONS, EXPLANATIONS = 300, 512
LOOKED_AT = 10
"""Sessions whose proof is tried to find one to open with."""
OWN = "own_sessions"
"""Where a visit keeps what was handed in: what it was read from, and the view."""


class SessionView:
    """A model on some sessions, with all that the page has asked of them so far.

    It is kept by whoever shows it and by nobody else, and nothing in it refers back to it:
    someone's own sessions end with the visit. Several visitors may ask it at once.

    Args:
        explorer: model and sessions.
        model: SHA-256 of the model's file; "" where it has none.
        own: whether these are sessions that someone handed in.
        notes: sentences on what of them is left out.
        absent: groups of inputs that the model reads and the data lacks.
        dropped: experts of the model that read one of these, and are not asked.
    """

    def __init__(
        self,
        explorer: Explorer,
        *,
        model: str = "",
        own: bool = False,
        notes: tuple[str, ...] = (),
        absent: tuple[str, ...] = (),
        dropped: tuple[str, ...] = (),
    ) -> None:
        self.explorer, self.model = explorer, model
        self.own, self.notes = own, notes
        self.absent, self.dropped = absent, dropped
        self._explanations: Once[tuple[SessionAnswer, SessionExplanation]] = Once(EXPLANATIONS)
        self._changes: Once[tuple[Flip, Elsewhere | None]] = Once(EXPLANATIONS)
        self._listings: Once[pd.DataFrame] = Once(2)
        self._opening: Once[int] = Once(1)

    def answer(self, row: int, focus: int) -> SessionAnswer:
        """What is predicted of a session, and who decided; one of its tracks in words."""
        return self._explained(row, focus)[0]

    def explanation(self, row: int, focus: int) -> SessionExplanation:
        """The same with its proof."""
        return self._explained(row, focus)[1]

    def flip(self, row: int, focus: int) -> Flip:
        """The fewest earlier actions that turn the answer."""
        return self._changed(row, focus)[0]

    def elsewhere(self, row: int, focus: int) -> Elsewhere | None:
        """The answer at another place, hour or day."""
        return self._changed(row, focus)[1]

    def _explained(self, row: int, focus: int) -> tuple[SessionAnswer, SessionExplanation]:
        """Both in one turn: in two, a visitor would wait twice."""
        of = self.explorer

        def found() -> tuple[SessionAnswer, SessionExplanation]:
            session = of.session(row)
            answer = of.answer(session, focus)
            return answer, of.prove(session, answer)

        return self._explanations((row, focus), in_turn(found))

    def _changed(self, row: int, focus: int) -> tuple[Flip, Elsewhere | None]:
        of, answer = self.explorer, self.answer(row, focus)

        def found() -> tuple[Flip, Elsewhere | None]:
            session = of.session(row)
            return browse.smallest_flip(of, session, answer), browse.elsewhere(of, session, answer)

        return self._changes((row, focus), in_turn(found))

    @property
    def listing(self) -> pd.DataFrame:
        """Every session with its length, skip rate and surprise."""
        return self._listings("sessions", in_turn(lambda: browse.listing(self.explorer)))

    @property
    def opening(self) -> int:
        """Row of the session that is shown first: one in which the listener changes their mind, as
        predicted, and many different experts decide; the first whose proof is passed."""
        return self._opening("first", self._clear)

    def _clear(self) -> int:
        told = self.listing.sort_values(["turns", "reasons", "right"], ascending=False)
        rows = told.index[:LOOKED_AT].tolist()
        passed = (row for row in rows if self.explanation(row, 0).audit.deletion.confirmed)
        return int(next(passed, rows[0]))

    @property
    def halves(self) -> list[int]:
        """Tracks in the first half of each session."""
        return [int(n) // 2 for n in self.explorer.data.sessions.lengths]

    @property
    def tracks(self) -> pd.DataFrame:
        """Every track of every second half, and who decided it."""
        return self._listings("tracks", in_turn(lambda: browse.tracks(self.explorer)))


def session_view() -> SessionView:
    """The model the sessions wing shows, on sessions that it has not seen: simulated ones, or those
    for the test of the folder that it was trained on.

    Raises:
        DataError, CheckpointError, ProfileError, RunError, SourceError: each as one sentence.
    """
    return _session_view(*session_key())


def own_view(own: Own) -> SessionView:
    """The same model on someone's own sessions; the caller keeps it.

    Raises: as `session_view`.
    """
    return _view(*session_key(), own, handed_in=True)


def own_sessions() -> SessionView | None:
    """What this visit was handed last, if anything."""
    kept: tuple[object, SessionView] | None = st.session_state.get(OWN)
    return kept[1] if kept else None


def learnt_view(found: Learnt) -> SessionView:
    """The last of someone's own sessions, with the network that learnt from those before; the
    caller keeps it."""
    explorer = Explorer(found.predictor, found.data, "learnt from these sessions, in memory")
    note = "Explained by the network that learnt from the sessions before these."
    return SessionView(explorer, own=True, notes=(note,))


def _view(path: str, sha256: str, own: Own, *, handed_in: bool) -> SessionView:
    predictor = _session_predictor(path, sha256)
    explorer = Explorer(fitted(predictor, own.data.names), own.data, Path(path).name)
    whole, left = predictor.family, explorer.family
    assert whole is not None  # or the explorer had refused
    return SessionView(
        explorer,
        model=sha256,
        own=handed_in,
        notes=own.notes,
        absent=tuple(group for group in whole.groups if group not in left.groups),
        dropped=tuple(name for name in whole.names if name not in left.names),
    )


def session_key() -> ModelKey:
    """The run that the sessions wing shows, and the checksum of its model."""
    return key_of(session_store.shown_run())


@st.cache_resource(max_entries=2, show_spinner=False)
def _session_predictor(path: str, sha256: str) -> Predictor:
    return session_store.predictor(Run.open(Path(path)))


@st.cache_resource(max_entries=2, show_spinner="Opening the model and the sessions …")
def _session_view(path: str, sha256: str) -> SessionView:
    config = Run.open(Path(path)).settings(SessionConfig)
    if config.dataset == session_store.SIMULATED:
        own = Own(session_store.demo_data(config, SESSIONS), ())
    else:
        own = unseen(session_store.data_folder(config.dataset))
    return _view(path, sha256, own, handed_in=False)
