"""A story: explanations in an order, each with a title and a note; changes give a new one."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from dashboard.story.slide import Line, Slide, Told
from relrec_core.errors import RelRecError
from relrec_core.explanation import Value

MOST = 200
"""Explanations in a story."""
UNTITLED = "Why was this recommended?"


class StoryError(RelRecError):
    """A story cannot be changed, opened or written; the message is for the person in front."""


class Item(Value):
    """A kept explanation, and what its keeper calls it and says of it."""

    title: Told
    note: Told = ""
    slide: Slide

    @property
    def subtitle(self) -> str:
        """The explanation's own sentence where the title is another."""
        return "" if self.title == self.slide.sentence else self.slide.sentence


class Story(Value):
    """Its name, and the explanations in their order."""

    title: Line = UNTITLED
    items: tuple[Annotated[Item, Field()], ...] = Field(default=(), max_length=MOST)

    def holds(self, slide: Slide) -> bool:
        """Whether this very explanation is in it."""
        return any(item.slide == slide for item in self.items)

    def plus(self, slide: Slide) -> Self:
        """With one more at the end, under its own sentence.

        Raises:
            StoryError: it is full.
        """
        if len(self.items) >= MOST:
            raise StoryError(f"The story has {MOST} explanations, which is the most it can hold.")
        return self._of([*self.items, Item(title=slide.sentence, slide=slide)])

    def without(self, place: int) -> Self:
        """Without one of them."""
        return self._of([*self.items[:place], *self.items[place + 1 :]])

    def moved(self, place: int, to: int) -> Self:
        """With one of them at another place; the others keep their order."""
        rest = [*self.items[:place], *self.items[place + 1 :]]
        return self._of([*rest[:to], self.items[place], *rest[to:]])

    def retold(self, place: int, title: str, note: str) -> Self:
        """With another title and note of one; without a title it is called by its sentence."""
        item = self.items[place]
        told = Item(title=title.strip() or item.slide.sentence, note=note.strip(), slide=item.slide)
        return self._of([*self.items[:place], told, *self.items[place + 1 :]])

    def called(self, title: str) -> Self:
        """Under another name."""
        return self.model_copy(update={"title": title.strip()[:400] or UNTITLED})

    def _of(self, items: list[Item]) -> Self:
        return self.model_copy(update={"items": tuple(items)})
