"""Small files that would become huge: each is made here, whole and valid for its format."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from relrec_core.sessions.data.readers import Upload

HEADER = "session_id,session_position,skip_2,track_name\n"


def long_cell() -> Upload:
    """Parquet, about 1 KB: a dictionary of one text of a million characters, 6,000 rows of it."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 6_000, pa.int32()), ["x" * 1_000_000])
    return _parquet(
        {"session_id": text, "session_position": [1] * 6_000, "skip_2": [True] * 6_000}, 6_000
    )


def shared_prefixes(groups: int = 100) -> Upload:
    """Parquet: 40 texts of a million characters in each group, that differ in nothing."""
    part = pa.table({"session_id": pa.array(["x" * 1_000_000] * 40)})
    part = part.append_column("session_position", pa.array([1] * 40))
    part = part.append_column("skip_2", pa.array([True] * 40))
    part = part.append_column("track_name", pa.array(["a"] * 40))
    written = io.BytesIO()
    encoding = {"session_id": "DELTA_BYTE_ARRAY"}
    with pq.ParquetWriter(
        written, part.schema, use_dictionary=False, column_encoding=encoding, compression="zstd"
    ) as writer:
        for _ in range(groups):
            writer.write_table(part)
    return Upload("logs.parquet", written.getvalue())


def many_rows(rows: int = 50_000_000) -> Upload:
    """Parquet, under 1 MB: so many equal rows."""
    written = io.BytesIO()
    schema = pa.schema(
        [("session_id", pa.string()), ("session_position", pa.int64()), ("skip_2", pa.bool_())]
    )
    step = 1_000_000
    part = pa.table(
        {
            "session_id": pa.DictionaryArray.from_arrays(
                pa.array([0] * step, pa.int32()), ["s"]
            ).dictionary_decode(),
            "session_position": pa.array([1] * step),
            "skip_2": pa.array([True] * step),
        },
        schema,
    )
    with pq.ParquetWriter(written, schema, compression="zstd") as writer:
        for _ in range(rows // step):
            writer.write_table(part)
    return Upload("logs.parquet", written.getvalue())


def one_session(megabytes: int = 400) -> Upload:
    """CSV, gzipped: one session that never ends."""
    return _gzipped(HEADER.encode(), b"s,1,1,song\n", megabytes)


def short_sessions(megabytes: int = 480) -> Upload:
    """CSV, gzipped: valid sessions of two tracks without end."""
    rows = b"".join(b"%d,1,1,a\n%d,2,0,a\n" % (n, n) for n in range(60_000))
    return _gzipped(HEADER.encode(), rows, megabytes)


def wide_header() -> Upload:
    """CSV: a header of four million columns."""
    return Upload("logs.csv", b"a," * 4_000_000 + b"a\n" + HEADER.encode())


def empty_entries(size: int = 50_000_000) -> Upload:
    """JSON: nothing but empty objects."""
    return Upload("history.json", b"[" + b"{}," * ((size - 4) // 3) + b"{}]")


def short_entries(size: int = 49_900_000) -> Upload:
    """JSON: as many plays as fit."""
    plays = []
    for number in range(1000):
        play = {
            "ts": f"2020-01-01T{number % 24:02}:{number % 60:02}:{number // 24:02}Z",
            "ms_played": 1,
            "master_metadata_track_name": f"{number}",
            "reason_start": "",
            "reason_end": "",
            "shuffle": 0,
        }
        plays.append(json.dumps(play, separators=(",", ":")))
    part = ",".join(plays)
    return Upload("history.json", f"[{','.join([part] * (size // (len(part) + 1)))}]".encode())


def deep_json() -> Upload:
    """JSON: brackets in brackets."""
    return Upload("history.json", b"[" * 20_000_000)


def png(width: int = 7000, height: int = 7000, rows: int = 0, kind: int = 6) -> bytes:
    """PNG that claims so many pixels and holds so many rows of them."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(bytes(1 + channels * width)) for _ in range(rows))
    palette = [_chunk(b"PLTE", bytes(3)), _chunk(b"tRNS", b"\x80")] if kind == 3 else []
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            *palette,
            _chunk(b"IDAT", pixels + packer.flush()),
            _chunk(b"IEND", b""),
        ]
    )


def archive(path: Path, megabytes: int = 240) -> Path:
    """Zip of MovieLens 100K's layout with three files of so many MB of equal lines."""
    lines = {
        "u.data": b"1\t1\t1\t1\n",
        "u.item": b"1|a (1990)|||" + b"|0" * 19 + b"\n",
        "u.user": b"1|1|M|writer|1\n",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, line in lines.items():
            part = line * (1_000_000 // len(line))
            with packed.open(f"ml-100k/{name}", "w") as file:
                for _ in range(megabytes):
                    file.write(part)
    return path


def packed_history() -> Upload:
    """A zip of 260 KB: a file of a history with 260 MB of blanks."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("Streaming_History_Audio_2024.json", "w") as file,
    ):
        for _ in range(260):
            file.write(b" " * 1_000_000)
    return Upload("my_spotify_data.zip", written.getvalue())


def many_files() -> Upload:
    """A zip whose list names 100,001 files."""
    entry = b"PK\x01\x02" + bytes(42)
    return Upload("my_spotify_data.zip", entry * 100_001)


def _parquet(columns: dict[str, object], rows: int) -> Upload:
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written, compression="zstd", store_schema=False)
    return Upload("logs.parquet", written.getvalue())


def _gzipped(header: bytes, rows: bytes, megabytes: int) -> Upload:
    written = io.BytesIO()
    part = rows * max(1, 1_000_000 // len(rows))
    with gzip.GzipFile(fileobj=written, mode="wb", compresslevel=9) as file:
        file.write(header)
        for _ in range(megabytes * 1_000_000 // len(part)):
            file.write(part)
    return Upload("logs.csv.gz", written.getvalue())


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check
