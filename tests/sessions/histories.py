"""A listener's own history, made by hand."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from relrec_core.sessions.data.readers import Upload

START = datetime(2024, 2, 7, 14, 30, tzinfo=UTC)


def entry(end: datetime, title: str | None = "Song", **other: Any) -> dict[str, Any]:
    return {
        "ts": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ms_played": 180_000,
        "master_metadata_track_name": title,
        "master_metadata_album_artist_name": "Singer",
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        **other,
    }


def heard(end: datetime, title: str, milliseconds: int = 180_000) -> dict[str, Any]:
    """An entry of Spotify's account data."""
    return {
        "endTime": end.strftime("%Y-%m-%d %H:%M"),
        "artistName": "Singer",
        "trackName": title,
        "msPlayed": milliseconds,
    }


def upload(entries: object, name: str = "history.json", archive: str = "") -> Upload:
    return Upload(name, json.dumps(entries).encode(), archive)


def packed(name: str, files: dict[str, bytes]) -> Upload:
    """A zip archive of files by path."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return Upload(name, written.getvalue())


def handed_out() -> Upload:
    """An extended history as Spotify hands it out."""
    folder = "Spotify Extended Streaming History"
    return packed(
        "my_spotify_data.zip",
        {
            f"{folder}/ReadMeFirst_ExtendedStreamingHistory.pdf": b"%PDF-1.4",
            f"{folder}/Streaming_History_Audio_2023-2024_0.json": upload(listening(9)).content,
            f"{folder}/Streaming_History_Video_2024.json": upload([entry(START, None)]).content,
            f"__MACOSX/{folder}/._Streaming_History_Audio_2023-2024_0.json": b"\x00\x05",
        },
    )


def listening(n: int, gap: timedelta = timedelta(minutes=3)) -> list[dict[str, Any]]:
    return [entry(START + i * gap, f"Song {i}") for i in range(n)]


def evenings(n: int, tracks: int = 4) -> list[dict[str, Any]]:
    """A session each evening; every third is skipped through."""
    return [
        entry(START + timedelta(days=day, minutes=3 * i), f"Song {i}", skipped=day % 3 == 0)
        for day in range(n)
        for i in range(tracks)
    ]
