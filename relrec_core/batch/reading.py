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


def rows(dataset: Dataset, wanted: Mapping[str, str], named: str = "", n: int = 200) -> Found:
    """Rows that fit, in the order of the data set.

    Args:
        dataset: whose whole parts are looked into.
        wanted: column -> a text that its value is or, if none is, contains.
        named: a text in the name of one of the contributions; "" for any.
        n: how many rows are given back.

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
        count = frame.select(pl.len()).collect().item()
        return Found(frame.head(n).collect(), int(count))


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
