"""Who decided about every track of every second half, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import JsonValue

from relrec_core.batch.dataset import CONFIRMED, field, origin
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.dataset import SessionData, load_folder
from relrec_core.sessions.data.schema import TRACK_KEY
from relrec_core.sessions.data.shards import META_FILE, Shards
from relrec_core.sessions.data.source import Stored
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.restricted import fitted
from relrec_core.sessions.model.predictor import Predictor

PART = 4096
"""Sessions in a part, where they are in memory; else a part is a shard."""
SIMULATED = 1000
"""Sessions that are simulated where none are named."""
SHARE = pa.struct([("expert", pa.string()), ("share", pa.float64()), ("probability", pa.float64())])
SCHEMA = pa.schema(
    [
        field("session", pa.string(), "id of the session"),
        field("position", pa.int32(), "of the track in the session, from 1"),
        field("track", pa.string(), "id of the track"),
        field("name", pa.string(), "what the track is called"),
        field("probability", pa.float64(), "of a skip: the sum of share times probability"),
        field("skipped", pa.bool_(), "whether it was skipped in truth"),
        field("expert", pa.string(), "the expert with the largest share"),
        field("experts", pa.list_(SHARE), "every expert's share (they sum to 1) and probability"),
        CONFIRMED,
    ]
)


def opened(run: Path, options: Mapping[str, JsonValue]) -> SessionBatch:
    """A run's model on sessions.

    Args:
        run: its folder.
        options: `data`, a folder of logs or of prepared shards, by default what the run was
            trained on, or where that was simulated, `sessions` new ones; `audit` (False).
    """
    found = Run.open(run)
    predictor, config = store.predictor(found), found.settings(Config)
    name, audit = str(options.get("data") or config.dataset), bool(options.get("audit"))
    if name == store.SIMULATED:
        sessions = int(str(options.get("sessions", SIMULATED)))
        return SessionBatch(found, predictor, store.demo_data(config, sessions), audit)
    folder = store.data_folder(name)
    whole = (folder / META_FILE).is_file()
    data = Shards.open(folder) if whole else load_folder(folder)
    return SessionBatch(found, predictor, data, audit)


@dataclass(frozen=True, eq=False)
class SessionBatch:
    """All sessions of a folder, in parts."""

    run: Run
    predictor: Predictor
    data: SessionData | Shards
    audit: bool = False

    schema = SCHEMA
    unit = "sessions"

    @property
    def about(self) -> dict[str, JsonValue]:
        """Hashes of model and data."""
        of = Stored(self.data) if isinstance(self.data, Shards) else self.data
        return origin(self.run, of.title, of.content_hash, of.licence)

    @property
    def sizes(self) -> list[int]:
        """Sessions of each part."""
        if isinstance(self.data, Shards):
            return [len(self.data.read(shard)) for shard in range(len(self.data.meta.shards))]
        n = len(self.data.sessions)
        return [min(PART, n - start) for start in range(0, n, PART)]

    def table(self, part: int) -> pa.Table:
        """The rows of one part."""
        data = self._data(part)
        explorer = Explorer(fitted(self.predictor, data.names), data, self.run.name)
        said, sessions = explorer.everything, data.sessions
        row, slot = np.nonzero(sessions.mask_b)
        names = np.array(explorer.family.names)
        tracks = sessions.tracks_b[row, slot]
        shares, alone = said.attribution[row, slot], said.experts[row, slot]  # (n, K)
        experts = pa.StructArray.from_arrays(
            [
                pa.array(np.tile(names, len(row))),
                pa.array(shares.ravel().astype(np.float64)),
                pa.array(alone.ravel().astype(np.float64)),
            ],
            fields=[*SHARE],
        )
        offsets = np.arange(0, len(experts) + 1, len(names), dtype=np.int32)
        columns: dict[str, Any] = {
            "session": [str(sessions.ids[at]) for at in row],
            "position": sessions.lengths[row].astype(np.int32) // 2 + slot.astype(np.int32) + 1,
            "track": data.tracks.frame[TRACK_KEY].gather(tracks).cast(str).to_list(),
            "name": [data.tracks.label(int(track)) for track in tracks],
            "probability": said.probability[row, slot].astype(np.float64),
            "skipped": sessions.skipped[row, slot],
            "expert": names[said.top[row, slot]],
            "experts": pa.ListArray.from_arrays(offsets, experts),
            "confirmed": self._confirmed(explorer, row, slot),
        }
        arrays = [
            columns[f.name]
            if isinstance(columns[f.name], pa.Array)
            else pa.array(columns[f.name], f.type)
            for f in SCHEMA
        ]
        return pa.table(arrays, schema=SCHEMA)

    def _confirmed(
        self, explorer: Explorer, row: npt.NDArray[np.int64], slot: npt.NDArray[np.int64]
    ) -> list[bool | None]:
        """Whether each track's deciding expert passes the test of the page."""
        if not self.audit:
            return [None] * len(row)
        return [
            explorer.explain(explorer.session(r), s).audit.deletion.confirmed
            for r, s in zip(row.tolist(), slot.tolist(), strict=True)
        ]

    def _data(self, part: int) -> SessionData:
        if isinstance(self.data, SessionData):
            rows = slice(part * PART, (part + 1) * PART)
            return SessionData(**{**vars(self.data), "sessions": self.data.sessions.take(rows)})
        return self.data.data(self.data.read(part))
