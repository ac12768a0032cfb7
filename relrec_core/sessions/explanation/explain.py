"""Why this track will be skipped: who decided, how sure, and the proof.

Attribution after Afchar and Hennequin 2020, section 3.3: the share of expert i in a prediction is
alpha_i / sum alpha, and the prediction is the sum of share_i f_i.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from relrec_core.errors import ProfileError
from relrec_core.experts.attribution import Judgement
from relrec_core.experts.subsets import Family, required
from relrec_core.explanation import ExpertAudit, Ledger, Provenance
from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.data.encoding import Batch
from relrec_core.sessions.data.sessions import CAUSES, Sessions
from relrec_core.sessions.explanation.inputs import inputs, session_title
from relrec_core.sessions.explanation.resampling import flip_test
from relrec_core.sessions.explanation.restricted import implied
from relrec_core.sessions.explanation.result import (
    Given,
    Predicted,
    SessionAnswer,
    SessionExplanation,
)
from relrec_core.sessions.model.families import chosen
from relrec_core.sessions.model.predictor import Predictor

NO_EXPERTS = "The control has no experts that could be asked who decided."
DONORS = 24
"""Other sessions that the audit takes inputs from."""


@dataclass(frozen=True, eq=False)
class Explorer:
    """A trained model of experts on some sessions, ready to explain them.

    The data need not be what the model was trained on: where it lacks a whole group, make the
    predictor fit first (`partial.fitted`).

    Raises:
        ProfileError: the model is the control, which has no experts.
    """

    predictor: Predictor
    data: SessionData
    run: str

    def __post_init__(self) -> None:
        required(self.predictor.family, NO_EXPERTS)

    @property
    def family(self) -> Family:
        """The experts of the model that is shown.

        Raises:
            ProfileError: it has none.
        """
        return required(self.predictor.family, NO_EXPERTS)

    @cached_property
    def _table(self) -> npt.NDArray[np.float32]:
        return self.predictor.encoding.table(self.data.tracks)

    def predict(self, sessions: Sessions) -> Judgement:
        """Prediction and attribution of any sessions over this data's tracks."""
        return self.predictor.predict(self.encoded(sessions))

    @cached_property
    def everything(self) -> Judgement:
        """Of all sessions of the data, in their order."""
        return self.predict(self.data.sessions)

    def session(self, row: int) -> Sessions:
        """One session, for `explain` or to be changed first (`changes`)."""
        if not 0 <= row < len(self.data.sessions):
            raise ProfileError(f"The data has no session {row}; it has {len(self.data.sessions)}.")
        return self.data.sessions.take(slice(row, row + 1))

    def explain(
        self,
        session: Sessions,
        focus: int = 0,
        *,
        donors: int = DONORS,
        seed: int = 0,
    ) -> SessionExplanation:
        """Explain one session, with the proof of one of its predictions.

        Args:
            session: one session, of the data or changed.
            focus: which track of the second half, from 0.
            donors: how many other sessions the audit takes inputs from.
            seed: of those sessions and of the random columns.

        Raises:
            ProfileError: there is no such track.
        """
        return self.prove(session, self.answer(session, focus), donors=donors, seed=seed)

    def answer(self, session: Sessions, focus: int = 0) -> SessionAnswer:
        """The explanation without its proof, which takes longer.

        Raises: as `explain`.
        """
        n = int(session.mask_b[0].sum())
        if not 0 <= focus < n:
            raise ProfileError(f"The second half has {n} tracks; there is no number {focus + 1}.")
        said = self.predict(session)
        return SessionAnswer(
            session=str(session.ids[0]),
            title=self.title(session),
            focus=focus,
            given=self._given(session),
            predicted=tuple(self._predicted(session, said, slot) for slot in range(n)),
            family=self.family,
            inputs=inputs(self.data, session, focus),
        )

    def title(self, session: Sessions) -> str:
        """What people call a session of this data, also after it was changed."""
        number = int(np.flatnonzero(self.data.sessions.ids == session.ids[0])[0])
        return session_title(self.data, session, number)

    def prove(
        self,
        session: Sessions,
        answer: SessionAnswer,
        *,
        donors: int = DONORS,
        seed: int = 0,
    ) -> SessionExplanation:
        """The explanation of an answer to the same session; arguments as of `explain`."""
        track = answer.focused
        rng = np.random.default_rng([seed, 1])
        rows = rng.integers(0, len(self.data.sessions), donors)
        groups = self.family.experts[track.top]
        batch, others = self.encoded(session), self.encoded(self.data.sessions.take(rows))
        deletion = flip_test(self.predictor, batch, answer.focus, groups, others, seed)
        shares = sum(track.attribution.values())
        parts = sum(share * track.experts[name] for name, share in track.attribution.items())
        return SessionExplanation(
            score=track.probability,
            audit=ExpertAudit(
                ledger=Ledger(score=track.probability, features=parts),
                shares=Ledger(score=1.0, features=shares),
                deletion=deletion,
            ),
            provenance=Provenance.of(
                self.data,
                self.run,
                f"experts ({chosen(self.predictor.config.family, self.predictor.encoding)})",
                {"donors": donors, "model": self.predictor.config.model},
                seed,
            ),
            **vars(answer),
        )

    def encoded(self, sessions: Sessions) -> Batch:
        """As the network reads them."""
        encoding = self.predictor.encoding
        known = implied(sessions, self.data.columns, encoding.log_columns)
        return encoding.encode(*known, self._table)

    def _given(self, session: Sessions) -> tuple[Given, ...]:
        skipped = session.skipped_before(self.data.columns)[0]
        return tuple(
            Given(
                position=slot + 1,
                track=int(session.tracks_a[0, slot]),
                label=self.data.tracks.label(int(session.tracks_a[0, slot])),
                skipped=bool(skipped[slot]),
            )
            for slot in range(int(session.mask_a[0].sum()))
        )

    def _predicted(self, session: Sessions, said: Judgement, slot: int) -> Predicted:
        names, track = self.family.names, int(session.tracks_b[0, slot])
        return Predicted(
            position=int(session.mask_a[0].sum()) + slot + 1,
            track=track,
            label=self.data.tracks.label(track),
            probability=float(said.probability[0, slot]),
            skipped=bool(session.skipped[0, slot]),
            cause=CAUSES[int(session.causes[0, slot])],
            attribution=dict(zip(names, said.attribution[0, slot].tolist(), strict=True)),
            experts=dict(zip(names, said.experts[0, slot].tolist(), strict=True)),
        )
