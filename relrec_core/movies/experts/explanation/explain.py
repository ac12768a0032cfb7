"""Who decided about a film: content, the viewer, the film or taste, with its proof.

Attribution after Afchar and Hennequin 2020, section 3.3: the share of expert i in a prediction is
alpha_i / sum alpha, and the prediction is the sum of share_i f_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy import sparse

from relrec_core.errors import ProfileError
from relrec_core.experts.subsets import Family, required
from relrec_core.explanation import Ledger, Provenance
from relrec_core.movies.data.features import film_names
from relrec_core.movies.data.interactions import USER, MovieData
from relrec_core.movies.experts import store
from relrec_core.movies.experts.data.holdout import holdout
from relrec_core.movies.experts.explanation.resampling import added, exchange_test, others
from relrec_core.movies.experts.explanation.result import (
    ExchangeAudit,
    ExpertExplanation,
    JudgedFilm,
)
from relrec_core.movies.experts.model.predictor import Predictor
from relrec_core.runs.directory import Run

NO_EXPERTS = "This model has no experts that could be asked who decided."
DONORS = 200
"""Other viewers with other films that the proof takes inputs from."""


@dataclass(frozen=True, eq=False)
class Explainer:
    """Trained experts on their data, ready to say who decided.

    Raises:
        ProfileError: the network is one without experts.
    """

    predictor: Predictor
    data: MovieData
    run: str

    @classmethod
    def of(cls, run: Run, data: MovieData) -> Self:
        """The experts of a run, ready to explain.

        Raises:
            CheckpointError: the checkpoint is damaged or belongs to other data.
            ProfileError: it is one without experts.
        """
        return cls(store.predictor(run, data), data, run.name)

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
    def titles(self) -> list[str]:
        """Of all movies, with their years."""
        return film_names(self.data)

    @cached_property
    def learnt(self) -> sparse.csr_matrix:
        """Ratings that the experts learnt from, (U, I)."""
        return holdout(self.data, self.predictor.config.split_seed).known

    def row(self, user_id: str) -> int:
        """Row of a viewer; raises `ProfileError` for one the experts never met."""
        found = np.flatnonzero(self.data.users[USER].astype(str) == user_id)
        if len(found) == 0:
            raise ProfileError(f"There is no user '{user_id}' in {self.data.title}.")
        return int(found[0])

    def best(self, user_id: str, n: int = 10) -> list[int]:
        """The experts' own recommendations: n films they did not learn of this viewer from."""
        viewer = self.row(user_id)
        films = np.setdiff1d(np.arange(len(self.data.items)), self.learnt[viewer].indices)
        if len(films) == 0:
            raise ProfileError("This user has rated every movie, so nothing is left to rank.")
        scores = self.predictor.judge([viewer], films[None]).probability[0]
        return [int(film) for film in films[np.argsort(-scores, kind="stable")[:n]]]

    def explain(
        self,
        user_id: str,
        films: Sequence[int],
        focus: int = 0,
        *,
        donors: int = DONORS,
        seed: int = 0,
    ) -> ExpertExplanation:
        """Say who decided about some films, with the proof of one of the decisions.

        Args:
            user_id: a viewer of the data.
            films: rows of films.
            focus: which of them to prove, from 0.
            donors: how many other viewers and films the proof takes inputs from.
            seed: of those.

        Raises:
            ProfileError: there is no such viewer or film, or no film at all.
        """
        viewer = self.row(user_id)
        if not 0 <= focus < len(films):
            raise ProfileError(f"There are {len(films)} movies; there is no number {focus + 1}.")
        unknown = [film for film in films if not 0 <= film < len(self.data.items)]
        if unknown:
            raise ProfileError(f"There is no movie {unknown[0]}; there are {len(self.data.items)}.")
        judged = self._judged(viewer, films)
        film = judged[focus]
        rng = np.random.default_rng([seed, 1])
        taken = self.predictor.inputs(
            rng.integers(0, len(self.data.users), donors),
            rng.integers(0, len(self.data.items), donors),
        )
        deletion = exchange_test(
            self.predictor, self.family, (viewer, film.item), film.top, taken, seed
        )
        parts = sum(share * film.experts[name] for name, share in film.attribution.items())
        return ExpertExplanation(
            score=film.probability,
            audit=ExchangeAudit(
                ledger=Ledger(score=film.probability, features=parts),
                shares=Ledger(score=1.0, features=sum(film.attribution.values())),
                deletion=deletion,
                exchanged=added(self.family, film.top),
                compared=others(self.family, film.top),
            ),
            provenance=Provenance.of(
                self.data, self.run, "NCF of experts", {"donors": donors}, seed
            ),
            viewer=f"User {user_id}",
            focus=focus,
            films=judged,
            family=self.family,
        )

    def _judged(self, viewer: int, films: Sequence[int]) -> tuple[JudgedFilm, ...]:
        said = self.predictor.judge([viewer], [films])
        names, learnt = self.family.names, set(self.learnt[viewer].indices.tolist())
        return tuple(
            JudgedFilm(
                item=int(film),
                title=self.titles[film],
                probability=float(said.probability[0, i]),
                learnt=int(film) in learnt,
                attribution=dict(zip(names, said.attribution[0, i].tolist(), strict=True)),
                experts=dict(zip(names, said.experts[0, i].tolist(), strict=True)),
            )
            for i, film in enumerate(films)
        )
