"""What is claimed of the inputs that the sessions page names, beyond the paper."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation import directions
from relrec_core.evaluation.claims import Claim, TableSource, Verdict
from relrec_core.sessions.explanation.result import SHOWN


def _directions(frames: Sequence[pd.DataFrame]) -> Verdict:
    return directions.verdict(frames[0], SHOWN, "groups of inputs", "tracks")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "session-directions",
        "Does the probability move as the named inputs say?",
        "Beyond the papers",
        "what the headline of a session names",
        "The inputs that are named speak for the answer: with those of other sessions in their "
        "place, it becomes less sure.",
        (TableSource("sessions", "directions", "simulated"),),
        _directions,
        directions.rows,
        "Groups: earlier actions, context, track facts, sound. Each is exchanged for that of 24 "
        "other sessions; LIME asks with 24 others. Many tracks name one group of four, so that "
        "chance is often right. Changes are of the probability of the answer given.",
    ),
)
