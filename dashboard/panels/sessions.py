"""The panels of the sessions page: which session, which track, and why."""

from __future__ import annotations

import random

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.components.save_picture import save_chart
from dashboard.figures import session_words as words
from dashboard.figures import sessions as figures
from dashboard.figures.pinned_sessions import SessionCase
from dashboard.figures.report import source
from dashboard.figures.session_report import session_report
from dashboard.loaders.sessions import SessionView
from dashboard.panels.common import chart, slug
from dashboard.panels.downloads import Files, address, files
from dashboard.panels.pinned import pin_button
from dashboard.panels.proof import ExpertsWords, experts_proof, experts_table
from dashboard.panels.story_keep import keep_button
from dashboard.story.sessions import experts_slide, session_slide
from relrec_core.sessions.data.schema import LONGEST, SHORTEST
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.result import SessionAnswer, SessionExplanation, expert_title
from relrec_core.titles import unique_labels

Place = st.delta_generator.DeltaGenerator

PICTURE = "session_picture"
LENGTHS, SHARES = (SHORTEST, LONGEST), (0, 100)
ORDERS = {"varied": "Most varied reasons", "surprise": "Most surprising", "data": "As in the data"}


def choose(listing: pd.DataFrame, opening: int) -> int:
    """Pick a session by search, at random, or after filtering; gives its row."""
    pick, act, more = st.columns([4, 1, 0.8], vertical_alignment="bottom")
    with more:
        found = _filtered(listing)
    if found.empty:
        st.info(
            "No session fits these filters: none is as long as that with that share of skips.",
            icon=":material/filter_alt_off:",
        )
        st.button("Show all sessions again", icon=":material/undo:", on_click=unfiltered)
        st.stop()
    ids = found["session"].tolist()
    labels = unique_labels(map(_name, found.itertuples()), ids)
    names = dict(zip(ids, labels, strict=True))
    first = str(listing.at[opening, "session"])
    first = first if first in names else ids[0]
    unknown = "There is no session ‘{}’ here, or the filters leave it out."
    links.bound("session", names, first, unknown)
    session = pick.selectbox(
        "Session",
        ids,
        format_func=names.__getitem__,
        key="session",
        persist_state="session",
        filter_mode="contains",
        help="The page opens on a session in which the listener changes their mind, as predicted, "
        "for a reason that passes its test.",
    )
    links.publish("session", None if session == first else session)
    others = [one for one in ids if one != session] or ids
    act.button(
        "Surprise me",
        icon=":material/shuffle:",
        on_click=lambda: st.session_state.update(session=random.choice(others)),
        help="Another session, at random.",
        width="stretch",
    )
    return int(found.index[ids.index(session)])


def _name(row: object) -> str:
    return (
        f"{row.title} · {row.length} tracks · {row.skipped:.0%} skipped"  # type: ignore[attr-defined]
        f" · {row.right:.0%} predicted right"  # type: ignore[attr-defined]
    )


def _filtered(listing: pd.DataFrame) -> pd.DataFrame:
    """Folded away behind one button."""
    with st.popover("Filters", icon=":material/filter_alt:", width="stretch"):
        length = st.slider(
            "Tracks in the session", *LENGTHS, LENGTHS, key="length", bind="query-params"
        )
        skipped = st.slider(
            "Skipped, in %", *SHARES, SHARES, step=5, key="skipped", bind="query-params"
        )
        order = st.segmented_control(
            "First",
            list(ORDERS.values()),
            default=ORDERS["varied"],
            required=True,
            key="order",
            bind="query-params",
            help="Varied: many different experts decide. Surprising: the predictions are far from "
            "what happened.",
        )
        by = {ORDERS["varied"]: "reasons", ORDERS["surprise"]: "surprise"}.get(order)
        found = browse.chosen(listing, length, (skipped[0] / 100, skipped[1] / 100), by)
        st.caption(f"{len(found)} of {len(listing)} sessions")
    return found


def unfiltered() -> None:
    """Leave no session out."""
    st.session_state.update(length=LENGTHS, skipped=SHARES)


def choose_track(explorer: Explorer, row: int) -> int:
    """The tracks of the second half; the first is chosen until another is. Gives its number."""
    session = explorer.session(row)
    first = int(session.mask_a[0].sum())
    labels = {
        str(first + slot + 1): explorer.data.tracks.label(int(session.tracks_b[0, slot]))
        for slot in range(int(session.mask_b[0].sum()))
    }
    places = list(labels)
    asked = links.adopt("track").get("track")
    if asked is not None:
        st.session_state["track"] = asked[0] if asked else places[0]
    if st.session_state.get("shown_session") != row:
        if st.session_state.get("shown_session") is not None and not asked:
            st.session_state["track"] = places[0]
        st.session_state["shown_session"] = row
    if st.session_state.get("track", places[0]) not in labels:
        if asked:
            st.warning(_not_explained(asked[0], first))
        st.session_state["track"] = places[0]
    track = st.radio(
        "Second half: pick a track",
        places,
        format_func=lambda p: escape.markdown(f"{p}. {labels[p]}"),
        key="track",
        persist_state="session",
        help="The model sees what the listener did in the first half and only the tracks "
        "themselves of the second.",
    )
    links.publish("track", None if track == places[0] else track)
    return places.index(track)


def _not_explained(place: str, first: int) -> str:
    """Why the track that a link asks about has no explanation."""
    if place.isdecimal() and 1 <= int(place) <= first:
        return (
            f"Track {place} is in the first half, of which the model is told what the listener "
            "did: nothing is predicted there, so there is nothing to explain."
        )
    return "The track of this link is not in the second half of this session."


def given(explorer: Explorer, row: int) -> None:
    """What the model is told: the first half, track by track."""
    session, data = explorer.session(row), explorer.data
    skipped = session.skipped_before(data.columns)[0]
    n = int(session.mask_a[0].sum())
    with st.expander(f"First half: {n} tracks, {int(skipped[:n].sum())} skipped"):
        frame = pd.DataFrame(
            {
                "#": range(1, n + 1),
                "Track": [data.tracks.label(int(t)) for t in session.tracks_a[0, :n]],
                "Done": ["✗ skipped" if s else "○ played" for s in skipped[:n]],
            }
        )
        st.caption(
            "The model is told what the listener did with these tracks. Nothing is predicted for "
            "them, so they have no explanation; they are what the predictions rest on."
        )
        st.dataframe(frame, hide_index=True, alt="Tracks of the first half, each skipped or played")


def named(answer: SessionAnswer) -> None:
    """What the headline names: the inputs of the deciding expert with their values."""
    st.markdown("**Named in the headline**")
    for one in answer.named():
        st.caption(escape.markdown(expert_title(one.group)).capitalize())
        told = (
            f"{i.name}: **{escape.markdown(i.value)}**"
            + (f" (first half {escape.markdown(i.before)})" if i.before else "")
            for i in one.named
        )
        st.markdown("  \n".join(told))


def why(view: SessionView, row: int, focus: int, headline: Place) -> Place:
    """The sentence, the timeline and who decided each track.

    `headline` is the place of the sentence. Gives that of the downloads, for `proof` to complete.
    """
    answer = view.answer(row, focus)
    headline.markdown(f"### {escape.markdown(answer.sentence())}")
    chart(
        figures.timeline(answer),
        key="session_timeline",
        alt=words.timeline_in_words(answer),
    )
    st.caption(
        "Crosses: skipped by the listener; circles: played. Columns: the predicted probability of "
        "a skip, warm where that means skipped, cool where it means played."
    )
    title = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    title.markdown("##### Who decided, track by track", width="content")
    full = title.toggle(
        "Every expert",
        key="full",
        bind="query-params",
        help="Off: the experts summed up to four, by the most musical thing they read.",
    )
    figure = figures.bars(answer, full)
    picked = f"session_bars_{st.session_state.setdefault('bars_picked', 0)}"
    with st.container(key=PICTURE):
        st.plotly_chart(
            figure,
            key=picked,
            config={"displayModeBar": False, "responsive": True},
            alt=words.bars_in_words(answer),
            on_select=lambda: _picked(picked, answer),
            selection_mode="points",
        )
    st.caption(
        "Each bar is one decision; its parts are the experts' shares and add up to 100%. "
        + (
            "One part an expert, one colour for all whose most musical input is the same. "
            if full
            else words.lanes_in_words(answer)
        )
        + "✓ predicted right, ✗ wrong. Click a bar to ask about its track."
    )
    return st.container()


def _picked(key: str, answer: SessionAnswer) -> None:
    """A bar was clicked: show its track, in a picture of which nothing is picked."""
    points = st.session_state[key].selection.points
    if points:
        slot = int(points[0]["customdata"])
        st.session_state["track"] = str(answer.predicted[slot].position)
        st.session_state["bars_picked"] += 1


def _downloads(view: SessionView, row: int, explanation: SessionExplanation) -> None:
    """What is on screen, with the smallest changes that turn it."""
    name = slug(f"{explanation.title} track {explanation.focused.position}")
    p, full = explanation.provenance, bool(st.session_state["full"])
    about = {
        "item": explanation.title,
        "user": "its listener",
        "method": p.method,
        "unit": "probabilities and shares, 0 to 1",
    }

    def whole() -> SessionExplanation:
        changes = {"flip": view.flip, "elsewhere": view.elsewhere}
        found = {name: find(row, explanation.focus) for name, find in changes.items()}
        return explanation.model_copy(update=found)

    def page(link: str) -> str:
        bars, tree = figures.bars(explanation, full), figures.hasse(explanation)
        return session_report(whole(), bars, tree, link)

    with st.popover("Download", icon=":material/download:"):
        save_chart(container=PICTURE, name=name, headline=explanation.sentence(), source=source(p))
        files(Files(whole, explanation.to_table, about, page), name, PICTURE)


def proof(
    view: SessionView, row: int, focus: int, headline: Place, save: Place
) -> SessionExplanation:
    """The shares sum to one, and other inputs for the deciding expert change the answer."""
    explanation = view.explanation(row, focus)
    test, title = explanation.audit.deletion, expert_title(explanation.focused.top)
    headline.markdown(f"### {escape.markdown(explanation.sentence())}")
    with save, st.container(horizontal=True):
        _downloads(view, row, explanation)
        bars = figures.bars(explanation, bool(st.session_state["full"]))
        keep_button(lambda at: session_slide(explanation, bars, at, view.model), "session")
        pin_button(SessionCase(explanation, address()))
    called = ExpertsWords(
        answer="predicted probability of a skip",
        question=f"Does the answer depend on {title}?",
        compared=words.SWAPS,
        rows=words.flip_words(test, title),
        alt=words.flip_in_words(test, title),
        note=words.flip_in_words(test, title),
    )
    experts_proof(explanation.audit, called, key="session_flip")
    return explanation


def experts(explanation: SessionExplanation, model: str) -> None:
    """The diagram with the deciding expert lit, beside the exact table."""
    picture, table = st.columns([1.4, 1], gap="medium")
    with picture:
        chart(
            figures.hasse(explanation),
            key="session_hasse",
            alt=words.hasse_in_words(explanation),
        )
        st.caption(
            "An expert reads all that the experts below it on a line read. Simpler experts take "
            "precedence. Ringed: the one that decided."
        )
    with table:
        experts_table(
            explanation,
            expert_title,
            alone="The probability of a skip by it alone.",
            answer="the prediction",
        )
        keep_button(lambda at: experts_slide(explanation, at, model), "session_experts")
