"""What an explanation of one session holds: its tracks, who decided about each, and the proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from relrec_core.experts.subsets import Family
from relrec_core.explanation import Decision, ExpertAudit, Explanation, Value
from relrec_core.sessions.data.schema import (
    CONTEXT,
    EVERYWHERE,
    FAVOURITES,
    GENERAL,
    INTERACTION,
    MUSIC,
    MUSICAL,
    POPULARITY,
    SKIP_RATE,
    TASTE,
    USER,
)
from relrec_core.sessions.explanation.elsewhere import Elsewhere, listed
from relrec_core.sessions.model.metrics import THRESHOLD

SHOWN = "This dashboard’s experts"
"""What the headline of the sessions page goes by, as tables call it."""
LANES = ("persistence", "context", "listener", "track", "musical")
"""What experts are summed up to, from what is least to what is most about the music; "listener" is
what the paper's figure 11 calls interaction."""

_LANE_OF = {
    MUSICAL: "musical",
    MUSIC: "musical",
    GENERAL: "track",
    POPULARITY: "listener",
    FAVOURITES: "listener",
    SKIP_RATE: "listener",
    USER: "listener",
    TASTE: "listener",
    CONTEXT: "context",
    INTERACTION: "persistence",
}


def lane(groups: Iterable[str]) -> str:
    """Where an expert is summed up: by the most musical group that it reads."""
    return max((_LANE_OF[group] for group in groups), key=LANES.index)


def lanes(family: Family) -> tuple[str, ...]:
    """Those of `LANES` that an expert of the family is summed up in, in their order."""
    found = {lane(g for g in groups if g != EVERYWHERE) for groups in family.experts.values()}
    return tuple(name for name in LANES if name in found)


TITLES = {
    "interaction": "earlier actions",
    "persistence": "earlier actions",
    "track general": "track facts",
    "track musical": "sound",
    "context and interaction": "context and earlier actions",
    "track": "track facts and sound",
    "all but musical": "all except sound",
    "all": "all inputs",
    "skip rate": "earlier skips of the track",
    "music": "sound",
    "music and popularity": "sound and popularity",
    "all but music": "all except sound",
    "listener and music": "listener and sound",
    "taste and music": "taste and sound",
}
"""What an expert is called on screen, where that is not its name."""


def expert_title(expert: str) -> str:
    """What an expert is called on screen."""
    return TITLES.get(expert, expert)


def cause_title(cause: str) -> str:
    """What a planted cause is called on screen."""
    return "earlier actions" if cause == "persistence" else cause


LANE_TITLES = {
    "persistence": "Earlier actions",
    "context": "Context",
    "listener": "Habits",
    "track": "Track facts",
    "musical": "Sound",
}
"""What lanes are called on screen."""


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
        """Whether a skip is predicted."""
        return self.probability >= THRESHOLD


class Input(Value):
    """One input of a track with its value as text; `before` is that of the first half, if any."""

    name: str
    value: str
    before: str = ""


class GroupInputs(Value):
    """The inputs of one group, and what they come to in a few words."""

    group: str
    words: str
    named: tuple[Input, ...]


class Change(Value):
    """The probability of a skip of one track of the second half, before and after a change."""

    position: int
    label: str
    before: float
    after: float

    @property
    def difference(self) -> float:
        """What the change adds to the probability of a skip."""
        return self.after - self.before


class Flip(Value):
    """The fewest tracks of the first half that, had they gone the other way, turn a prediction.

    `turned` is as it was and empty where none suffice; of equally small sets it is the one that
    changes the probability of a skip, `before` and `after`, most, and `equals` counts them. `tried`
    sets were tried: all of up to `largest` of `half` tracks, so that no smaller one exists.
    """

    track: str
    turned: tuple[Given, ...]
    before: float
    after: float
    equals: int
    tried: int
    largest: int
    half: int

    def sentence(self) -> str:
        """What would have had to be otherwise, in words."""
        said, other = "played", "skipped"
        if self.before >= THRESHOLD:
            said, other = other, said
        if not self.turned and self.largest < self.half:
            return (
                f"No other choice at up to {self.largest} tracks of the first half turns this "
                "prediction; larger changes were not tried."
            )
        if not self.turned:
            return (
                "Whatever the listener had skipped or played in the first half, "
                f"‘{self.track}’ would still be {said}."
            )
        parts = [
            f"{verb} {listed([f'‘{track.label}’' for track in chosen])}"
            for verb, skipped in (("not skipped", True), ("skipped", False))
            if (chosen := [track for track in self.turned if track.skipped is skipped])
        ]
        return (
            f"Had the listener {' and '.join(parts)}, ‘{self.track}’ would be {other}: the "
            f"probability of a skip goes from {self.before:.0%} to {self.after:.0%}."
        )

    def proof(self) -> str:
        """Why it is the smallest, in words."""
        if not self.turned:
            most = f" at up to {self.largest} tracks" if self.largest < self.half else ""
            return f"Proven by trying: all {self.tried:,} other choices{most}."
        if len(self.turned) == 1:
            told = f"one track suffices; each of the {self.tried} was tried"
        else:
            told = (
                f"no change of fewer tracks does it; all {self.tried:,} changes of up to "
                f"{len(self.turned)} were tried"
            )
        more = self.equals - 1
        also = f", and {more} other{'s' * (more > 1)} of this size would do too" if more else ""
        return f"Proven by trying: {told}{also}."


class SessionAnswer(Value):
    """What is predicted of each track of one session, and who decided.

    `focus` is the number in `predicted`, from 0, of the track that is asked about, `inputs` what
    was known of it, `title` what people call the session and `session` what the data calls it.
    """

    session: str
    title: str
    focus: int
    given: tuple[Given, ...]
    predicted: tuple[Predicted, ...]
    family: Family
    inputs: tuple[GroupInputs, ...]

    @property
    def focused(self) -> Predicted:
        """The track that is asked about."""
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
                "top expert": expert_title(t.top),
                **{f"share of {expert_title(n)}": share for n, share in t.attribution.items()},
            }
            for t in self.predicted
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """The prediction, who decided and what came to pass, in words."""
        track = self.focused
        said = "skipped" if track.predicted else "played"
        likely = track.probability if track.predicted else 1 - track.probability
        happened = "skipped" if track.skipped else "played"
        agrees = "It was" if said == happened else "In truth it was"
        return (
            f"{track.label} will be {said} ({likely:.0%} likely), mainly because of "
            f"{self._reason(track)}. {agrees} {happened}."
        )

    def deciding(self) -> tuple[str, str]:
        """The largest part of the bar of the track in focus, and the strongest expert in it."""
        parts = self.lanes(self.focused)
        part = max(parts, key=lambda name: parts[name])
        within = [name for name in self.family.names if lane(self.groups(name)) == part]
        return part, max(within, key=lambda name: self.focused.attribution[name])

    def named(self) -> tuple[GroupInputs, ...]:
        """What the strongest expert in the largest part read; that part's own inputs first."""
        part, expert = self.deciding()
        read = [one for one in self.inputs if one.group in self.groups(expert)]
        return tuple(sorted(read, key=lambda one: lane([one.group]) != part))

    def _reason(self, track: Predicted) -> str:
        """The largest part of the track's bar, what its expert read, and the values of that."""
        part, expert = self.deciding()
        beside = [LANE_TITLES[lane([g])].lower() for g in self.groups(expert)]
        beside = [name for name in dict.fromkeys(beside) if name != LANE_TITLES[part].lower()]
        text = LANE_TITLES[part].lower()
        if beside:
            text += f" together with {'all other inputs' if len(beside) > 2 else listed(beside)}"
        words = [one.words for one in self.named()][: len(beside) + 1 if len(beside) < 3 else 1]
        return (
            f"{text} ({self.lanes(track)[part]:.0%}{': ' if words else ''}{'; '.join(words)})"
            f"{self._despite(track, expert)}"
        )

    def _despite(self, track: Predicted, expert: str) -> str:
        """What the listener did several times at the end of the first half, if it speaks against
        the prediction and the expert does not read it."""
        done = [one.words for one in self.inputs if one.group == INTERACTION]
        against = INTERACTION not in self.groups(expert)
        against &= self.given[-1].skipped is not track.predicted
        return f", despite {done[0]} before" if against and done and "in a row" in done[0] else ""


class SessionExplanation(SessionAnswer, Explanation):
    """An answer with its proof: score and audit are of the track in focus."""

    audit: ExpertAudit
    flip: Flip | None = None
    elsewhere: Elsewhere | None = None
    """Both where they were asked for."""

    def sentence(self) -> str:
        """The same, and what the deletion test says of it."""
        told, top = super().sentence(), expert_title(self.focused.top)
        if self.audit.deletion.confirmed is False:
            return (
                f"{told} Not confirmed: exchanging {top} changes the prediction no more clearly "
                "than exchanging other inputs."
            )
        return told

    def to_frame(self) -> pd.DataFrame:
        """One row an expert, the focused track's; `contribution` sums to the probability."""
        return self.focused.to_frame({name: self.groups(name) for name in self.family.names})


def spoken(groups: Sequence[str]) -> str:
    """What groups of inputs are, in words."""
    return listed([expert_title(group) for group in groups])
