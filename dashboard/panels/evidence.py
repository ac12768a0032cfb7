"""Every claim of the papers beside what was measured here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.claims import CLAIMS, WINGS
from dashboard.components.save_picture import save_chart
from dashboard.components.table import table
from dashboard.figures.evidence import PICTURES
from dashboard.figures.palette import plain
from dashboard.loaders.evidence import evidence
from dashboard.panels.common import chart, sentences
from dashboard.panels.evidence_run import quick_run
from dashboard.panels.story_keep import keep_button
from dashboard.story.evidence import claim_slide
from relrec_core import VERSION
from relrec_core.evaluation.claims import Claim, Outcome, Verdict
from relrec_core.evaluation.readme import measured
from relrec_core.evaluation.tables import StoredTable

LOOKS: dict[Outcome, tuple[str, str, str]] = {
    "confirmed": ("Confirmed", ":material/check:", "green"),
    "partly": ("Partly", ":material/contrast:", "orange"),
    "not confirmed": ("Not confirmed", ":material/close:", "red"),
    "not measured": ("Not measured", ":material/hourglass_empty:", "gray"),
}
Verdicts = Mapping[str, Verdict | str]
QUICK = ("Quick run", ":material/bolt:", "gray")


def summary(found: Verdicts) -> None:
    """How many claims hold, over all wings."""
    judged = [verdict for verdict in found.values() if isinstance(verdict, Verdict)]
    counts = Counter(verdict.status for verdict in judged)
    with st.container(horizontal=True, vertical_alignment="center", key="counts"):
        for status, (label, icon, colour) in LOOKS.items():
            st.badge(f"{counts[status]} {label.lower()}", icon=icon, color=colour)  # type: ignore[arg-type]
        st.caption(f"of {len(CLAIMS)} claims", width="content")


def choose(found: Verdicts) -> Claim:
    """The wing and, in a list with all verdicts, the claim that is open; the address has both."""
    asked = links.adopt("claim").get("claim")
    linked = next((CLAIMS[key] for key in asked or () if key in CLAIMS), None)
    if linked is not None:
        st.session_state["evidence_wing"] = next(w for w, of in WINGS.items() if linked in of)
    elif asked:
        st.warning(escape.markdown(f"There is no claim ‘{asked[0]}’."))
    wing = st.segmented_control(
        "Wing",
        list(WINGS),
        default=None if "evidence_wing" in st.session_state else next(iter(WINGS)),
        required=True,
        key="evidence_wing",
        bind="query-params",
        label_visibility="collapsed",
    )
    claims = {claim.key: claim for claim in WINGS[str(wing)]}
    key = f"claim_of_{wing}"
    first = next(iter(claims))
    if linked is not None:
        st.session_state[key] = linked.key
    elif asked == []:
        st.session_state[key] = first
    picked = st.radio(
        "Claims",
        list(claims),
        format_func=lambda name: _listed(claims[name], found[name]),
        key=key,
        persist_state="session",
    )
    links.publish("claim", None if picked == first else picked)
    return claims[picked]


def _listed(claim: Claim, verdict: Verdict | str) -> str:
    """A line of the list: how it came out, and the question."""
    if isinstance(verdict, str):
        return f":red[:material/error:] {claim.title}"
    _, icon, colour = LOOKS[verdict.status]
    return f":{colour}[{icon}] {claim.title}"


def claim_panel(claim: Claim) -> None:
    """The question, the claim, the verdict, the picture and the numbers."""
    quick = bool(st.session_state.get(f"quick_{claim.key}"))
    with st.container(border=True, key=f"claim_{claim.key}"):
        st.markdown(f"#### {claim.title}")
        badge = st.empty()
        st.markdown(f"**{claim.paper}, {claim.place}:** {claim.text}")
        with sentences(stop=False):  # a damaged table can be measured again below
            tables, verdict = evidence(claim.key, quick=quick)
            _, icon, colour = LOOKS[verdict.status]
            label, icon, colour = QUICK if quick else (verdict.head, icon, colour)
            badge.badge(label, icon=icon, color=colour)  # type: ignore[arg-type]
            st.markdown(f"**Here:** {escape.markdown(verdict.rest)}")
            if quick:
                st.warning(
                    "This is the quick run: it shows that everything works; its numbers mean "
                    "nothing.",
                    icon=":material/bolt:",
                )
            if tables is not None:
                _measured(claim, tables, verdict)
        if claim.limits:
            st.caption(claim.limits)
        if claim.sources:
            quick_run(claim)


def _measured(claim: Claim, tables: Sequence[StoredTable], verdict: Verdict) -> None:
    frames = [table.frame for table in tables]
    numbers = claim.numbers(frames)
    key = f"evidence_{claim.key}"
    with st.container(key=key):
        chart(
            PICTURES[claim.key](frames, numbers),
            key=f"{key}_chart",
            alt=f"{claim.title} {verdict.sentence}",
        )
    table(written(numbers), key=f"{key}_numbers", label=f"The numbers: {claim.title}")
    with st.container(horizontal=True):
        _downloads(claim, verdict, tables, key)
        said = [_conditions(table) for table in tables]
        keep_button(lambda at: claim_slide(claim, verdict, tables, written(numbers), said, at), key)
    st.caption("  \n".join(dict.fromkeys(escape.markdown(_conditions(table)) for table in tables)))


def written(numbers: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text: measured values to three decimals, seconds to three digits."""
    return pd.DataFrame(
        {name: [_cell(value, str(name)) for value in numbers[name]] for name in numbers}
    )


def _cell(value: str | float | None, column: str) -> str:
    if pd.isna(value):
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if column.endswith(", s") else plain(value, 3)


def _downloads(claim: Claim, verdict: Verdict, tables: Sequence[StoredTable], key: str) -> None:
    with st.popover("Download", icon=":material/download:"):
        save_chart(
            container=key,
            name=claim.key,
            headline=f"{claim.title} {verdict.sentence}",
            source=f"{'; '.join(dict.fromkeys(map(_conditions, tables)))}. RelRec {VERSION}.",
        )
        for table in tables:
            st.download_button(
                escape.markdown(f"All numbers ({table.name}.csv)"),
                escape.csv(table.frame.assign(claim=claim.title, data=_conditions(table))),
                f"{table.name}.csv",
                "text/csv",
                key=f"{key}_{table.name}",
                on_click="ignore",
                width="stretch",
            )


def _conditions(table: StoredTable) -> str:
    """Data, seeds, machine and date, in a line."""
    origin = "ships with RelRec" if table.shipped else "measured on this computer"
    return " · ".join([*measured(table), origin])
