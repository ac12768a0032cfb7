"""What is claimed of the inputs that the sessions page names, beyond the paper."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation import directions
from relrec_core.evaluation.claims import Claim, TableSource, Verdict
from relrec_core.sessions.explanation.result import SHOWN, expert_title


def _directions(frames: Sequence[pd.DataFrame]) -> Verdict:
    return directions.verdict(frames[0], SHOWN, "groups of inputs", "tracks")


READ_CONTEXT = ["context", "context and interaction", "all but musical", "all"]


def _elsewhere(frames: Sequence[pd.DataFrame]) -> Verdict:
    turned = 1 - frames[0].set_index("expert")["none"].astype(float)
    reading = turned[turned.index.isin(READ_CONTEXT)]
    others = turned.drop(index=["all tracks", *reading.index])
    most = str(others.index[int(others.to_numpy().argmax())])
    rest = others.drop(index=most)
    clear = reading.min() > others.max()
    ok = clear and reading.min() >= 0.95 and others.max() <= 0.5
    return Verdict(
        "confirmed" if ok else "partly" if clear else "not confirmed",
        f"Where an expert that reads the context decided, another context, hour or day turns "
        f"{reading.min():.0%} of the answers or more; where others did, {rest.min():.0%} to "
        f"{rest.max():.0%}, but {others.max():.0%} where {expert_title(most)} did.",
    )


def _elsewhere_rows(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    names = {
        "expert": "Decided by",
        "context": "Another context",
        "hour": "Another hour",
        "day": "Another day",
        "one": "Any one of them",
        "two": "Context and hour",
        "none": "None",
    }
    found = frames[0].assign(expert=frames[0]["expert"].map(expert_title))
    return found[list(names)].rename(columns=names)


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
    Claim(
        "elsewhere",
        "Would another context, hour or day turn an answer?",
        "Beyond the papers",
        "the other circumstances beside every session",
        "Another context, hour or day turns the answers that the context took part in deciding, "
        "and few of the others.",
        (TableSource("sessions", "elsewhere", "simulated", (0,)),),
        _elsewhere,
        _elsewhere_rows,
        "The network that ships, on sessions that it has not seen. Of each track every other "
        "context and hour, both together, and every other day were tried. ‘Any one of them’ is "
        "where a single change suffices, ‘Context and hour’ where only both together do.",
    ),
)
