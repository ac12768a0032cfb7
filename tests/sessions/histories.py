"""A listener's own history, made by hand."""

from __future__ import annotations

import json
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


def upload(entries: object, name: str = "history.json") -> Upload:
    return Upload(name, json.dumps(entries).encode())


def listening(n: int, gap: timedelta = timedelta(minutes=3)) -> list[dict[str, Any]]:
    return [entry(START + i * gap, f"Song {i}") for i in range(n)]
