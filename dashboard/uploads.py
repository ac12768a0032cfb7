"""Files that someone hands in stay in memory."""

from __future__ import annotations

import streamlit as st
from starlette.formparsers import MultiPartParser

from relrec_core.sessions.tables import Upload


def keep_in_memory() -> None:
    """Let the server hold a whole upload in memory; by default it spills from 1 MB on to disk."""
    largest = int(st.get_option("server.maxUploadSize")) + 1
    MultiPartParser.spool_max_size = largest * 1024 * 1024


def handed_in(key: str, kinds: list[str], label: str, help: str) -> tuple[list[Upload], str]:
    """The files of an upload field, and what identifies them within this visit."""
    files = st.file_uploader(label, kinds, accept_multiple_files=True, key=key, help=help) or []
    return [Upload(f.name, f.getvalue()) for f in files], ",".join(f.file_id for f in files)
