"""Whatever stands in a file of any kind, its border lets only typed errors through."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from PIL import Image

from relrec_core import paths
from relrec_core.errors import RelRecError
from relrec_core.evaluation import tables
from relrec_core.evaluation.cells import Cells
from relrec_core.movies.data import interactions as movies
from relrec_core.products.data import amazon_records, images
from relrec_core.products.data import catalogue as products
from relrec_core.runs import tensors
from relrec_core.runs.config import TrainerConfig, load
from relrec_core.sessions.data import uploads
from relrec_core.sessions.data.readers import Upload
from relrec_core.sources import archive, movielens, onnx, weights
from relrec_core.sources.about import about
from tests.sessions import made
from tests.sessions.histories import handed_out, listening, upload
from tests.sources import layouts

MUTATIONS, FEWER = 2_000, 500
"""How often a content is changed; fewer where it is short and each try reads a whole folder."""
NASTY = (
    *(b"\\ud800", b"\xff\xfe", b"\0", b'"', b",", b"\n", b"9" * 5_000, b"-1", b"NaN", b"1e999"),
    *(b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:59+14:00", b"x" * 140_000, b"[" * 3_000),
    *(b"null", b"{}", b"[]", b"true", b"'", b"|", b"::", b"../..", b"~", b"\r", b"\\", b""),
)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A copy with some bytes changed, cut out, repeated or replaced by something nasty."""
    raw = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place, how = chance.randrange(len(raw) + 1), chance.randrange(6)
        if how == 0 and place < len(raw):
            raw[place] = chance.randrange(256)
        elif how == 1:
            del raw[place : place + chance.randint(1, 40)]
        elif how == 2:
            raw[place:place] = raw[place : place + 200]
        elif how == 3:
            raw[place : place + chance.randint(0, 8)] = chance.choice(NASTY)
        elif how == 4:
            raw[place : place + 4] = chance.randbytes(4)
        else:
            del raw[place:]
    return bytes(raw)


def survives(content: bytes, use: Callable[[bytes], object], tries: int = MUTATIONS) -> None:
    chance = random.Random(len(content))
    refused = 0
    for _ in range(tries):
        spoiled = mutated(content, chance)
        try:
            use(spoiled)
        except RelRecError as error:
            refused += 1
            assert 0 < len(str(error)) < 2_000
            str(error).encode()
    assert refused > tries // 20


LOGS, TRACKS = made.frames()
FIRST = LOGS["session_id"].unique(maintain_order=True)[:3].implode()
SMALL = LOGS.filter(pl.col("session_id").is_in(FIRST))
FEW = TRACKS.filter(pl.col("track_id").is_in(SMALL["track_id_clean"].implode()))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of broken UTF-8
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_session_logs(kind: str) -> None:
    content = made.csv(SMALL).content if kind == "csv" else made.parquet(SMALL).content
    features = made.parquet(FEW, "tracks.parquet")
    survives(content, lambda raw: uploads.from_files([Upload(f"l.{kind}", raw), features]))


def test_history() -> None:
    content = upload(listening(9)).content
    survives(content, lambda raw: uploads.from_files([Upload("history.json", raw)]))


def test_packed_history() -> None:
    survives(handed_out().content, lambda raw: uploads.from_files([Upload("a.zip", raw)]))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # refused right after
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_pictures(kind: str) -> None:
    written = io.BytesIO()
    Image.effect_noise((24, 18), 80).convert("RGB").save(written, kind)
    survives(written.getvalue(), images.decode)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["items.csv", "relations.csv", "purchases.csv", "source.json"])
def test_catalogues(file: str, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "b.png")
    contents = {
        "items.csv": b"item_id,title,category,image\n1,A,x,a.png\n2,B,x,b.png\n",
        "relations.csv": b"source,target,relation\n1,2,alike\n",
        "purchases.csv": b"user_id,item_id,after\nu,1,\nu,2,1\n",
        "source.json": b'{"name": "n", "title": "t", "licence": "l", "rendered": false}',
    }
    _in_folder(tmp_path, contents, file, products.load)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["interactions.csv", "items.csv", "users.csv", "source.json"])
def test_movies(file: str, tmp_path: Path) -> None:
    contents = {
        "interactions.csv": b"user_id,item_id,rating,timestamp\n1,1,5,1\n1,2,4,2\n2,1,3,9\n",
        "items.csv": b"item_id,title,year,genres\n1,A,1999,x|y\n2,B,,x\n",
        "users.csv": b"user_id,age,job\n1,20,a\n2,30,b\n",
        "source.json": b'{"name": "n", "title": "t"}',
    }
    _in_folder(tmp_path, contents, file, movies.load)


@pytest.mark.slow
def test_movies_in_parquet(tmp_path: Path) -> None:
    rows = pl.DataFrame({"user_id": ["1", "1", "2"], "item_id": [1, 2, 1], "rating": [5.0, 4, 3]})
    rows.write_parquet(tmp_path / "interactions.parquet")
    content = (tmp_path / "interactions.parquet").read_bytes()
    _in_folder(tmp_path, {"interactions.parquet": content}, "interactions.parquet", movies.load)


def _in_folder(
    folder: Path, contents: dict[str, bytes], file: str, use: Callable[[Path], object]
) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)

    def one(raw: bytes) -> object:
        (folder / file).write_bytes(raw)
        return use(folder)

    content = contents[file] if len(contents[file]) > 30 else contents[file] * 2
    survives(content, one, FEWER)


def test_what_a_folder_says_of_itself(tmp_path: Path) -> None:
    def use(raw: bytes) -> None:
        (tmp_path / "source.json").write_bytes(raw)
        about(tmp_path)

    survives(b'{"name": "n", "title": "t", "licence": "\\u00e4", "rendered": false}', use)


@pytest.mark.filterwarnings("error")  # what a stranger's line is like is nothing to print
def test_amazon() -> None:
    line = b'{"asin": "A1", "title": "\\u00e4", "imUrl": "http://x/1.jpg", "categories": [["a"]]}'
    chance = random.Random(0)
    for _ in range(MUTATIONS):
        record = amazon_records._record(mutated(line, chance))
        if isinstance(record, dict):
            repr(record).encode()


def test_archives(tmp_path: Path) -> None:
    files = {f"a/{name}": b"1\t2\t3\t4\n" * 9 for name in ("x", "y")}
    content = layouts.zipped(files, tmp_path / "a.zip").read_bytes()

    def use(raw: bytes) -> None:
        (tmp_path / "b.zip").write_bytes(raw)
        names = archive.names(tmp_path / "b.zip")
        archive.extract(tmp_path / "b.zip", sorted(names & set(files)), tmp_path, 10_000)

    survives(content, use)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")  # of bytes that were changed
def test_weights(tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    torch.save({"features.0.weight": torch.ones(2)}, file)

    def use(raw: bytes) -> None:
        file.write_bytes(raw)
        weights.parse_torchvision(file).write(tmp_path)

    survives(file.read_bytes(), use)


def test_onnx(tmp_path: Path) -> None:
    tensor = b"\x08\x02\x10\x01\x42\x01w\x4a\x08" + bytes(8)
    graph = b"\x2a" + bytes([len(tensor)]) + tensor
    content = b"\x3a" + bytes([len(graph)]) + graph

    def use(raw: bytes) -> None:
        (tmp_path / "w.onnx").write_bytes(raw)
        onnx.tensors(tmp_path / "w.onnx")

    survives(content, use)


def test_checkpoints(tmp_path: Path) -> None:
    tensors.store(tmp_path / "c", {"a": torch.ones(3)}, {"model": "x"})
    content = (tmp_path / "c").read_bytes()
    for reader in (tensors.read, tensors.read_arrays):

        def use(raw: bytes, reader: Callable[..., object] = reader) -> None:
            (tmp_path / "c").write_bytes(raw)
            reader(tmp_path / "c", tensors.sha256(raw))

        survives(content, use)


def test_movielens(tmp_path: Path) -> None:
    for name, content in {
        "u.data": b"1\t1\t5\t9\n2\t1\t4\t9\n",
        "u.item": b"1|A (1990)|||" + b"|0" * 18 + b"|1\n",
        "u.user": b"1|24|M|writer|1\n2|30|F|other|1\n",
    }.items():
        (tmp_path / name).write_bytes(content)

    def use(raw: bytes) -> None:
        (tmp_path / "u.data").write_bytes(raw)
        movielens.parse_official_100k(tmp_path)

    survives((tmp_path / "u.data").read_bytes(), use)


def test_settings(tmp_path: Path) -> None:
    content = TrainerConfig(seed=3).to_json().encode()

    def use(raw: bytes) -> None:
        (tmp_path / "config.json").write_bytes(raw)
        load(TrainerConfig, tmp_path / "config.json", {})

    survives(content, use)


def test_stored_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    frame = pd.DataFrame({"method": ["a", "b"], "recall": [1 / 3, 0.25]})
    tables.store("movies", "recall", frame, {"seeds": [0]})
    for suffix in (".csv", ".json"):
        file = paths.evaluations_dir() / "movies" / f"recall{suffix}"
        whole = file.read_bytes()
        chance = random.Random(suffix)
        for _ in range(MUTATIONS):
            spoiled = mutated(whole, chance)
            file.write_bytes(spoiled)
            try:
                pd.testing.assert_frame_equal(tables.stored("movies", "recall").frame, frame)
                assert spoiled.split() == whole.split()
            except RelRecError:
                assert spoiled != whole
        file.write_bytes(whole)


def test_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    Cells("movies", "t", "a").get({"seed": 0}, lambda: {"x": 1 / 3})
    file = paths.evaluations_dir() / "movies" / "cells" / "t.jsonl"
    whole = file.read_bytes()
    chance = random.Random(0)
    for _ in range(MUTATIONS):
        file.write_bytes(mutated(whole, chance))
        try:
            found = Cells("movies", "t", "a").get({"seed": 0}, lambda: {"x": 2})
        except RelRecError:
            continue
        assert found in ({"x": 1 / 3}, {"x": 2})


def test_shards(tmp_path: Path) -> None:
    from relrec_core.sessions.training.prepare import prepare_simulated

    prepare_simulated(9, tmp_path / "s", settings=made.SETTINGS)
    file = tmp_path / "s" / "meta.json"

    def use(raw: bytes) -> None:
        file.write_bytes(raw)
        uploads.from_folder(tmp_path / "s")

    survives(file.read_bytes(), use)


def test_quoted_values_are_short() -> None:
    with pytest.raises(RelRecError) as error:
        uploads.from_files(
            [made.csv(made.with_value(SMALL, "premium", 0, "z" * 900)), made.csv(FEW, "tracks.csv")]
        )
    assert len(str(error.value)) < 300
    assert np.isfinite(len(json.dumps(str(error.value))))
