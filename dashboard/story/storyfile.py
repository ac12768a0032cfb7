"""A story as a file: written whole, and read as something that anyone may have written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from dashboard.story.story import Story, StoryError
from relrec_core.explanation import Value

KIND, VERSION = "relrec-story", 1
MEGABYTES = 64
"""Size of a file, at most."""


class StoryFile(Value):
    """What is in the file."""

    kind: str
    version: int
    story: Story


class Head(BaseModel):
    """What says whether the rest can be read."""

    kind: JsonValue = None
    version: JsonValue = None


def written(story: Story) -> str:
    """The file's content."""
    return StoryFile(kind=KIND, version=VERSION, story=story).to_json()


def read(content: bytes, name: str) -> Story:
    """The story in a file; its drawings are made anew from what is known to do nothing.

    Raises:
        StoryError: it is no such file, too large, of another version, or a part does not fit.
    """
    if len(content) > MEGABYTES * 1_000_000:
        size = len(content) / 1_000_000
        raise StoryError(f"{name} has {size:.0f} MB; a story may have {MEGABYTES}.")
    try:
        head = Head.model_validate_json(content)
    except ValidationError as error:
        raise StoryError(f"{name} is no story: {_first(error)}.") from error
    if head.kind != KIND:
        raise StoryError(f"{name} is no story: it was not saved on the story page.")
    if head.version != VERSION:
        raise StoryError(
            f"{name} is a story of version {str(head.version)[:20]}, and this RelRec reads version "
            f"{VERSION}. Open it with the version of RelRec that saved it."
        )
    try:
        return StoryFile.model_validate_json(content).story
    except ValidationError as error:
        raise StoryError(f"{name} cannot be opened: {_first(error)}.") from error


def _first(error: ValidationError) -> str:
    """Where the first problem is, and what it is."""
    problem: Any = error.errors(include_url=False, include_input=False)[0]
    place = [part for part in problem["loc"] if part not in ("story", "slide")]
    where = []
    if place[:1] == ["items"] and len(place) > 1:
        where.append(f"explanation {int(place[1]) + 1}")
        place = place[2:]
    where += [str(part)[:60] for part in place][:3]
    said = str(problem["msg"]).removeprefix("Value error, ")[:300]
    said = said[:1].lower() + said[1:]
    return f"in {', '.join(where)}: {said}" if where else said
