"""The story of this visit: its explanations in order, to be named, presented and taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import escape
from dashboard.components.files import HERE
from dashboard.components.present import present_button
from dashboard.figures.palette import counted
from dashboard.loaders.story import elsewhere
from dashboard.panels.common import slug
from dashboard.panels.downloads import buttons
from dashboard.panels.proof import LOOKS
from dashboard.panels.story_keep import change, held, redo, steps, undo
from dashboard.story.deck import deck_file, slides
from dashboard.story.pdf import pdf
from dashboard.story.powerpoint import powerpoint
from dashboard.story.slide import Slide
from dashboard.story.story import MOST, Item, Story, StoryError
from dashboard.story.storyfile import MEGABYTES, read, written

STYLE = HERE / "story.css"
LISTED = 20
"""Explanations that are listed at once."""
FIELD = "story_field"
"""Number of the field to open a file with; a new one is empty."""


def base() -> str:
    """The dashboard's address."""
    return str(st.context.url).rsplit("/", 1)[0]


def toolbar(story: Story) -> None:
    """Its name, and all that can be done with the whole."""
    name, present, take, save, bring = st.columns(
        [3.4, 1.2, 1.2, 1.2, 1.2], gap="small", vertical_alignment="bottom"
    )
    with name:
        _name(story)
    empty, at = not story.items, base()
    with present:
        present_button("" if empty else slides(story, at), key="story_present")
    file = slug(story.title)[:60] or "story"
    with take.popover("Export", icon=":material/download:", width="stretch", disabled=empty):
        buttons(
            {
                "pptx": ("PowerPoint", lambda: powerpoint(story, at)),
                "pdf": ("PDF, one page a slide", lambda: pdf(story, at)),
                "html": ("Slides in one file (HTML)", lambda: deck_file(story, at)),
            },
            file,
            "story",
        )
        st.caption("None of these files asks the network for anything.")
    with save:
        buttons({"json": ("Save", lambda: written(story))}, file, "story", disabled=empty)
    with bring.popover("Open", icon=":material/folder_open:", width="stretch"):
        _open()


def _name(story: Story) -> None:
    key = "story_title"
    st.session_state[key] = story.title

    def renamed() -> None:
        change(held().called(st.session_state[key]), "Renamed")

    st.text_input("Name of the story", key=key, on_change=renamed, max_chars=200)


def _open() -> None:
    """Open a file in the place of the story on screen."""
    key = f"{FIELD}_{st.session_state.setdefault(FIELD, 0)}"

    def opened() -> None:
        file = st.session_state[key]
        if file is None:
            return
        st.session_state[FIELD] += 1
        try:
            story = read(file.getvalue(), f"‘{file.name}’")
        except StoryError as error:
            st.session_state["story_refused"] = str(error)
            return
        change(story, f"Opened: {counted(len(story.items), 'explanation')}")

    st.file_uploader(
        "A story that was saved here or elsewhere",
        ["json"],
        key=key,
        max_upload_size=MEGABYTES,
        on_change=opened,
        help="It takes the place of the story on screen; ‘Undo’ brings that back.",
    )


def notices(story: Story) -> None:
    """What went wrong, what can be undone, and what was kept with another model."""
    if refused := st.session_state.pop("story_refused", None):
        st.error(escape.markdown(refused), icon=":material/error:")
    _steps()
    for sentence in elsewhere(story):
        st.warning(escape.markdown(sentence), icon=":material/sync_problem:")


def _steps() -> None:
    """What was done last, and the ways back and forth."""
    done, undone = steps()
    if not (done or undone):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="story_steps"):
        st.caption(escape.markdown(f"{done}." if done else f"Undone: {undone}."))
        for label, said, act in (("Undo", done, undo), ("Redo", undone, redo)):
            st.button(
                label,
                icon=f":material/{label.lower()}:",
                key=f"story_{label.lower()}",
                help=escape.markdown(said) if said else None,
                on_click=act,
                disabled=not said,
            )


def listing(story: Story) -> None:
    """Every explanation, with what can be done with it."""
    st.html(STYLE)
    tags = _tags(story)
    for place in _shown(len(story.items)):
        item, tag = story.items[place], tags[place]
        with st.container(border=True, key=f"story_item_{place}"):
            picture, told, acts = st.columns([1.5, 3.4, 0.8], gap="medium")
            with picture:
                _thumbnail(item, place)
            with told:
                _told(item, place, tag)
            with acts:
                _acts(story, place)


def _shown(count: int) -> range:
    """Which of so many explanations are listed: a long story is looked at part by part."""
    if count <= LISTED:
        return range(count)
    starts = list(range(0, count, LISTED))
    if st.session_state.get("story_part") not in starts:
        st.session_state["story_part"] = 0
    start = st.segmented_control(
        "Explanations",
        starts,
        format_func=lambda at: f"{at + 1} to {min(at + LISTED, count)}",
        required=True,
        key="story_part",
    )
    return range(start or 0, min((start or 0) + LISTED, count))


def _tags(story: Story) -> list[str]:
    """What names the fields of each explanation, wherever it stands."""
    seen: Counter[int] = Counter()
    tags = []
    for item in story.items:
        which = hash((item.slide.page, item.slide.view, item.slide.asked, item.slide.sentence))
        seen[which] += 1
        tags.append(f"{which}_{seen[which]}")
    return tags


def _thumbnail(item: Item, place: int) -> None:
    with st.container(key=f"story_picture_{place}"):
        st.image(item.slide.picture, width="stretch", alt=item.slide.words[:300])


def _told(item: Item, place: int, tag: str) -> None:
    """Its title and note to write, what was said and proven, and the live view."""
    slide = item.slide
    title, note = f"story_title_{tag}", f"story_note_{tag}"
    st.session_state.update({title: item.title, note: item.note})

    def retold() -> None:
        changed = held().retold(place, st.session_state[title], st.session_state[note])
        change(changed, f"Changed: explanation {place + 1}")

    number = f"{place + 1}. {slide.asked}"
    st.caption(escape.markdown(number))
    st.text_input("Title", key=title, on_change=retold, max_chars=1000)
    with st.container(key=f"paper_story_{place}"):  # instead of the fields
        st.markdown(f"**{escape.markdown(item.title)}**")
        st.markdown(escape.markdown(item.note))
    st.text_area(
        "Note",
        key=note,
        on_change=retold,
        height=68,
        max_chars=2000,
        placeholder="What you want to say with it: shown below the title",
    )
    if item.subtitle:
        st.caption(escape.markdown(item.subtitle))
    with st.container(horizontal=True, vertical_alignment="center"):
        _proven(slide)
        st.link_button(
            "Live view",
            slide.link(base()),
            icon=":material/open_in_new:",
            type="tertiary",
            help="In a new tab. Files of your own stay in the visit that they were handed in.",
        )


def _proven(slide: Slide) -> None:
    """How many of its checks were passed, with their words on demand."""
    judged = [proof.passed for proof in slide.proofs if proof.passed is not None]
    if not judged:
        return
    told = escape.markdown(" ".join(proof.said for proof in slide.proofs))
    icon, colour = LOOKS[all(judged)]
    st.badge(
        f"{sum(judged)} of {counted(len(judged), 'check')} passed",
        icon=icon,
        color=colour,  # type: ignore[arg-type]
        help=told,
    )


def _acts(story: Story, place: int) -> None:
    last = len(story.items) - 1
    moves: list[tuple[str, str, Callable[[], None] | None]] = [
        ("Up", "arrow_upward", partial(_move, place, place - 1) if place else None),
        ("Down", "arrow_downward", partial(_move, place, place + 1) if place < last else None),
        ("Remove", "delete", partial(_remove, place)),
    ]
    for label, icon, act in moves:
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"story_{label.lower()}_{place}",
            on_click=act,
            disabled=act is None,
            width="stretch",
        )


def _move(place: int, to: int) -> None:
    change(held().moved(place, to), f"Moved: explanation {place + 1} is number {to + 1} now")


def _remove(place: int) -> None:
    change(held().without(place), f"Removed: explanation {place + 1}")


def nothing() -> None:
    """What to do first."""
    st.info(
        "Nothing is kept yet. Find an explanation on one of the pages and press ‘Add to story’ "
        f"beside its downloads; up to {MOST} can be kept. Or open a story that was saved.",
        icon=":material/playlist_add:",
    )
    with st.container(horizontal=True):
        for page in ("movies", "products", "sessions", "evidence"):
            st.page_link(
                f"app_pages/{page}.py",
                label=page.capitalize(),
                icon=":material/arrow_forward:",
                width="content",
            )
