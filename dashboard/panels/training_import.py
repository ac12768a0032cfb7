"""A form that takes a recommender of one's own: a file, and how it folds a history in."""

from __future__ import annotations

import streamlit as st

from dashboard import escape
from dashboard.uploads import handed_in, take_back
from relrec_core.errors import RelRecError
from relrec_core.movies.model.imported import ImportConfig
from relrec_core.permission import read_only
from relrec_core.runs import config as configs
from relrec_core.runs.config import FormField

RULES = {
    "als": "Item vectors, ALS",
    "mean": "Item vectors, mean of the history",
    "item-item": "Item-item matrix",
}
LAYOUT = (
    "npz or safetensors: `item_ids` with `vectors` (items × d), or with `matrix` (items × items, a "
    "row for each liked item) or a sparse one as `data`, `indices`, `indptr`. Parquet: `item_id` "
    "and `vector`, or `item_id`, `other_id` and `weight`."
)


def import_form() -> None:
    """The file, the rule and the interactions; it becomes a run, which is shown on request."""
    st.markdown("## Your own recommender")
    st.caption(
        "Whatever sums over the history can be explained here: factors of ALS, vectors, EASE or "
        "another item-item matrix. " + LAYOUT
    )
    file = handed_in(
        "own_recommender", ["npz", "safetensors", "parquet"], "File with its numbers", several=False
    )
    fields = {f.name: f for f in configs.form_fields(ImportConfig)}
    rule = st.selectbox("Rule", list(RULES), format_func=RULES.__getitem__, key="import_rule")
    chosen: dict[str, object] = {"rule": rule}
    for name, label in (("dataset", "Interactions"), ("name", "What to call it")):
        field = fields[name]
        chosen[name] = st.text_input(
            label, value=str(field.default), key=f"import_{name}", help=field.help
        )
    if rule == "als":
        for name, place in zip(("regularisation", "alpha"), st.columns(2), strict=True):
            with place:
                chosen[name] = _number(fields[name])
    pressed = st.button(
        "Import",
        icon=":material/upload:",
        disabled=file is None or read_only(),
        width="stretch",
        help=None if file else "Hand in a file first.",
    )
    if pressed and file:
        from relrec_core.movies.imports.importing import bring  # imports torch

        given = file.files[0]
        try:
            with st.spinner("Checking and keeping it …"):
                settings = configs.load(ImportConfig, None, chosen)
                run = bring(settings, given.name, given.content)
        except RelRecError as error:
            st.error(escape.markdown(error), icon=":material/error:")
        else:
            take_back("own_recommender")
            st.session_state["imported"] = run.name
            st.rerun()
    if name := st.session_state.pop("imported", None):
        st.success(
            f"{escape.markdown(name)} is imported. Pick it among the runs and make it active, or "
            "choose it as the recommender of the movies page."
        )


def _number(field: FormField) -> float:
    value = st.number_input(
        field.title,
        min_value=0.0,
        max_value=field.maximum,
        value=float(field.default or 0.0),
        format="%g",
        key=f"import_{field.name}",
        help=f"{field.help} Allowed: {field.allowed}.",
    )
    return float(value)
