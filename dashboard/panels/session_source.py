"""Whose sessions the page shows: simulated ones, a folder's, or files that someone hands in."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import escape, links
from dashboard.figures.palette import counted
from dashboard.loaders.common import ModelKey
from dashboard.loaders.sessions import OWN, SessionView, own_view, session_key, session_view
from dashboard.memory import KEPT
from dashboard.panels.session_learn import shown
from dashboard.uploads import handed_in
from relrec_core.permission import read_only
from relrec_core.sessions import store
from relrec_core.sessions.data import uploads
from relrec_core.sessions.data.plays import HEARD
from relrec_core.sessions.explanation.result import expert_title, spoken

KINDS = {"model": "The model's", "files": "My files", "folder": "A folder"}
TYPES = ["zip", "csv", "parquet", "gz", "json", "jsonl", "tsv"]
"""The last two are taken to be refused with the reason."""
PRIVACY = (
    "Files stay in the memory of this dashboard, are never written to disk and never sent on, and "
    f"are forgotten when you remove them, or {KEPT:.0f} seconds after this page is closed."
)


def source() -> SessionView:
    """The sessions to be shown; those of the model until someone names others."""
    said, pick = st.columns([4, 1.2], vertical_alignment="center")
    with pick, st.popover("Your own sessions", icon=":material/folder_open:", width="stretch"):
        kind = _kind()
        view = _files() if kind == "files" else _folder() if kind == "folder" else None
    if view is None:
        view = session_view()
        if kind == "folder" and st.session_state.get("folder") and not read_only():
            _ask_for_folder()
        elif kind != "model":
            st.info(
                "No file yet, so these are the model's own sessions. Open ‘Your own "
                "sessions’ to name some.",
                icon=":material/folder_open:",
            )
    with said:
        _origin(shown(view))
    return view


def _kind() -> str:
    links.bound("data", KINDS, "model")
    kind = st.segmented_control(
        "Sessions to show",
        list(KINDS),
        format_func=KINDS.__getitem__,
        required=True,
        key="data",
        persist_state="session",
    )
    links.publish("data", None if kind == "model" else kind)
    return str(kind)


def _files() -> SessionView | None:
    st.caption(
        "Your own **listening history** from Spotify, the zip as you get it or its JSON files: the "
        "‘extended streaming history’, or the ‘account data’, which does not say what was skipped "
        f"(a play of less than {HEARD.seconds} seconds counts as a skip). Ask for it under "
        "Account, Privacy. It is cut into sessions at pauses of 20 minutes; several people's files "
        "stay apart."
    )
    st.caption(
        "Or **session logs** in Spotify's or Deezer's schema, as a zip, CSV or Parquet: track "
        "features in files whose names begin with tf_ or track, or in the same rows."
    )
    st.caption(PRIVACY)
    handed = handed_in("own_files", TYPES, "Files", "Up to 150 MB, each file of a history 50 MB.")
    if handed is None:
        st.session_state.pop(OWN, None)
        return None
    return _kept(f"files {handed.identity}", lambda: uploads.from_files(handed.files))


def _folder() -> SessionView | None:
    if read_only():
        st.caption("This dashboard is read-only and opens no folders of its computer.")
        return None
    asked = links.adopt("folder").get("folder")
    if asked is not None:
        st.session_state["folder"] = asked[0] if asked else ""
    name = st.text_input(
        "Folder on the computer that runs this dashboard",
        key="folder",
        persist_state="session",
        help="Of session logs (CSV or Parquet), or of shards that the preparation command wrote. "
        "It is only read.",
        on_change=_open_folder,
    ).strip()
    links.publish("folder", name or None)
    if not name or st.session_state.get("opened_folder") != name:
        return None
    folder = store.data_folder(name)
    state = uploads.state_of(folder)
    return _kept(f"folder {folder} {state}", lambda: uploads.from_folder(folder))


def _open_folder() -> None:
    """Only a visitor's own act opens a folder, never a link alone."""
    st.session_state["opened_folder"] = st.session_state["folder"].strip()


def _ask_for_folder() -> None:
    name = st.session_state["folder"].strip()
    st.warning(
        escape.markdown(
            f"This link names the folder ‘{name}’ of the computer that runs this dashboard. Until "
            "you open it, these are the model's own sessions."
        ),
        icon=":material/folder_open:",
    )
    st.button("Open this folder", icon=":material/folder_open:", on_click=_open_folder)


def _kept(identity: str, read: Callable[[], uploads.Own]) -> SessionView:
    """Read once and keep for this visit: one set of sessions, the last one."""
    key: tuple[str, ModelKey] = (identity, session_key())
    kept = st.session_state.get(OWN)
    if kept is None or kept[0] != key:
        st.session_state.pop(OWN, None)
        with st.spinner("Reading the sessions …"):
            kept = st.session_state[OWN] = (key, own_view(read()))
    view: SessionView = kept[1]
    return view


def _origin(view: SessionView) -> None:
    """Say at the top what kind of data this is, and what it lacks."""
    data = view.explorer.data
    if data.simulated:
        st.badge(
            "Simulated: invented listeners and tracks", icon=":material/science:", color="orange"
        )
    elif view.own:
        n = len(data.sessions)
        st.badge(
            f"{counted(n, 'session')} of your own: in memory only",
            icon=":material/lock:",
            color="green",
        )
    told = list(view.notes)
    if not data.simulated and not view.own:
        told.insert(0, f"{data.title}.")
    if view.absent:
        told.append(
            f"The data lacks {spoken(view.absent)}; experts that read that are not used "
            f"({', '.join(map(expert_title, view.dropped))}), the others are."
        )
    if data.missing.keys() - set(view.absent):
        told.append("Where a column is missing, the model takes what is usual.")
    if (
        view.own
        and view.explorer.predictor.config.dataset == store.SIMULATED
        and not data.simulated
    ):
        told.append(
            "The model was trained on simulated listeners: take its answers as a demonstration, or "
            "train one on logs like these."
        )
    if told:
        st.caption(escape.markdown(" ".join(told)))
