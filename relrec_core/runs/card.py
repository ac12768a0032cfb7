"""What a trained model says of itself: a card with the same fields in every wing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

from pydantic import Field, JsonValue, model_validator

from relrec_core.explanation import Described, Value


def _gathered(of: type[Value], given: Any, earlier: Mapping[str, str], rest: str) -> Any:
    """`given` by today's names, and what is no field of its own among those of the field `rest`."""
    if not isinstance(given, dict) or not isinstance(given.get(rest, {}), dict):
        return given
    today = {earlier.get(name, name): value for name, value in given.items()}
    more = {name: today.pop(name) for name in [*today] if name not in of.model_fields}
    return {**today, rest: {**more, **today.get(rest, {})}} if more else today


class NamedData(Described, Protocol):
    """Data that also has a name to find it by."""

    @property
    def name(self) -> str:
        """By which commands find it."""
        ...


class DataCard(Value):
    """What a model learned from, or was measured on.

    `synthetic` says that it is drawn or simulated; `counts` has how many there are of what.
    """

    name: str = ""
    title: str = ""
    content_hash: str = ""
    licence: str = ""
    synthetic: bool = False
    counts: dict[str, int] = Field(default={})

    earlier: ClassVar[Mapping[str, str]] = {
        "hash": "content_hash",
        "rendered": "synthetic",
        "simulated": "synthetic",
        "viewers": "users",
        "films": "movies",
    }
    """Names in the cards of earlier versions, with today's."""

    @model_validator(mode="before")
    @classmethod
    def _migrated(cls, given: Any) -> Any:
        return _gathered(cls, given, cls.earlier, "counts")

    @classmethod
    def of(cls, data: NamedData, counts: Mapping[str, int], synthetic: bool = False) -> Self:
        """The card of `data`, with how many there are of what."""
        return cls(
            name=data.name,
            title=data.title,
            content_hash=data.content_hash,
            licence=data.licence,
            synthetic=synthetic,
            counts=dict(counts),
        )


class CheckpointRecord(Value):
    """Checksum and size of the file with the weights."""

    sha256: str
    bytes: int


class Card(Value):
    """The content of card.json.

    `epochs` and `parameters` are those of the model that is stored; `metrics` were measured when
    the training ended, which took `training_seconds`; `details` has what only one trainer says.
    """

    title: str = ""
    data: DataCard = DataCard()
    split: dict[str, JsonValue] = Field(default={})
    seed: int = 0
    epochs: int = 0
    parameters: int = 0
    metrics: dict[str, int | float] = Field(default={})
    details: dict[str, JsonValue] = Field(default={})
    training_seconds: float = 0.0
    code_version: str = ""
    checkpoint: CheckpointRecord | None = None

    @model_validator(mode="before")
    @classmethod
    def _migrated(cls, given: Any) -> Any:
        return _gathered(cls, given, {"seconds": "training_seconds"}, "details")
