"""What if, on the movies page: movies not liked, facts not known, others added."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.components.printing import on_paper
from dashboard.figures.palette import plain
from dashboard.loaders.common import ModelKey
from dashboard.panels.common import sentences
from dashboard.panels.narrowed import narrowed
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import changed_slide, model_origin
from relrec_core.movies.explanation.explain import what_if
from relrec_core.movies.model.ranking import Profile, Recommender


def change_profile(recommender: Recommender, key: ModelKey, profile: Profile) -> None:
    """Take movies or facts away, or add some, and see the new ranking."""
    inside = profile.features.tolist()
    outside = np.setdiff1d(np.arange(recommender.space.n_features), inside).tolist()
    films, alone, into = st.columns(3, gap="medium")
    with films:
        unliked = _features(
            "Had this movie not been liked",
            "without",
            recommender,
            sorted(profile.liked),
            "Genres and decades that only this movie brought into the profile go with it.",
        )
    with alone:
        removed = _features(
            "Without this fact alone",
            "alone",
            recommender,
            inside,
            "Nothing else leaves the profile: a movie's genres stay without it.",
        )
    with into:
        added = _features(
            "Add", "plus", recommender, outside, "A movie brings its genres and its decade along."
        )
    if not unliked and not removed and not added:
        st.caption("Choose something, and the ranking is made again without training anything.")
        return
    changed = profile.without(*unliked).without_alone(*removed).plus(*added)
    _along(recommender, profile, changed, {*unliked, *removed, *added})
    with sentences():
        _, moves = what_if(recommender, profile, changed)
    frame = pd.DataFrame(
        {
            "Now": [m.after for m in moves],
            "Movie": [m.title for m in moves],
            "Before": [m.before for m in moves],
            "Move": [_move(m.before, m.after) for m in moves],
            "Score": [m.score for m in moves],
        }
    )
    with st.container(key="new_ranking"):
        st.dataframe(
            frame,
            hide_index=True,
            column_config={"Score": st.column_config.NumberColumn(format="%.2f")},
            alt="The new ranking with each movie's place before",
        )
        places, scores = [f"{m.before or '–'}" for m in moves], [plain(m.score) for m in moves]
        on_paper(frame.assign(Before=places, Score=scores), key="new_ranking")
    parts = {"Without": unliked, "Without this alone:": removed, "With": added}
    said = "; ".join(
        f"{how} {', '.join(recommender.labels[k] for k in features)}"
        for how, features in parts.items()
        if features
    )
    origin = model_origin(recommender, key[1], "the profile made again and ranked")
    keep_button(lambda at: changed_slide(profile.name, said, moves, origin, at), "movie_what_if")


def _along(recommender: Recommender, before: Profile, after: Profile, named: set[int]) -> None:
    """Say what else left the profile or came into it than what was named."""
    old, new = set(before.features.tolist()), set(after.features.tolist())
    for what, features in (("These go, too", old - new), ("These come, too", new - old)):
        if labels := [recommender.labels[k] for k in sorted(features - named)]:
            st.caption(escape.markdown(f"{what}: {'; '.join(labels)}."))


def _features(
    label: str, key: str, recommender: Recommender, options: list[int], help: str
) -> list[int]:
    """Pick features by name; the address holds their kind and value."""
    space = recommender.space
    asked = links.adopt(key).get(key)
    if asked is not None:
        rows = {f"{kind}:{value}": k for (kind, value), k in space.index.items()}
        found = [rows[text] for text in asked if text in rows]
        if not set(found) <= set(options) or len(found) < len(asked):
            st.warning(
                escape.markdown(
                    f"‘{label}’ cannot hold everything in this link: {', '.join(asked)}."
                )
            )
        st.session_state[key] = found
    possible = set(options)
    st.session_state[key] = [k for k in st.session_state.get(key, []) if k in possible]
    named = recommender.labels.__getitem__
    chosen = st.multiselect(
        label,
        narrowed(options, named, st.session_state[key], "Search movies", key),
        format_func=named,
        key=key,
        placeholder="Type a name",
        help=help,
        select_all=False,
    )
    links.publish(key, [f"{space.kinds[k]}:{space.values[k]}" for k in chosen])
    return chosen


def _move(before: int | None, after: int) -> str:
    if before is None:
        return "new"
    if before == after:
        return "="
    return f"▲ {before - after}" if before > after else f"▼ {after - before}"
