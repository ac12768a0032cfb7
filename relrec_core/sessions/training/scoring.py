"""All sessions of a part with what a model and the baselines say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relrec_core.experts.attribution import Doubles, Judgement
from relrec_core.sessions.data.schema import Column
from relrec_core.sessions.data.sessions import PARTS, Bools, Bytes, Part, Sessions
from relrec_core.sessions.data.source import SessionSource
from relrec_core.sessions.model import baselines
from relrec_core.sessions.model.metrics import Scores, score
from relrec_core.sessions.model.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Scored:
    """n sessions and the baselines, each (n, 10); `mask` is True where there is a track."""

    last: Doubles
    mean: Doubles
    skipped: Bools
    mask: Bools
    causes: Bytes

    def scores(self, probability: npt.ArrayLike) -> Scores:
        """Accuracy, Acc@1 and MAA of (n, 10) probabilities of a skip."""
        return score(probability, self.skipped, self.mask)


@dataclass(frozen=True, eq=False)
class Judged(Scored):
    """The same with what a model says."""

    prediction: Judgement


def judged(source: SessionSource, part: Part, predictor: Predictor) -> Judged:
    """Predict a whole part, a chunk at a time; the part has at least one session."""
    rows = []
    for sessions, batch in source.sessions(part):
        said = predictor.predict(batch)
        happened = _happened(sessions, source.columns)
        rows.append((*happened, said.probability, said.attribution, said.experts))
    last, mean, skipped, mask, causes, *told = (
        np.concatenate(pieces) for pieces in zip(*rows, strict=True)
    )
    return Judged(last, mean, skipped, mask, causes, Judgement(*told))


def everything(source: SessionSource) -> Scored:
    """All sessions of all parts with what the baselines say."""
    parts = [_happened(s, source.columns) for part in PARTS for s, _ in source.sessions(part)]
    return Scored(*(np.concatenate(pieces) for pieces in zip(*parts, strict=True)))


def _happened(
    sessions: Sessions, columns: tuple[Column, ...]
) -> tuple[Doubles, Doubles, Bools, Bools, Bytes]:
    """In the order of `Scored`."""
    last, mean = baselines.last(sessions, columns), baselines.mean(sessions, columns)
    return last, mean, sessions.skipped, sessions.mask_b, sessions.causes
