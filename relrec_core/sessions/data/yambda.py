"""Yambda's files, as Yandex publishes them (Ploshkin et al. 2025, arXiv 2505.22238), read in order.

A listen has the user, the track, a time in seconds from an unnamed start in steps of 5 (so that no
hour or weekday is known), whether the listener chose the track or a recommender did, how much of
it was played in per cent (more than 100 where they went back), and its length. Nothing is trusted:
columns, their types, the order of the users and empty values are checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from relrec_core.errors import DataError, border, unreadable

NAME, TITLE = "yambda-50m", "Yambda 50M"
LICENCE = "Apache License 2.0 (Yandex)"
LICENCE_LINK = "https://huggingface.co/datasets/yandex/yambda"
PREPARE = f"python3 -m relrec_core.sessions.training.prepare {NAME} --out FOLDER"
"""The command that makes sessions of it."""
LISTENS, LIKES, DISLIKES = "listens.parquet", "likes.parquet", "dislikes.parquet"
EMBEDDINGS = "embeddings.parquet"
FILES = (LISTENS, LIKES, DISLIKES, EMBEDDINGS)
WITHIN = ("", "flat/50m")
"""Folders of the data set in which its files are."""
USER, ITEM, TIME, ORGANIC = "uid", "item_id", "timestamp", "is_organic"
PLAYED, SECONDS = "played_ratio_pct", "track_length_seconds"
SOUND = "normalized_embed"
ROWS = 1_000_000
"""Of listens that are in memory together, and the rest of the last user's."""
BATCH = 1 << 16
MOST_OF_A_USER = 5_000_000
_EVENTS = (USER, ITEM, TIME)
_COLUMNS = {
    LISTENS: (USER, ITEM, TIME, ORGANIC, PLAYED, SECONDS),
    LIKES: _EVENTS,
    DISLIKES: _EVENTS,
    EMBEDDINGS: (ITEM, SOUND),
}
_WHOLE = "a whole Parquet file of Yambda; fetch it again"

Numbers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Listens:
    """n listens of whole users, ordered by user and time; each array has shape (n,)."""

    user: Numbers
    item: Numbers
    time: Numbers
    organic: npt.NDArray[np.bool_]
    played: Numbers
    seconds: Numbers

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Listens:
        """The listens at these rows."""
        return Listens(**{name: values[rows] for name, values in vars(self).items()})


def located(folder: Path, file: str) -> Path | None:
    """Where a file of the data set is: in the folder itself, or in one of the data set's within."""
    places = (folder / within / file for within in WITHIN)
    return next((path for path in places if path.is_file()), None)


def is_published(folder: Path) -> bool:
    """Whether a folder holds the listens as they are published."""
    return located(folder, LISTENS) is not None


def check(path: Path) -> None:
    """Raise `DataError` unless a file has the columns that Yambda's file of this name has."""
    with border(unreadable(path, _WHOLE)):
        opened = _opened(path)
        known = {field.name: field.type for field in opened.schema_arrow}
        for column in _COLUMNS[path.name]:
            if column not in known:
                raise DataError(path, "no such column", "the columns of Yambda", column=column)
            kind = known[column]
            if column == SOUND:
                fits = _is_list(kind) and pa.types.is_floating(kind.value_type)
            else:
                fits = pa.types.is_integer(kind) or pa.types.is_boolean(kind)
            if not fits:
                raise DataError(path, f"values of type {kind}", "those of Yambda", column=column)
        if not opened.metadata.num_rows:
            raise DataError(path, "a table without rows", "at least one row")


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return any(
        test(kind) for test in (types.is_list, types.is_large_list, types.is_fixed_size_list)
    )


def rows_of(path: Path) -> int:
    """How many rows a file says that it has."""
    with border(unreadable(path, _WHOLE)):
        return int(_opened(path).metadata.num_rows)


def users(path: Path, rows: int = ROWS) -> Iterator[Listens]:
    """All listens, some users at a time, ordered by user and time.

    Listens of the same 5 seconds stay in the order of the file. Raises `DataError` if a user's are
    not together, or a value is none.
    """
    kept: list[Listens] = []
    waiting, last = 0, -1
    for first, batch in batches(path, _COLUMNS[LISTENS], min(rows, BATCH)):
        found = _listens(path, first, batch)
        steps = np.diff(found.user, prepend=last)
        if (steps < 0).any():
            row = int(np.argmax(steps < 0))
            raise DataError(
                path,
                f"user {found.user[row]} after user {found.user[row - 1] if row else last}",
                "the listens ordered by user, as they are published",
                row=first + row,
                column=USER,
            )
        last = int(found.user[-1])
        kept.append(found)
        waiting += len(found)
        if waiting >= rows:
            whole = _joined(kept)
            begin = int(np.searchsorted(whole.user, last))
            if begin:
                yield _ordered(whole.take(slice(0, begin)))
            kept = [whole.take(slice(begin, None))]
            waiting = len(kept[0])
        if waiting > MOST_OF_A_USER:
            found_rows = f"more than {MOST_OF_A_USER:,} listens of user {last}"
            raise DataError(path, found_rows, "fewer of each user")
    if kept:
        yield _ordered(_joined(kept))


def batches(
    path: Path, columns: Sequence[str], rows: int = BATCH
) -> Iterator[tuple[int, Mapping[str, pa.Array]]]:
    """Columns of a file, some rows at a time, with the number of the first of these, from 1."""
    check(path)
    first = 1
    with border(unreadable(path, _WHOLE)):
        for batch in _opened(path).iter_batches(rows, columns=list(columns), use_threads=False):
            found = {name: batch.column(name) for name in columns}
            for name, values in found.items():
                if values.null_count:
                    row = first + int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
                    raise DataError(path, "an empty value", "a number", row=row, column=name)
            yield first, found
            first += batch.num_rows


def events(path: Path) -> tuple[Keys, Keys]:
    """Likes or dislikes as sorted keys of user and item, each with its first time, and sorted keys
    of user and time: the upper half of a key is the user.

    The first array has shape (pairs, 2), the second (events,).
    """
    found = [[b[name] for name in _EVENTS] for _, b in batches(path, _EVENTS)]
    user, item, time = (
        np.concatenate([whole_numbers(path, name, part[i]) for part in found])
        for i, name in enumerate(_EVENTS)
    )
    pairs = keys(user, item)
    order = np.lexsort((time, pairs))
    pairs, time_of = pairs[order], time[order]
    first = np.flatnonzero(np.diff(pairs, prepend=pairs[:1] + np.uint64(1)))
    by_time = np.sort(keys(user, time))
    return np.stack([pairs[first], time_of[first].astype(np.uint64)], axis=1), by_time


def keys(upper: Numbers, lower: Numbers) -> Keys:
    """Two numbers from 0 to 2**32 - 1 each in one, the first in the upper half."""
    return (upper.astype(np.uint64) << np.uint64(32)) | lower.astype(np.uint64)


def whole_numbers(path: Path, name: str, values: pa.Array) -> Numbers:
    """A column as numbers from 0 to 2**32 - 1; `DataError` where one is not."""
    kind = values.type
    found = np.asarray(values.cast(pa.uint8() if pa.types.is_boolean(kind) else kind))
    if len(found) and (int(found.min()) < 0 or int(found.max()) >= 1 << 32):
        raise DataError(path, "a number out of range", "numbers from 0 to 2³² − 1", column=name)
    return found.astype(np.int64)


def _opened(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)


def _listens(path: Path, first: int, batch: Mapping[str, pa.Array]) -> Listens:
    found = {name: whole_numbers(path, name, values) for name, values in batch.items()}
    bad = found[ORGANIC] > 1
    if bad.any():
        row = int(np.argmax(bad))
        value = f"'{found[ORGANIC][row]}'"
        raise DataError(path, value, "0 or 1", row=first + row, column=ORGANIC)
    return Listens(
        user=found[USER],
        item=found[ITEM],
        time=found[TIME],
        organic=found[ORGANIC] == 1,
        played=found[PLAYED],
        seconds=found[SECONDS],
    )


def _joined(parts: list[Listens]) -> Listens:
    if len(parts) == 1:
        return parts[0]
    return Listens(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in vars(parts[0])}
    )


def _ordered(listens: Listens) -> Listens:
    by_time = (np.diff(listens.time) >= 0) | (np.diff(listens.user) != 0)
    return listens if by_time.all() else listens.take(np.lexsort((listens.time, listens.user)))
