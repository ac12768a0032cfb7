"""What many users liked, from one Parquet or CSV file that need not fit into memory.

The file has the columns user_id, item_id and optionally rating, as `interactions.csv` has. It is
read once, a block at a time, and kept in the data directory as arrays that are mapped into memory:
of a user only what is asked for is read. Users need not be in the data a model has learnt from.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from relrec_core import paths
from relrec_core.errors import DataError, border, storing, unreadable
from relrec_core.movies.data.interactions import ITEM, LIKED_FROM, RATING, USER

FOLDER = ".histories"
"""In the data directory; it may be deleted at any time."""
BLOCK = 1 << 20
"""Rows that are read at once."""
USERS, STARTS, ITEMS, LIKED, ABOUT = (
    "users.parquet",
    "starts.npy",
    "items.npy",
    "liked.npy",
    "about",
)


@dataclass(frozen=True, eq=False)
class Histories:
    """Users (N,) in order of appearance; `items` and `liked` (nnz,) from `starts` (N + 1,) on.

    `unknown` counts rows of movies that the model does not know, which are left out.
    """

    users: pl.Series
    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    liked: npt.NDArray[np.bool_]
    n_items: int
    content_hash: str
    unknown: int

    def seen(self, first: int, last: int) -> sparse.csr_matrix:
        """Movies that these users, from `first` up to `last`, know: (last - first, V)."""
        return self._matrix(first, last, only_liked=False)

    def history(self, first: int, last: int) -> sparse.csr_matrix:
        """Those of them that they liked."""
        return self._matrix(first, last, only_liked=True)

    def _matrix(self, first: int, last: int, *, only_liked: bool) -> sparse.csr_matrix:
        starts = np.asarray(self.starts[first : last + 1])
        entries = slice(int(starts[0]), int(starts[-1]))
        rows = np.repeat(np.arange(last - first), np.diff(starts))
        items = np.asarray(self.items[entries])
        if only_liked:
            kept = np.asarray(self.liked[entries])
            rows, items = rows[kept], items[kept]
        ones = np.ones(len(rows), dtype=np.float32)
        found = sparse.csr_matrix((ones, (rows, items)), shape=(last - first, self.n_items))
        found.data[:] = 1  # who saw a movie twice saw it
        return found


def opened(file: Path, items: Sequence[str]) -> Histories:
    """The histories of a file, over the movies `items` of a model: read now, or as they were kept.

    Raises:
        DataError: there is no such file, or it holds something else.
        StorageError: they cannot be kept.
    """
    with border(unreadable(file, "users' histories in a Parquet or CSV file")):
        if not file.is_file():
            raise DataError(file, "no such file", f"Parquet or CSV with {USER} and {ITEM}")
        state = file.stat()
        told = [str(file.resolve()), state.st_size, state.st_mtime_ns, *items]
        folder = (
            paths.data_dir()
            / FOLDER
            / hashlib.sha256("\0".join(map(str, told)).encode()).hexdigest()[:16]
        )
        if not (folder / ABOUT).is_file():
            _keep(file, items, folder)
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        starts, rows, liked = (
            np.load(folder / name, mmap_mode="r") for name in (STARTS, ITEMS, LIKED)
        )
        users = pl.read_parquet(folder / USERS)[USER]
        return Histories(users, starts, rows, liked, len(items), about["hash"], about["unknown"])


def _keep(file: Path, items: Sequence[str], folder: Path) -> None:
    """Read the file and write its arrays: all of them, or nothing."""
    users, user, item, liked, unknown = _read(file, items)
    order = np.argsort(user, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=len(users)))])
    digest = hashlib.sha256("\x1f".join(users).encode())
    with storing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            for name, array in ((STARTS, starts), (ITEMS, item[order]), (LIKED, liked[order])):
                np.save(made / name, array)
                digest.update(np.ascontiguousarray(array).data)
            pl.DataFrame({USER: users}).write_parquet(made / USERS)
            said = {"hash": digest.hexdigest(), "unknown": unknown}
            (made / ABOUT).write_text(json.dumps(said), "utf-8")
            if not folder.exists():
                made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)


Read = tuple[list[str], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_], int]


def _read(file: Path, items: Sequence[str]) -> Read:
    """Ids of the users; of every row the number of its user and of its movie, and whether it was
    liked; and how many rows are left out."""
    known: dict[str, int] = {}
    numbers = pl.DataFrame({ITEM: list(items), "item": np.arange(len(items), dtype=np.int32)})
    parts: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]] = []
    count = unknown = 0
    for block in _frame(file).collect_batches(chunk_size=BLOCK, maintain_order=True):
        empty = block.filter(
            pl.any_horizontal(pl.col(USER, ITEM).fill_null("").str.strip_chars() == "")
        )
        if len(empty):
            raise DataError(file, f"a row without {USER} or {ITEM}", "an id in each")
        if RATING in block.columns and block[RATING].null_count():
            raise DataError(file, "a rating that is no number", "numbers", column=RATING)
        count += len(block)
        found = block.join(numbers, on=ITEM, how="inner", maintain_order="left")
        unknown += len(block) - len(found)
        ids = found[USER].unique(maintain_order=True)
        codes = [known.setdefault(name, len(known)) for name in ids.to_list()]
        user = found[USER].replace_strict(ids, pl.Series(codes, dtype=pl.Int32)).to_numpy()
        liked = np.ones(len(found), dtype=bool)
        if RATING in found.columns:
            liked = (found[RATING] >= LIKED_FROM).to_numpy()
        parts.append((user.astype(np.int32), found["item"].to_numpy(), liked))
    if not known:
        raise DataError(file, f"{count:,} rows, none of a movie the model knows", "known movies")
    user, item, liked = (np.concatenate(column) for column in zip(*parts, strict=True))
    return list(known), user, item, liked, unknown


def _frame(file: Path) -> pl.LazyFrame:
    """The columns that are read, ids as text."""
    if file.suffix.lower() == ".parquet":
        frame = pl.scan_parquet(file)
    else:
        frame = pl.scan_csv(file, infer_schema=False)
    there = frame.collect_schema().names()
    missing = [name for name in (USER, ITEM) if name not in there]
    if missing:
        raise DataError(file, "columns " + ", ".join(there), "also " + ", ".join(missing))
    columns = [pl.col(USER, ITEM).cast(pl.String)]
    if RATING in there:
        columns.append(pl.col(RATING).cast(pl.Float32, strict=False))
    return frame.select(columns)
