"""Why this track will be skipped: who decided, how sure, and the proof.

Attribution after Afchar and Hennequin 2020, section 3.3: the share of expert i in a prediction is
alpha_i / sum alpha, and the prediction is the sum of share_i f_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core import VERSION
from relrec_core.errors import ProfileError
from relrec_core.experts.attribution import Judgement
from relrec_core.experts.subsets import Family
from relrec_core.explanation import Decision, ExpertAudit, Explanation, Ledger, Provenance, Value
from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.data.encoding import Batch
from relrec_core.sessions.data.schema import EVERYWHERE
from relrec_core.sessions.data.sessions import CAUSES, Sessions
from relrec_core.sessions.explanation.resampling import flip_test
from relrec_core.sessions.explanation.restricted import implied
from relrec_core.sessions.model.families import LANE_TITLES, expert_title, lane, lanes
from relrec_core.sessions.model.metrics import THRESHOLD
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.store import LICENCES

DONORS = 24
"""Other sessions that the audit takes inputs from."""


class Given(Value):
    """A track of the first half; `track` is its row, `position` counts from 1."""

    position: int
    track: int
    label: str
    skipped: bool


class Predicted(Decision):
    """A track of the second half: the predicted probability of a skip, and what happened.

    `cause` is known of simulated data only.
    """

    position: int
    track: int
    label: str
    skipped: bool
    cause: str

    @property
    def predicted(self) -> bool:
        return self.probability >= THRESHOLD


class SessionAnswer(Value):
    """What is predicted of each track of one session, and who decided.

    `focus` is the number in `predicted`, from 0, of the track that is asked about.
    """

    session: str
    focus: int
    given: tuple[Given, ...]
    predicted: tuple[Predicted, ...]
    family: Family

    @property
    def focused(self) -> Predicted:
        return self.predicted[self.focus]

    def groups(self, expert: str) -> tuple[str, ...]:
        """What an expert reads besides the place in the session."""
        return tuple(g for g in self.family.experts[expert] if g != EVERYWHERE)

    def lanes(self, track: Predicted) -> dict[str, float]:
        """The shares summed up by what is most musical in what an expert reads; they sum to 1."""
        found = dict.fromkeys(lanes(self.family), 0.0)
        for name, share in track.attribution.items():
            found[lane(self.groups(name))] += share
        return found

    def to_table(self) -> pd.DataFrame:
        """One row a track of the second half, with the share of every expert."""
        rows = [
            {
                "position": t.position,
                "track": t.label,
                "probability": t.probability,
                "skipped": t.skipped,
                "cause": t.cause,
                "top expert": t.top,
                **{f"share of {name}": share for name, share in t.attribution.items()},
            }
            for t in self.predicted
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        track = self.focused
        said = "skipped" if track.predicted else "played"
        likely = track.probability if track.predicted else 1 - track.probability
        happened = "skipped" if track.skipped else "played"
        agrees = "It was" if said == happened else "In truth it was"
        return (
            f"{track.label} will be {said} ({likely:.0%} likely), mainly because of "
            f"{self._reason(track)}. {agrees} {happened}."
        )

    def _reason(self, track: Predicted) -> str:
        """The largest part of the track's bar, and the strongest expert in it."""
        parts = self.lanes(track)
        part = max(parts, key=lambda name: parts[name])
        text = f"{LANE_TITLES[part].lower()} ({parts[part]:.0%}"
        if part == "persistence":
            text += f": {self._before()}"
        within = [name for name in self.family.names if lane(self.groups(name)) == part]
        first = max(within, key=lambda name: track.attribution[name])
        if len(within) > 1:
            text += (
                f"; most of all the expert ‘{expert_title(first)}’, {track.attribution[first]:.0%}"
            )
        return f"{text})"

    def _before(self) -> str:
        """What the listener did in the first half: how it ended, or how often they skipped."""
        done = [track.skipped for track in self.given]
        run = next((i for i, one in enumerate(reversed(done)) if one != done[-1]), len(done))
        if run > 1:
            return f"the last {run} tracks were {'skipped' if done[-1] else 'played'}"
        return f"{sum(done)} of {len(done)} tracks were skipped"


class SessionExplanation(SessionAnswer, Explanation):
    """An answer with its proof: score and audit are of the track in focus."""

    audit: ExpertAudit

    def sentence(self) -> str:
        told, top = super().sentence(), expert_title(self.focused.top)
        if self.audit.deletion.confirmed is False:
            tested = f"the test of ‘{top}’ finds no clear difference to other inputs"
            return f"{told} Not confirmed: {tested}."
        return told

    def to_frame(self) -> pd.DataFrame:
        """One row an expert, the focused track's; `contribution` sums to the probability."""
        return self.focused.to_frame({name: self.groups(name) for name in self.family.names})


_WORDS = {
    "context": "where and when the listener plays",
    "interaction": "what the listener did before",
    "track general": "the age, length and popularity of the tracks",
    "track musical": "the sound of the tracks",
    "favourites": "the listener's favourites",
    "popularity": "how popular the tracks are",
    "discounted skip rate": "how often the listener skipped these tracks of late",
    "user": "who the listener is",
    "music": "the sound of the tracks",
}


def spoken(groups: Sequence[str]) -> str:
    """What groups of inputs are, in words."""
    words = [_WORDS[group] for group in groups]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


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
        if self.predictor.family is None:
            raise ProfileError("The control has no experts that could be asked who decided.")

    @property
    def family(self) -> Family:
        family = self.predictor.family
        assert family is not None
        return family

    @cached_property
    def _table(self) -> npt.NDArray[np.float32]:
        return self.predictor.encoding.table(self.data.tracks)

    def predict(self, sessions: Sessions) -> Judgement:
        """Prediction and attribution of any sessions over this data's tracks."""
        return self.predictor.predict(self._encoded(sessions))

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
            focus=focus,
            given=self._given(session),
            predicted=tuple(self._predicted(session, said, slot) for slot in range(n)),
            family=self.family,
        )

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
        batch, others = self._encoded(session), self._encoded(self.data.sessions.take(rows))
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
            provenance=Provenance(
                dataset=self.data.title,
                dataset_hash=self.data.content_hash,
                licence=LICENCES[self.data.simulated],
                run=self.run,
                method=f"experts ({self.predictor.config.family})",
                parameters={"donors": donors, "model": self.predictor.config.model},
                seed=seed,
                code_version=VERSION,
            ),
            **vars(answer),
        )

    def _encoded(self, sessions: Sessions) -> Batch:
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
