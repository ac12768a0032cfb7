"""The recommender as a whole where its sums come from explanations that a command wrote."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.figures.charts import contributions
from dashboard.figures.palette import plain, signed
from dashboard.panels.common import chart, sentences
from relrec_core.batch import reading
from relrec_core.batch.dataset import Dataset
from relrec_core.movies.model.ranking import Recommender
from relrec_core.wings import WINGS

COMMAND = "`python3 scripts/explain.py movies`"


def all_users_stored(recommender: Recommender) -> None:
    """Means by kind of reason and the movies recommended most, or how to get them."""
    with sentences(stop=False):
        data_hash = recommender.data.content_hash
        found = reading.whole(WINGS["movies"].batch, recommender.run, data_hash)
        if found is None:
            st.info(
                "This model has a hidden layer, so each user’s contributions are of a network of "
                f"their own, and are summed one by one: {COMMAND} does that, and this view then "
                "shows what it wrote.",
                icon=":material/info:",
            )
            return
        means = dict(reading.groups(found).iter_rows())
        base, score = means.pop("base"), sum(means.values())
        most = max(means, key=means.__getitem__)
        st.markdown(
            escape.markdown(
                f"All users: a recommended movie has {plain(base + score)} points on average. The "
                f"average user would give {plain(base)}; of what is the users’ own, most comes "
                f"from {most.lower()} ({signed(means[most])})."
            )
        )
        frame = pd.DataFrame({"Part": list(means), "Points, mean": list(means.values())})
        chart(
            contributions(frame, "Part", "Points, mean"),
            key="stored_parts",
            alt="Mean points of a recommended movie by kind of reason: "
            + "; ".join(f"{name} {signed(value)}" for name, value in means.items()),
        )
        _movies(found)
        st.caption(
            escape.markdown(
                f"Summed from the data set {found.folder.name}, whose rows the "
                "Training page looks into."
            )
        )


def _movies(found: Dataset) -> None:
    st.markdown("##### Recommended most")
    named = {
        "title": "Movie",
        "users": "Users",
        "score": "Score",
        "base": "Anyone",
        "own": "Own",
        "reason": "Strongest reason",
    }
    numbers = ("Score", "Anyone", "Own")
    st.dataframe(
        reading.most_recommended(found).select(list(named)).rename(named),
        hide_index=True,
        height=320,
        column_config={name: st.column_config.NumberColumn(format="%.2f") for name in numbers},
        alt="Recommended movies: to how many users, with which parts of the score, and what adds "
        "most",
    )
