"""Files that someone hands in stay in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from starlette.formparsers import MultiPartParser

from dashboard import escape

if TYPE_CHECKING:
    from relrec_core.sessions.data.readers import Upload


@dataclass(frozen=True)
class HandedIn:
    """The files of an upload field, and what identifies them within this visit."""

    files: tuple[Upload, ...]
    identity: str


def keep_in_memory() -> None:
    """Let the server hold a whole upload in memory; by default it spills from 1 MB on to disk."""
    largest = int(st.get_option("server.maxUploadSize")) + 1
    MultiPartParser.spool_max_size = largest * 1024 * 1024


def handed_in(
    name: str,
    kinds: list[str],
    label: str,
    help: str | None = None,
    *,
    several: bool = True,
    megabytes: int | None = None,
) -> HandedIn | None:
    """What someone handed in at this field during this visit, until they take it back.

    Streamlit empties its field when another page is shown; what was handed in is kept.
    """
    key = f"{name}_{st.session_state.setdefault(f'{name}_field', 0)}"

    def keep() -> None:
        from relrec_core.sessions.data.readers import Upload

        given = st.session_state[key] or []
        files = given if isinstance(given, list) else [given]
        st.session_state[f"{name}_kept"] = HandedIn(
            tuple(Upload(f.name, f.getvalue()) for f in files), ",".join(f.file_id for f in files)
        )

    st.file_uploader(
        label,
        kinds,
        accept_multiple_files=several,
        max_upload_size=megabytes,
        key=key,
        help=help,
        on_change=keep,
    )
    kept: HandedIn | None = st.session_state.get(f"{name}_kept")
    if kept is None or not kept.files:
        return None
    st.caption(escape.markdown(f"Your file: {', '.join(f.name for f in kept.files)}"))
    st.button(
        "Remove",
        key=f"{name}_take_back",
        icon=":material/undo:",
        on_click=take_back,
        args=(name,),
        help="The dashboard forgets it at once.",
        width="stretch",
    )
    return kept


def take_back(name: str) -> None:
    """Forget what was handed in at this field, and empty the field."""
    st.session_state.pop(f"{name}_kept", None)
    st.session_state[f"{name}_field"] = st.session_state.get(f"{name}_field", 0) + 1
