"""The button that adds what is shown to the story of this visit."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import streamlit as st

from dashboard.story.slide import Slide
from dashboard.story.story import Story, StoryError

HELD, TOLD = "story", "story_told"
PAST, UNDONE = "story_past", "story_undone"
"""Steps, oldest first: each what was done, and the story without it (or, undone, with it)."""
STEPS = 50
"""That can be undone."""
Make = Callable[[str], Slide]
"""What makes the slide, given the parameters of this view's address."""


def held() -> Story:
    """The story of this visit."""
    story: Story = st.session_state.get(HELD, Story())
    return story


def change(to: Story, said: str) -> None:
    """Go on with another story; steps back are kept. `said` is what was done."""
    st.session_state[PAST] = [*_steps(PAST), (said, held())][-STEPS:]
    st.session_state[UNDONE] = []
    st.session_state[HELD] = to


def steps() -> tuple[str, str]:
    """What was done last, and what was undone last; "" where there is nothing."""
    past, undone = (_steps(kind)[-1:] for kind in (PAST, UNDONE))
    return past[0][0] if past else "", undone[0][0] if undone else ""


def undo() -> None:
    """Back to the story without what was done last."""
    _step(PAST, UNDONE)


def redo() -> None:
    """Do again what was undone last."""
    _step(UNDONE, PAST)


def _step(taken: str, to: str) -> None:
    *rest, (said, story) = _steps(taken)
    st.session_state[to] = [*_steps(to), (said, held())]
    st.session_state[taken] = rest
    st.session_state[HELD] = story


def _steps(kind: str) -> list[tuple[str, Story]]:
    found: list[tuple[str, Story]] = st.session_state.get(kind, [])
    return found


def keep_button(make: Make, key: str, *, wide: bool = False) -> None:
    """Add what is shown to the story; its slide is made at the click.

    Args:
        make: the slide.
        key: of the button.
        wide: as wide as what it stands in.
    """
    if told := st.session_state.pop(TOLD, None):
        st.toast(told[0], icon=f":material/{told[1]}:")
    view = urlencode(st.query_params.to_dict(), doseq=True)
    st.button(
        "Add to story",
        icon=":material/playlist_add:",
        key=f"keep_{key}",
        on_click=_keep,
        args=(make, view),
        help="Keeps this explanation with its picture, its table and its proof, to be presented or "
        "handed on: see the page Story.",
        width="stretch" if wide else "content",
    )


def _keep(make: Make, view: str) -> None:
    story, slide = held(), make(view)
    if story.holds(slide):
        _tell("The story has this explanation already.", "playlist_add_check")
        return
    try:
        change(story.plus(slide), f"Added: {slide.asked}")
    except StoryError as error:
        _tell(str(error), "error")
        return
    count = len(held().items)
    of = "the first explanation" if count == 1 else f"{count} explanations now"
    _tell(f"Added to the story: {of}. [See the story](story)", "check")


def _tell(said: str, icon: str) -> None:
    """Say it when the page is drawn next: a callback shows nothing itself."""
    st.session_state[TOLD] = said, icon
