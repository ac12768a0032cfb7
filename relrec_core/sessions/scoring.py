"""All sessions of a part with what a model and the baselines say of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relrec_core.sessions import baselines
from relrec_core.sessions.metrics import Scores, score
from relrec_core.sessions.predictor import Doubles, Prediction, Predictor
from relrec_core.sessions.sessions import Bools, Bytes, Part
from relrec_core.sessions.source import Source


@dataclass(frozen=True, eq=False)
class Judged:
    """n sessions, each (n, 10) unless said otherwise; `mask` is True where there is a track."""

    prediction: Prediction
    last: Doubles
    mean: Doubles
    skipped: Bools
    mask: Bools
    causes: Bytes

    def scores(self, probability: npt.ArrayLike) -> Scores:
        """Accuracy, Acc@1 and MAA of (n, 10) probabilities of a skip."""
        return score(probability, self.skipped, self.mask)


def judged(source: Source, part: Part, predictor: Predictor) -> Judged:
    """Predict a whole part, a chunk at a time; the part has at least one session."""
    columns, rows = source.columns, []
    for sessions, batch in source.sessions(part):
        said = predictor.predict(batch)
        rows.append(
            (
                said.probability,
                said.attribution,
                said.experts,
                baselines.last(sessions, columns),
                baselines.mean(sessions, columns),
                sessions.skipped,
                sessions.mask_b,
                sessions.causes,
            )
        )
    probability, attribution, experts, last, mean, skipped, mask, causes = (
        np.concatenate(pieces) for pieces in zip(*rows, strict=True)
    )
    return Judged(Prediction(probability, attribution, experts), last, mean, skipped, mask, causes)
