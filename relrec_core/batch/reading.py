"""Look into data sets of explanations without holding them in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from relrec_core import paths
from relrec_core.batch.dataset import ABOUT, Dataset
from relrec_core.errors import border, unreadable


def kept(module: str) -> list[Dataset]:
    """Those of a wing's module in the data directory, by name.

    Raises:
        DataError: the description of one is damaged.
    """
    found = sorted(paths.explanations_dir().glob(f"*/{ABOUT}"))
    opened = (Dataset.open(path.parent) for path in found)
    return [dataset for dataset in opened if dataset.about.job.module == module]


@dataclass(frozen=True)
class Found:
    """The first rows that fit, and how many do."""

    rows: pl.DataFrame
    count: int


def rows(
    dataset: Dataset,
    wanted: Mapping[str, str],
    named: str = "",
    n: int = 200,
    confirmed: bool | None = None,
) -> Found:
    """Rows that fit, in the order of the data set.

    Args:
        dataset: whose whole parts are looked into.
        wanted: column -> a text that its value is or, if none is, contains.
        named: a text in the name of one of the contributions; "" for any.
        n: how many rows are given back.
        confirmed: what the deletion test said; None for any, also where there was none.

    Raises:
        DataError: a part is damaged.
    """
    if not dataset.there:
        return Found(pl.DataFrame(), 0)
    with border(unreadable(dataset.folder, "explanations as they were written")):
        frame = pl.scan_parquet(dataset.there)
        for column, text in wanted.items():
            same = frame.filter(pl.col(column) == text)
            exact = bool(text) and not same.limit(1).collect().is_empty()
            part = pl.col(column).str.to_lowercase().str.contains(text.lower(), literal=True)
            frame = same if exact else frame.filter(part)
        if named:
            names = pl.element().struct.field("name").str.to_lowercase()
            held = names.str.contains(named.lower(), literal=True)
            frame = frame.filter(pl.col("contributions").list.eval(held).list.any())
        if confirmed is not None:
            frame = frame.filter(pl.col("confirmed") == confirmed)
        count = frame.select(pl.len()).collect().item()
        return Found(frame.head(n).collect(), int(count))


def audited(dataset: Dataset) -> tuple[int, int]:
    """Rows whose deletion test was done, and those of them that it confirms."""
    if not dataset.there or "confirmed" not in dataset.columns:
        return 0, 0
    test = pl.col("confirmed")
    found = pl.scan_parquet(dataset.there).select(test.count(), test.sum().alias("passed"))
    done, passed = found.collect().row(0)
    return int(done), int(passed)


def whole(module: str, run: str, data_hash: str) -> Dataset | None:
    """The data set of all users of a run's own data, with no part missing; None where none is kept.

    Args:
        module: of the wing.
        run: its name.
        data_hash: of the data.
    """
    for dataset in kept(module):
        of = dataset.about.of
        own = of.get("users_hash", data_hash) == of.get("data_hash") == data_hash
        if own and of.get("run") == run and not dataset.missing():
            return dataset
    return None


def most_recommended(dataset: Dataset, n: int = 200) -> pl.DataFrame:
    """The movies recommended most: `title`, `users`, mean `score`, `base` and `own`, `reason`.

    `reason` is what adds most over all of them, of the contributions that are named.
    """
    frame = pl.scan_parquet(dataset.there)
    movies = (
        frame.group_by("item")
        .agg(pl.col("title").first(), pl.len().alias("users"), pl.col("score", "base").mean())
        .with_columns(own=pl.col("score") - pl.col("base"))
        .sort("users", "item", descending=[True, False])
        .head(n)
    )
    reasons = (
        frame.select("item", "contributions")
        .explode("contributions")
        .unnest("contributions")
        .group_by("item", pl.col("name").alias("reason"))
        .agg(pl.col("value").sum())
        .sort("value", descending=True)
        .unique("item", keep="first", maintain_order=True)
        .drop("value")
    )
    return movies.join(reasons, on="item", how="left", maintain_order="left").collect()


def groups(dataset: Dataset) -> pl.DataFrame:
    """Mean of each group's contributions over all rows of movies, largest first.

    Columns `group` and `value`; the base value, `base`, is the first. They sum to the mean score.
    """
    frame = pl.scan_parquet(dataset.there)
    total, base = frame.select(pl.len(), pl.col("base").mean()).collect().row(0)
    sums = (
        frame.select("groups")
        .explode("groups")
        .unnest("groups")
        .group_by("group")
        .agg(pl.col("value").sum() / total)
        .collect()
    )
    everyone = pl.DataFrame({"group": ["base"], "value": [base]})
    return pl.concat([everyone, sums.sort("value", descending=True)])
