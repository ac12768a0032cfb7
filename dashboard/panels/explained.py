"""Explanations of everything, as a command wrote them: what is in them, and one of them opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import escape
from dashboard.figures.palette import counted, plain, signed
from dashboard.glossary import meaning
from dashboard.panels.common import sentences
from relrec_core.batch import reading
from relrec_core.batch.dataset import Dataset
from relrec_core.wings import WINGS

LISTED = 200
ANY = ""
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "movies": {
        "user": "User",
        "rank": "Place",
        "title": "Movie",
        "score": "Score",
        "base": "Average user",
    },
    "products": {
        "item": "Product",
        "relation": "Relation",
        "rank": "Place",
        "title": "Recommended",
        "probability": "Probability",
        "score": "Score",
        "pixels": "Of the pixels",
    },
    "sessions": {
        "session": "Session",
        "position": "#",
        "name": "Track",
        "probability": "Probability of a skip",
        "skipped": "Was skipped",
        "expert": "Decided by",
    },
}
"""Of each wing's data set: columns that are shown, with what they are called."""
ASKED: Mapping[str, tuple[str, ...]] = {
    "movies": ("user", "title"),
    "products": ("item", "relation", "title"),
    "sessions": ("session", "name", "expert"),
}
"""Columns that can be searched."""
LINKS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    "movies": lambda row: {"viewer": row["user"], "film": row["item"]},
    "products": lambda row: {
        "product": row["item"],
        "relation": row["relation"],
        "picked": row["recommended"],
    },
    "sessions": lambda row: {"session": row["session"], "track": str(row["position"])},
}
"""How the live explanation of a row is addressed."""


def explained(wing: str) -> None:
    """The data sets of a wing in the data directory; nothing where it makes none."""
    if wing not in WINGS:
        return
    st.markdown("## All explanations")
    with sentences(stop=False):
        found = {dataset.folder.name: dataset for dataset in reading.kept(WINGS[wing].batch)}
        command = f"`python3 scripts/explain.py {wing}`"
        if not found:
            st.caption(f"{command} writes the reasons of all recommendations, and lists them here.")
            return
        name = st.selectbox("Data set", list(found), key=f"explained_{wing}")
        _about(found[name], command)
        if wing == "movies":
            _means(found[name])
        _rows(wing, found[name])


def _about(dataset: Dataset, command: str) -> None:
    of, about = dataset.about.of, dataset.about
    said = f"Model run {of['run']}, data {of['data']}."
    left = dataset.missing()
    if left:
        there = sum(about.sizes) - sum(about.sizes[part] for part in left)
        said += f" {there:,} of {sum(about.sizes):,} {about.unit} so far;"
        st.caption(escape.markdown(said) + f" {command} goes on.")
    else:
        st.caption(escape.markdown(f"{said} All {sum(about.sizes):,} {about.unit}."))


def _means(dataset: Dataset) -> None:
    """The mean score of all rows, by groups."""
    if not dataset.there:
        return
    means = dict(reading.groups(dataset).iter_rows())
    base = means.pop("base")
    parts = ", ".join(f"{group.lower()} {signed(value)}" for group, value in means.items())
    total = base + sum(means.values())
    said = f"Mean score {plain(total)} = the average user’s {plain(base)}, {parts}."
    st.markdown(escape.markdown(said))


def _rows(wing: str, dataset: Dataset) -> None:
    asked = ASKED[wing]
    fields = [COLUMNS[wing].get(column, column) for column in asked]
    if wing == "movies":
        fields.append("Among the reasons")
    done, passed = reading.audited(dataset)
    places = st.columns(len(fields) + (done > 0))
    typed = [
        place.text_input(label, key=f"explained_{wing}_{label}", placeholder="any")
        for label, place in zip(fields, places, strict=False)
    ]
    test = _tested(places[-1], wing, done, passed) if done else None
    wanted = {column: text.strip() for column, text in zip(asked, typed, strict=False) if text}
    named = typed[-1].strip() if wing == "movies" else ""
    found = reading.rows(dataset, wanted, named, LISTED, test)
    if not found.count:
        filtered = wanted or named or test is not None
        st.info("No row is like that." if filtered else "No part is done yet.")
        return
    _table(wing, dataset, found)


def _tested(place: DeltaGenerator, wing: str, done: int, passed: int) -> bool | None:
    """Which outcome of the deletion test is asked for."""
    named = {
        ANY: "any",
        "failed": f"not confirmed ({done - passed:,})",
        "passed": f"confirmed ({passed:,})",
    }
    chosen = place.selectbox(
        "Deletion test",
        list(named),
        format_func=named.__getitem__,
        key=f"explained_test_{wing}",
        help=meaning("deletion test"),
    )
    return {"failed": False, "passed": True}.get(chosen)


def _table(wing: str, dataset: Dataset, found: reading.Found) -> None:
    shown = found.rows.select(
        [pl.col(column).alias(title) for column, title in COLUMNS[wing].items()]
    )
    if wing == "movies":
        part = pl.element()
        raising = pl.col("contributions").list.eval(part.filter(part.struct.field("value") > 0))
        name = raising.list.first().struct.field("name")
        strongest = found.rows.select(name.alias("Raised most by"))
        shown = shown.hstack(strongest)
    if "confirmed" in found.rows.columns and found.rows["confirmed"].count():
        shown = shown.hstack(found.rows.select(pl.col("confirmed").alias("Confirmed")))
    event = st.dataframe(
        shown,
        hide_index=True,
        height=320,
        on_select="rerun",
        selection_mode="single-row",
        key=f"explained_rows_{wing}_{dataset.folder.name}",
        column_config={
            title: st.column_config.NumberColumn(format="%.3f")
            for title, kind in zip(shown.columns, shown.dtypes, strict=True)
            if kind.is_float()
        },
        alt="Rows of the data set with their scores",
    )
    said = counted(found.count, "row") + (
        f", the first {LISTED} shown" if found.count > LISTED else ""
    )
    picked = [row for row in event.selection.rows if row < len(shown)]
    if not picked:
        st.caption(f"{said}. Tick one to open its explanation.")
        return
    row = found.rows.row(picked[0], named=True)
    st.page_link(
        f"app_pages/{wing}.py",
        label="Open this explanation",
        icon=":material/open_in_new:",
        query_params=LINKS[wing](row),
    )
    shown_run = WINGS[wing].shown_run().name
    if shown_run != dataset.about.of["run"]:
        st.caption(escape.markdown(f"The page shows another model, {shown_run}."))
