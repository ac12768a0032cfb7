"""The cards of the overview, one a wing."""

from __future__ import annotations

import streamlit as st

from dashboard import escape
from dashboard.figures.curves import comparison
from dashboard.figures.sankey import described, sankey
from dashboard.loaders.common import evaluation
from dashboard.loaders.movies import MovieQuestion, explained, first_user, movie_model
from dashboard.panels.common import chart, provenance
from dashboard.panels.overview_row import loaded
from dashboard.panels.proof import audit_line

MOVIES_PAGE = "app_pages/movies.py"


def movies_card() -> None:
    """Movies: a live example, the data, and how good the model is."""
    recommender, key = movie_model()
    data = recommender.data
    st.markdown("## Movies")
    example, facts = st.columns([1.7, 1], gap="large")
    user = first_user(recommender, key)
    profile = recommender.profile(user)
    item = int(recommender.rank(profile, 1).items[0])
    explanation = explained(recommender, key, profile, MovieQuestion(item))
    with example:
        st.markdown(f"#### {escape.markdown(explanation.sentence())}")
        chart(sankey(explanation), key="overview_sankey", alt=described(explanation))
        st.caption(
            "Shown: the first user whose best movie owes more than two thirds of its score to "
            "their own taste, and whose named reasons pass the deletion test."
        )
        audit_line(explanation)
        st.page_link(
            MOVIES_PAGE,
            label="Ask about any user and any movie",
            icon=":material/arrow_forward:",
            query_params={"viewer": user},
        )
    with facts:
        loaded({"Users": len(data.users), "Movies": len(data.items), "Ratings": len(data.ratings)})
        st.markdown("##### How good are the recommendations?")
        _quality(data.name)
    provenance(explanation)


def _quality(dataset: str) -> None:
    table = evaluation("movies", f"recall-{dataset}")
    if table is None:
        told = (
            f"Not measured yet. `python3 scripts/evaluate.py movies recall --dataset {dataset}` "
            "measures the model beside ten others, and this page shows the result."
        )
        st.caption(escape.markdown(told))
        return
    frame = table.frame
    with_attributes = frame["attributes"] == "with"
    names = frame["method"] + with_attributes.map({True: " with attributes", False: ""})
    chart(
        comparison(
            frame.assign(name=names),
            "name",
            "recall_50",
            list(names[names.str.startswith("RecoNet")]),
        ),
        key="overview_quality",
        alt="Recall at 50 of every method",
    )
    seeds = int(frame["seeds"].max())
    said = f"mean of {seeds} random splits" if seeds > 1 else "one random split"
    st.caption(
        "Of the liked movies that were hidden from a model, the share found among its first 50; "
        f"{said}. RecoNet is the model explained here, the others are baselines. "
        "`python3 scripts/evaluate.py movies recall` measures it."
    )
