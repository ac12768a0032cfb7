"""One explanation as a story keeps it: what was said, drawn and proven, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BeforeValidator, Field, JsonValue, ValidationInfo, field_validator

from dashboard.figures.audit import REMOVALS, judged
from dashboard.story.drawing import UNWRITABLE, safe
from relrec_core.explanation import DeletionTest, Described, Ledger, Provenance, Value

Page = Literal["overview", "products", "movies", "sessions", "evidence"]
LONGEST_LINK = 4000
_LINK = re.compile(r"[!-~]*")


def _shortened(longest: int, text: Any) -> Any:
    """A text without characters that no file format has, and no longer than this."""
    if not isinstance(text, str):
        return text
    kept = UNWRITABLE.sub("", text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


Line = Annotated[str, BeforeValidator(partial(_shortened, 400))]
Told = Annotated[str, BeforeValidator(partial(_shortened, 4000))]
Words = Annotated[str, BeforeValidator(partial(_shortened, 20_000))]
ROWS, COLUMNS = 14, 6
"""Of a slide's table, at most."""


class Table(Value):
    """The main table of an explanation as texts; in all columns but the first are numbers."""

    headings: tuple[Line, ...] = Field(min_length=1, max_length=COLUMNS)
    rows: tuple[tuple[Line, ...], ...] = Field(max_length=ROWS)

    @field_validator("rows")
    @classmethod
    def _even(
        cls, rows: tuple[tuple[str, ...], ...], info: ValidationInfo
    ) -> tuple[tuple[str, ...], ...]:
        if any(len(row) != len(info.data.get("headings", ())) for row in rows):
            raise ValueError("every row must have as many cells as there are headings")
        return rows


class Proof(Value):
    """One check of an explanation; `passed` is None where there was nothing to compare with."""

    said: Told
    passed: bool | None

    @classmethod
    def of_test(cls, title: str, test: DeletionTest, compared: str = REMOVALS) -> Self:
        """The outcome of a deletion test; `compared` is as for `judged`."""
        passed, words = judged(test, compared)
        return cls(said=f"{title}: {words[:1].lower()}{words[1:]}.", passed=passed)

    @classmethod
    def of_sums(cls, words: str, ledgers: Sequence[Ledger]) -> Self:
        """Whether everything sums to the score, in these words."""
        closes = all(ledger.closes() for ledger in ledgers)
        said = "Sum matches the score" if closes else "Sum does not match the score"
        return cls(said=f"{said}. {words}", passed=closes)


class Origin(Value):
    """Where an explanation comes from; `model` is the SHA-256 of the model's file."""

    dataset: Told
    dataset_hash: Line
    licence: Told
    run: Told
    model: Line
    method: Told
    code_version: Line

    @classmethod
    def of(cls, p: Provenance, model: str) -> Self:
        """Of an explanation made by the model with this checksum."""
        return cls(
            dataset=p.dataset,
            dataset_hash=p.dataset_hash,
            licence=p.licence,
            run=p.run,
            model=model,
            method=p.method,
            code_version=p.code_version,
        )

    @classmethod
    def made(cls, data: Described, run: str, model: str, method: str) -> Self:
        """Of what this code finds by this method in a run's answers on these data."""
        return cls.of(Provenance.of(data, run, method, {}, 0), model)

    def in_words(self) -> str:
        """Where it comes from, in a line."""
        licence = self.licence[:1].upper() + self.licence[1:].rstrip(".")
        parts = [f"Data: {self.dataset}", licence, f"Model run: {self.run}" if self.run else ""]
        parts += [f"Method: {self.method}" if self.method else "", f"RelRec {self.code_version}"]
        return ". ".join(part for part in parts if part) + "."


class Explained(Protocol):
    """What says its answer in a sentence, and writes all of itself as JSON."""

    @property
    def provenance(self) -> Provenance:
        """Where it comes from."""
        ...

    def sentence(self) -> str:
        """The explanation in words."""
        ...

    def to_json(self) -> str:
        """All of it."""
        ...


class Slide(Value):
    """What a page showed.

    Attributes:
        page: of the dashboard.
        view: the parameters of the address, by which the page shows it again.
        asked: what was asked about, in a line.
        sentence: the explanation in words.
        picture: SVG without anything that acts.
        words: the picture in words.
        reading: how to read the picture.
        table: the strongest parts, and what they sum to.
        proofs: what was checked.
        origin: where it comes from.
        value: the explanation itself, all exact numbers.
    """

    page: Page
    view: Annotated[str, Field(max_length=LONGEST_LINK)]
    asked: Told
    sentence: Told
    picture: str
    words: Words
    reading: Told = ""
    table: Table
    proofs: tuple[Proof, ...] = Field(max_length=6)
    origin: Origin
    value: dict[str, JsonValue]

    @field_validator("view")
    @classmethod
    def _address(cls, view: str) -> str:
        if not _LINK.fullmatch(view):
            raise ValueError("it is no part of an address")
        return view

    @field_validator("picture")
    @classmethod
    def _safe(cls, picture: str) -> str:
        return safe(picture)

    def link(self, base: str) -> str:
        """The live view; `base` is the dashboard's address, or "" where it is not known."""
        page = "" if self.page == "overview" else self.page
        return f"{base.rstrip('/')}/{page}{'?' if self.view else ''}{self.view}" if base else ""
