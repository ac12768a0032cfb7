"""The recommender as a whole: what weighs in the lists of all users, and for whom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.figures.charts import contributions
from dashboard.figures.palette import counted, plain, signed
from dashboard.loaders.common import ModelKey
from dashboard.loaders.movies import all_users
from dashboard.panels.common import chart, sentences
from dashboard.panels.movies_all_stored import all_users_stored
from dashboard.panels.narrowed import narrowed
from dashboard.panels.proof import sums
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import model_origin, whole_slide
from relrec_core.explanation import Ledger
from relrec_core.movies.data.attributes import capital, spoken
from relrec_core.movies.data.features import Indices
from relrec_core.movies.explanation.all_users import EVERYONE, AllUsers, summed
from relrec_core.movies.model.ranking import Recommender

SHOWN = 10
"""Parts of the score that the picture shows, largest first; the others are one bar."""
ROWS, TOLD = 200, 10
"""Rows of a table, and of what is told of one of them."""
SPLITS = {"By genre": AllUsers.by_theme, "By kind of reason": AllUsers.by_group}
ALL = "All users"
AVERAGED = "mean contributions beyond the average user, over the lists of all users"


def all_users_panel(recommender: Recommender, key: ModelKey, n: int) -> None:
    """Which reasons carry the first `n` movies of all users."""
    if not summed(recommender):
        all_users_stored(recommender)
        return
    with sentences(stop=False):
        every = all_users(recommender, key, n)
        some, who = _cohort(every)
        _parts(every, some, who, key)
        movies, features = st.columns([1.25, 1], gap="large")
        with movies:
            _movies(some)
        with features:
            _features(some)


def _cohort(every: AllUsers) -> tuple[AllUsers, str]:
    """All users, or those of whom one thing is known; and what they are called."""
    users = every.recommender.data.users.iloc[every.users]
    groups = {
        f"{attribute}:{value}": (attribute, str(value))
        for attribute in every.recommender.data.user_attributes
        for value in sorted(users[attribute].dropna().unique(), key=str)
        if str(value)
    }
    if not groups:
        return every, ALL
    options = ["", *groups]
    links.bound("cohort", options, "", "There are no users like ‘{}’ in this data.")

    def named(option: str) -> str:
        if not option:
            return f"{ALL} ({len(users):,})"
        attribute, value = groups[option]
        found = int((users[attribute].astype(str) == value).sum())
        return f"{capital(attribute)}: {spoken(attribute, value)} ({found:,})"

    chosen = st.selectbox("Users", options, format_func=named, key="cohort")
    links.publish("cohort", chosen or None)
    if not chosen:
        return every, ALL
    attribute, value = groups[chosen]
    rows = np.asarray(users[attribute].astype(str) == value)
    return every.only(rows), named(chosen).rpartition(" (")[0]


def _parts(every: AllUsers, some: AllUsers, who: str, key: ModelKey) -> None:
    """The mean score, part by part, in a sentence and a picture."""
    split = st.segmented_control(
        "Parts", list(SPLITS), default="By genre", required=True, key="parts", bind="query-params"
    )
    means = SPLITS[split](some)
    own = means.drop(EVERYONE)
    strongest = own.sort_values(ascending=False).head(3)
    score = float(some.scores.mean(dtype=np.float64))
    named = ", ".join(f"{name} ({signed(value)})" for name, value in strongest.items())
    said = (
        f"{who}: a recommended movie has {plain(score)} points on average. "
        f"{means[EVERYONE] / score:.0%} of them anyone would get ({plain(means[EVERYONE])}); "
        f"of what is the users’ own, most comes from {named}."
    )
    st.markdown(escape.markdown(said))
    order = own.abs().sort_values(ascending=False).index
    shown = own[order[:SHOWN]]
    if len(order) > SHOWN + 1:
        shown[f"{len(order) - SHOWN} others together"] = float(own[order[SHOWN:]].sum())
    else:
        shown = own[order]
    frame = pd.DataFrame({"Part": shown.index.astype(str), "Points, mean": shown.to_numpy()})
    figure = contributions(frame, "Part", "Points, mean")
    chart(
        figure,
        key="all_parts",
        alt=f"Mean points of a recommended movie by part, {who}: "
        + "; ".join(f"{name} {signed(value)}" for name, value in shown.items()),
    )
    ledger = Ledger(score=score, features=float(own.sum()), base=float(means[EVERYONE]))
    sums(
        f"Base value {plain(ledger.base, 3)}, all parts {signed(ledger.features, 3)}. Mean score "
        f"{plain(score, 3)}.",
        [ledger],
    )
    st.caption(
        f"The first {some.items.shape[1]} movies of {len(some.users):,} of {len(every.users):,} "
        "users. What a liked movie adds is split over its genres in equal parts, or belongs to the "
        "movies like it where no genres are known."
    )
    origin = model_origin(every.recommender, key[1], AVERAGED)
    keep_button(
        lambda view: whole_slide(said, who, figure, shown, ledger, origin, view), "movies_all"
    )


def _movies(some: AllUsers) -> None:
    """The movies that are recommended most; a tick shows to whom."""
    frame, recommender = some.movies().head(ROWS), some.recommender
    st.markdown("##### Recommended most")
    picked = st.dataframe(
        pd.DataFrame(
            {
                "Movie": [recommender.titles[item] for item in frame["item"]],
                "Users": frame["users"],
                "Score": frame["score"],
                "Anyone": frame["base"],
                "Own": frame["own"],
                "Strongest reason": [recommender.labels[k] for k in frame["feature"]],
            }
        ),
        hide_index=True,
        height=320,
        key="all_movies",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Movie": st.column_config.TextColumn(width="medium"),
            **{
                name: st.column_config.NumberColumn(format="%.2f", width=60)
                for name in ("Score", "Anyone", "Own")
            },
            "Users": st.column_config.NumberColumn(width=60),
        },
        alt="Recommended movies: to how many users, with which parts of the score, and what adds "
        "most",
    ).selection.rows
    if not picked:
        st.caption("Tick a movie to see which likes bring it most, and to whom.")
        return
    item = int(frame["item"].iloc[picked[0]])
    found = some.brings(item).head(TOLD)
    st.markdown(f"**What brings {escape.markdown(recommender.titles[item])} most**")
    _told([recommender.labels[k] for k in found["feature"]], found["adds"], "all_brings")
    st.caption("Points, mean of the users who get it.")
    _open_user(recommender, some.recommended(item), item, "Recommended to", "all_user")


def _open_user(
    recommender: Recommender, rows: Indices, item: int | None, said: str, key: str
) -> None:
    """Choose one of these users, and go to the reasons of their movie."""
    ids, viewers = list(recommender.user_rows), recommender.viewers
    to = [ids[row] for row in rows]

    def named(user: str) -> str:
        return viewers[recommender.user_rows[user]]

    chosen = st.selectbox(
        f"{said} {counted(len(to), 'user')}; open one",
        narrowed(to, named, [st.session_state.get(key)], "Search users", key),
        index=None,
        format_func=named,
        placeholder="Search users",
        filter_mode="contains",
        key=key,
    )
    film = None
    if item is not None:
        film = str(recommender.data.items["item_id"].astype(str).iloc[item])
    st.button(
        "Why was it recommended to this user?" if film else "Show this user",
        disabled=chosen is None,
        key=f"{key}_open",
        on_click=lambda: st.session_state.update(viewer=chosen, film=film, who="From the data"),
    )


def _told(names: list[str], adds: pd.Series[float], key: str) -> None:
    """The strongest parts as bars."""
    frame = pd.DataFrame({"Part": names, "Points": adds.to_numpy()})
    words = "; ".join(f"{name} {signed(value, 3)}" for name, value in zip(names, adds, strict=True))
    chart(contributions(frame, "Part", "Points"), key=key, alt=f"What adds most: {words}")


def _features(some: AllUsers) -> None:
    """The features that move the lists most, and the movie that each pushes most."""
    frame, recommender = some.features().head(ROWS), some.recommender
    st.markdown("##### Strongest reasons")
    picked = st.dataframe(
        pd.DataFrame(
            {
                "Reason": [recommender.labels[k] for k in frame["feature"]],
                "Users": frame["users"],
                "Points": frame["adds"],
                "Pushes most": [recommender.titles[item] for item in frame["item"]],
            }
        ),
        hide_index=True,
        height=320,
        key="all_features",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Points": st.column_config.NumberColumn(
                format="%+.3f",
                width=70,
                help="What it adds to all movies on a list, per user of this group.",
            ),
            "Users": st.column_config.NumberColumn(width=60),
        },
        alt="Reasons with the users who have them, what they add, and the movie they push most",
    ).selection.rows
    st.caption("Users: who have it in their profile. Points: summed over a list, mean of users.")
    if not picked:
        st.caption("Tick a reason to see what it pushes, and who has it.")
        return
    feature = int(frame["feature"].iloc[picked[0]])
    found = some.pushed(feature).head(TOLD)
    st.markdown(f"**What {escape.markdown(recommender.labels[feature])} pushes**")
    _told([recommender.titles[item] for item in found["item"]], found["adds"], "all_pushed")
    _open_user(recommender, some.having(feature), None, "Known of", "all_having")
