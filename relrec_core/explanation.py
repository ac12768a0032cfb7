"""What every wing's explanation has in common: a score, its proof and where it comes from."""

from __future__ import annotations

import html
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict

from relrec_core import VERSION

Parameter = bool | int | float | str
PROVEN = 0.95
"""Share of the random tests that the named reasons must beat."""
EPSILON = 1e-6
"""The stabiliser of layer-wise relevance propagation where none is chosen."""


class Value(BaseModel):
    """An immutable, validated value that survives a round trip through JSON exactly."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    def to_json(self) -> str:
        """All fields as JSON; `from_json` gives back an equal value."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The value that `to_json` wrote.

        Raises:
            pydantic.ValidationError: it is not JSON, or its fields do not fit.
        """
        return cls.model_validate_json(text)


class Described(Protocol):
    """Data that says what it is and who may use it."""

    @property
    def title(self) -> str:
        """What it is called on screen."""
        ...

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is in it, as hexadecimal digits."""
        ...

    @property
    def licence(self) -> str:
        """Who may use it, in words."""
        ...


class Provenance(Value):
    """Where an explanation comes from, so that anyone can make it again."""

    dataset: str
    dataset_hash: str
    licence: str
    run: str
    method: str
    parameters: dict[str, Parameter]
    seed: int
    code_version: str

    @classmethod
    def of(
        cls, data: Described, run: str, method: str, parameters: dict[str, Parameter], seed: int
    ) -> Self:
        """Of an explanation that this code makes of data by a model of the run `run`."""
        return cls(
            dataset=data.title,
            dataset_hash=data.content_hash,
            licence=data.licence,
            run=run,
            method=method,
            parameters=parameters,
            seed=seed,
            code_version=VERSION,
        )


class Ledger(Value):
    """What the attributions sum to, and what biases and the stabiliser absorbed.

    Layer-wise conservation (Bach et al. 2015): base + features + bias + epsilon = score. `base` is
    the score of the reference that the attributions are measured from, or what an input gives that
    is added to what is explained; 0 where there is neither.
    """

    score: float
    features: float
    base: float = 0.0
    bias: float = 0.0
    epsilon: float = 0.0

    @property
    def gap(self) -> float:
        """Score minus everything accounted for; rounding only, if the explanation is exact."""
        return self.score - (self.base + self.features + self.bias + self.epsilon)

    @property
    def explained(self) -> float | None:
        """Share of the score that the features carry; None where there is no score to share."""
        return self.features / self.score if self.score > 0 else None

    def closes(self, tolerance: float = 1e-5) -> bool:
        """Whether the parts sum to the score but for `tolerance` times it, or times 1 below 1."""
        return abs(self.gap) <= tolerance * max(1.0, abs(self.score))

    def sentence(self) -> str:
        """The parts and their sum in words."""
        parts = {
            "base value": self.base,
            "contributions": self.features,
            "biases": self.bias,
            "stabiliser": self.epsilon,
        }
        summed = " + ".join(f"{name} {value:.4g}" for name, value in parts.items() if value)
        outcome = "Sum matches the score" if self.closes() else "Sum does not match the score"
        return f"{outcome}: {summed or 0} = {self.score:.4g}."


class DeletionTest(Value):
    """The score after removing the named reasons, against removing as many at random.

    `low` and `high` are the 2.5th and 97.5th percentile of the random removals;
    `beaten` is the share of random removals that lowered the score less than the named ones.
    Without repetitions there was nothing to compare with, and `beaten` says whether the named
    ones alone lowered the score beyond chance.
    """

    removed: int
    score: float
    after_top: float
    after_random: float
    low: float
    high: float
    beaten: float
    repetitions: int

    @property
    def needed(self) -> int:
        """Random removals that have to be beaten."""
        return math.ceil(PROVEN * self.repetitions)

    @property
    def confirmed(self) -> bool | None:
        """Whether the named reasons passed: the score falls without them, and further than without
        as many others; None where there was nothing to compare with."""
        if not self.repetitions:
            return None if self.beaten >= PROVEN else False
        return self.falls and round(self.beaten * self.repetitions) >= self.needed

    @property
    def falls(self) -> bool:
        """Whether the score falls at all without the named reasons."""
        return self.after_top < self.score

    def sentence(self) -> str:
        """What was taken away and what became of the score, in words."""
        return (
            f"Without the {self.removed} strongest reasons the score {self.score:.4g} becomes "
            f"{self.after_top:.4g}, without as many at random {self.after_random:.4g}: a larger "
            f"drop than {round(self.beaten * self.repetitions)} of {self.repetitions} random ones."
        )


class Audit(Value):
    """The proof that accompanies an explanation. Nothing is shown without it."""

    ledger: Ledger
    deletion: DeletionTest


class ExpertAudit(Audit):
    """Besides the ledger of the prediction, sum of share_i f_i over experts, that of the shares.

    The deletion test replaces inputs of the deciding expert; its score is the probability of the
    answer given.
    """

    shares: Ledger
    """Their sum is 1."""


class Decision(Value):
    """One prediction by experts.

    `attribution` and `experts` are by the names of the experts: shares that sum to 1, and the
    probability that each alone would give.
    """

    probability: float
    attribution: dict[str, float]
    experts: dict[str, float]

    @property
    def top(self) -> str:
        """The expert with the largest share."""
        return max(self.attribution, key=lambda name: self.attribution[name])

    def to_frame(self, reads: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """One row an expert, with what it reads; `contribution` sums to the probability."""
        rows = [
            [name, " + ".join(reads[name]), share, self.experts[name]]
            for name, share in self.attribution.items()
        ]
        frame = pd.DataFrame(rows, columns=["expert", "reads", "attribution", "probability"])
        frame["contribution"] = frame["attribution"] * frame["probability"]
        return frame.sort_values("attribution", ascending=False, kind="stable", ignore_index=True)


class Explanation(Value):
    """Base of the wings' explanations."""

    score: float
    audit: Audit
    provenance: Provenance

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """The signed attribution, one row a feature, strongest support first."""

    @abstractmethod
    def sentence(self) -> str:
        """Why this was recommended, in plain words."""

    def _repr_html_(self) -> str:
        """How notebooks show it: the sentence, the contributions, the proof."""
        proof = (self.audit.ledger.sentence(), self.audit.deletion.sentence())
        return "".join(
            (
                f"<p><strong>{html.escape(self.sentence())}</strong></p>",
                self.to_frame().to_html(index=False, max_rows=12, float_format="{:.4g}".format),
                *(f"<p>{html.escape(said)}</p>" for said in proof),
            )
        )
