"""Yambda's files: fetched from where they are published, and named where they are not as there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from relrec_core import paths
from relrec_core.errors import DataError, RelRecError, SourceError
from relrec_core.sessions.data import yambda_source
from relrec_core.sessions.training.prepare_yambda import prepare_yambda
from tests.sources.server import serving

Change = Callable[[pl.DataFrame], pl.DataFrame]
WRONG: dict[str, tuple[str, Change, str]] = {
    "no column": (
        "listens.parquet",
        lambda f: f.drop("played_ratio_pct"),
        "listens.parquet, column 'played_ratio_pct': found no such column",
    ),
    "texts": (
        "likes.parquet",
        lambda f: f.with_columns(pl.col("uid").cast(pl.String)),
        "likes.parquet, column 'uid': found values of type",
    ),
    "empty value": (
        "listens.parquet",
        lambda f: f.with_columns(pl.col("timestamp").replace(f["timestamp"][4], None)),
        "column 'timestamp': found an empty value",
    ),
    "unordered": (
        "listens.parquet",
        lambda f: f.reverse(),
        "found user 110 after user 120, expected the listens ordered by user",
    ),
    "flag": (
        "listens.parquet",
        lambda f: f.with_columns(pl.lit(7, pl.UInt8).alias("is_organic")),
        "listens.parquet, line 1, column 'is_organic': found '7', expected 0 or 1",
    ),
    "negative": (
        "dislikes.parquet",
        lambda f: f.with_columns((-1 - pl.col("item_id").cast(pl.Int64)).alias("item_id")),
        "column 'item_id': found a number out of range",
    ),
    "no rows": ("likes.parquet", lambda f: f[:0], "likes.parquet: found a table without rows"),
    "alone": (
        "listens.parquet",
        lambda f: f.unique("uid").sort("uid"),
        "found no two listens within 20 minutes",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_not_as_published_is_named(
    name: str, published: Path, tmp_path: Path
) -> None:
    file, change, sentence = WRONG[name]
    flat = tmp_path / "flat"
    shutil.copytree(published / "flat" / "50m", flat)
    change(pl.read_parquet(flat / file)).write_parquet(flat / file)
    with pytest.raises(DataError) as error:
        prepare_yambda(flat, tmp_path / "out")
    assert sentence in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flat"], "something was left"


@pytest.mark.parametrize("fault", ["cut", "short", "nan", "foreign"])
def test_embeddings_that_are_none_are_named(fault: str, published: Path, tmp_path: Path) -> None:
    shutil.copytree(published, tmp_path / "given")
    path = tmp_path / "given" / "embeddings.parquet"
    frame = pl.read_parquet(path)
    vector = pl.col("normalized_embed")
    changes = {
        "short": vector.list.head(pl.int_range(pl.len()) % 2 + 5),
        "nan": vector.list.eval(pl.element() * float("nan")),
        "foreign": vector,
    }
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        shift = 1 if fault == "foreign" else 0
        frame.with_columns(changes[fault], pl.col("item_id") + shift).write_parquet(path)
    with pytest.raises(DataError, match=r"embeddings\.parquet"):
        prepare_yambda(tmp_path / "given", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_it_is_fetched_from_where_it_is_published(published: Path, yambda_home: Path) -> None:
    files = {path.name: path.read_bytes() for path in published.rglob("*.parquet")}
    with serving(files) as server:
        folder = yambda_source.fetch(base=server.url("breaks-once", ""))
        assert server.asked[0] == server.asked[1] == "flat/50m/listens.parquet", "not resumed"
        assert server.ranges[1] == f"bytes={len(files['listens.parquet']) // 2}-"
        assert server.asked[2:] == [
            "flat/50m/likes.parquet",
            "flat/50m/dislikes.parquet",
            "embeddings.parquet",
        ]
        assert yambda_source.fetch(base=server.url("missing", "")) == folder, "fetched again"
    assert folder == paths.data_dir() / "yambda-50m" == yambda_source.installed()
    assert {p.name: p.read_bytes() for p in folder.glob("*.parquet")} == files
    (folder / "likes.parquet").write_bytes(b"")
    assert yambda_source.installed() is None


def test_the_addresses_are_those_of_the_data_set() -> None:
    assert yambda_source.BASE.endswith("huggingface.co/datasets/yandex/yambda/resolve/main")
    assert [place for place, _ in yambda_source.PLACES.values()] == [
        *(f"flat/50m/{name}.parquet" for name in ("listens", "likes", "dislikes")),
        "embeddings.parquet",
    ]


def test_what_comes_instead_is_not_installed(
    published: Path, yambda_home: Path, tmp_path: Path
) -> None:
    files = {path.name: path.read_bytes() for path in published.rglob("*.parquet")}
    with serving(files | {"dislikes.parquet": b"<html>"}) as server:
        with pytest.raises(SourceError, match=r"dislikes.parquet: .*By hand: download flat/50m/"):
            yambda_source.fetch(base=server.url("whole", ""))
        server.content = files
        yambda_source.fetch(base=server.url("whole", ""))
        assert server.asked.count("flat/50m/listens.parquet") == 1, "what was whole is kept"
    for wrong in (tmp_path / "nowhere", published / "embeddings.parquet", yambda_home):
        with pytest.raises(RelRecError, match=r"no folder|does not hold"):
            yambda_source.fetch(wrong)
