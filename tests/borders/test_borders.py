"""Names, folders and disks as strangers have them: each ends in a typed sentence."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from PIL import Image

from relrec_core import paths
from relrec_core.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    RelRecError,
    SourceError,
    StorageError,
)
from relrec_core.evaluation import tables
from relrec_core.evaluation.cells import Cells
from relrec_core.movies.data import datasets
from relrec_core.movies.data import interactions as movies
from relrec_core.products import catalogues
from relrec_core.products.data import amazon_records, images
from relrec_core.products.data import catalogue as products
from relrec_core.runs import tensors
from relrec_core.runs.config import TrainerConfig
from relrec_core.runs.directory import Run
from relrec_core.sessions import store as session_store
from relrec_core.sessions.data import uploads
from relrec_core.sessions.data.readers import Upload
from relrec_core.sources import archive, fetch, weights
from tests.borders import bombs
from tests.sessions import made
from tests.sessions.histories import listening, upload

LOGS, TRACKS = made.frames()


@pytest.mark.parametrize(
    "ids",
    [
        pl.Series([None] * 2, dtype=pl.Null),
        pl.Series([["a"], ["b"]]),
        pl.Series([b"a", b"b"]),
        pl.Series([{"a": 1}, {"a": 2}]),
    ],
    ids=["null", "list", "binary", "nested"],
)
def test_columns_that_are_no_ids(ids: pl.Series) -> None:
    frame = LOGS[:2].with_columns(ids.alias("session_id"))
    with pytest.raises(DataError, match="column 'session_id'"):
        uploads.from_files([made.parquet(frame), made.parquet(TRACKS, "tracks.parquet")])


def test_capitals_in_a_name() -> None:
    packed = Upload("LOGS.CSV.GZ", gzip.compress(made.csv(LOGS).content))
    found = uploads.from_files([packed, made.csv(TRACKS, "TRACKS.CSV")])
    assert len(found.data.sessions) == 60


@pytest.mark.parametrize(
    ("bomb", "sentence"),
    [
        (bombs.long_cell, "a value of 1,000,000 bytes"),
        (lambda: bombs.shared_prefixes(2), "texts that share their beginnings"),
        (lambda: bombs.many_rows(4_000_000), "4,000,000 rows"),
        (lambda: bombs.one_session(5), "of more than 1,000 tracks"),
        (bombs.wide_header, "a line of more than 65 KB"),
        (lambda: bombs.empty_entries(900_000), "entry 1 without 'ts'"),
        (bombs.deep_json, "text that is not JSON"),
        (bombs.packed_history, "it would take more than the 250 MB"),
        (bombs.many_files, "it has more than 100,000 files"),
    ],
)
def test_bombs_of_sessions(bomb, sentence: str) -> None:
    with pytest.raises(RelRecError, match=sentence):
        uploads.from_files([bomb()])


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("ts", "0001-01-01T00:00:00Z", "the year 0001"),
        ("ts", "9999-12-31T23:59:59Z", "the year 9999"),
        ("master_metadata_track_name", "\ud800", "half a character"),
        ("master_metadata_track_name", "x" * 5_000, "5,000 characters"),
    ],
)
def test_entries_of_a_history(key: str, value: str, sentence: str) -> None:
    entries = listening(3)
    entries[1][key] = value
    with pytest.raises(DataError, match=sentence):
        uploads.from_files([upload(entries)])


def test_a_number_of_5000_digits() -> None:
    with pytest.raises(DataError, match=r"history\.json"):
        uploads.from_files([Upload("history.json", b'[{"ts": ' + b"9" * 5_000 + b"}]")])


def test_ids_of_5000_digits_are_sorted_by_value(tmp_path: Path) -> None:
    long = "9" * 5_000
    (tmp_path / "interactions.csv").write_text(f"user_id,item_id\n{long},10\n2,9\n2,10\n")
    found = movies.load(tmp_path)
    assert found.users["user_id"].tolist() == ["2", long]
    assert found.items["item_id"].tolist() == ["9", "10"]


def test_a_csv_error(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text(f'user_id,item_id\n"{"x" * 200_000}",1\n')
    with pytest.raises(DataError, match=r"interactions\.csv"):
        movies.load(tmp_path)


@pytest.mark.parametrize("load", [movies.load, products.load])
def test_half_an_emoji_in_a_title(load, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "source.json").write_text('{"title": "\\ud800"}')
    (tmp_path / "interactions.csv").write_text("user_id,item_id\n1,1\n")
    (tmp_path / "items.csv").write_text("item_id,title,category,image\n1,a,x,a.png\n2,b,x,a.png\n")
    (tmp_path / "relations.csv").write_text("source,target,relation\n1,2,alike\n")
    with pytest.raises(DataError, match="half a character"):
        load(tmp_path)


def test_half_an_emoji_in_amazons_data_is_replaced() -> None:
    assert amazon_records._record(b'{"title": "a\\ud83d"}') == {
        "title": "a\N{REPLACEMENT CHARACTER}"
    }
    assert amazon_records._record(b'{"title": "\\ud83d\\ude00"}') == {"title": "\N{GRINNING FACE}"}


@pytest.mark.parametrize("name", ["~nosuchuser", "x" * 300, "a\0b", "/proc/1/nothing", "\ud800"])
def test_folders_that_cannot_be(name: str) -> None:
    for find in (
        session_store.data_folder,
        catalogues.catalogue_folder,
        datasets.data_folder,
    ):
        with pytest.raises(SourceError) as error:
            find(name)
        assert len(str(error.value)) < 400


def test_a_folder_with_broken_links(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert uploads.state_of(tmp_path)
    with pytest.raises(DataError, match=r"a\.csv"):
        uploads.from_folder(tmp_path)
    with pytest.raises(DataError):
        uploads.from_folder(Path("/proc/1"))


def test_a_home_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", "~nosuchuser")
    with pytest.raises(ConfigError, match="RELREC_HOME is '~nosuchuser'"):
        paths.home()


@pytest.mark.parametrize("image", [".", "loop.png", "x" * 300])
def test_pictures_that_are_no_files(image: str, tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "items.csv").write_text(f"item_id,title,category,image\n1,a,x,{image}\n")
    with pytest.raises(DataError, match=r"items\.csv"):
        products.load(tmp_path)
    with pytest.raises(images.ImageError):
        images.read(tmp_path)


def test_a_png_with_missing_rows() -> None:
    with pytest.raises(images.ImageError, match="fewer rows than it claims"):
        images.decode(bombs.png(200, 200, 199))
    assert images.decode(bombs.png(200, 200, 200)).size == (200, 200)
    assert images.decode(bombs.png(5000, 3000, 3000, 2)).size == (2048, 1229)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("saved", [{}, {"restart_marker_blocks": 1}, {"progressive": True}])
def test_a_jpeg_with_missing_rows(mode: str, saved: dict[str, Any]) -> None:
    grain = np.random.default_rng(4).integers(0, 256, (90, 70, len(mode)), dtype=np.uint8)
    grain = grain[..., 0] if mode == "L" else grain
    for picture in (Image.fromarray(grain, mode), Image.new(mode, (33, 1))):
        written = io.BytesIO()
        picture.save(written, "JPEG", **saved)
        whole = written.getvalue()
        assert images.decode(whole).size == picture.size
    written = io.BytesIO()
    Image.fromarray(grain, mode).save(written, "JPEG", **saved)
    whole = written.getvalue()
    first_scan = whole.index(b"\xff\xda")
    for kept in (0.05, 0.1) if saved.get("progressive") else (0.1, 0.5, 0.95):
        cut = whole[: first_scan + 30 + int(kept * (len(whole) - first_scan - 30))]
        with pytest.raises(images.ImageError, match="fewer rows than it claims"):
            images.decode(cut.rstrip(b"\xff") + b"\xff\xd9")


def test_a_checkpoint_with_a_bad_header(tmp_path: Path) -> None:
    tensors.store(tmp_path / "c", {"a": torch.ones(2)}, {"model": "x"})
    whole = (tmp_path / "c").read_bytes()
    other = whole.replace(b"relrec", b"reIrec")
    for raw in (b"", b"\xff" * 40, struct.pack("<Q", 2) + b"{}", other):
        (tmp_path / "c").write_bytes(raw)
        for read in (tensors.read, tensors.read_arrays):
            with pytest.raises(CheckpointError):
                read(tmp_path / "c", tensors.sha256(raw))


def test_a_list_of_weights(tmp_path: Path) -> None:
    torch.save([torch.ones(2)], tmp_path / "w.pth")
    with pytest.raises(SourceError, match="no tensors by name"):
        weights.parse_torchvision(tmp_path / "w.pth").write(tmp_path)


@pytest.mark.parametrize("method", ["version", zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_archives_of_other_kinds(method: str | int, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    how = method if isinstance(method, int) else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", how) as packed:
        packed.writestr("a", bytes(range(256)) * 40)
    raw = bytearray(path.read_bytes())
    if method == "version":
        raw[4] = raw[raw.index(b"PK\1\2") + 6] = 99
    else:
        raw[50:90] = b"\xaa" * 40
    path.write_bytes(raw)
    with pytest.raises(SourceError, match="not a whole zip archive"):
        archive.extract(path, ["a"], tmp_path, 100_000)


def test_an_archive_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    with pytest.raises(SourceError, match="more than the 20 MB"):
        fetch.fetch("ml-100k", origin=bombs.archive(tmp_path / "a.zip", megabytes=21))
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        fetch.fetch("ml-100k", origin=Path("/dev/zero"))


@pytest.mark.parametrize("home", ["/proc/relrec", "/dev/null/relrec"])
def test_where_nothing_can_be_written(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", home)
    writers = (
        lambda: Run.create("movies", TrainerConfig()),
        lambda: tables.store("movies", "t", pd.DataFrame({"a": [1]}), {}),
        lambda: Cells("movies", "t", "a").get({}, lambda: {"x": 1}),
    )
    for write in writers:
        with pytest.raises(StorageError, match="cannot be written"):
            write()
    with pytest.raises(SourceError):
        fetch.fetch("ml-100k")


def test_shipped_tables_have_their_checksums() -> None:
    files = sorted((paths.ASSETS / "evidence").glob("*/*.csv"))
    assert len(files) > 20
    for file in files:
        assert tables._read(file)


def test_the_trace_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RelRecError):
        uploads.from_files([Upload("history.json", b'[{"ts": ' + b"9" * 5_000 + b"}]")])
    assert any(record.name == "relrec" and record.exc_info for record in caplog.records)
