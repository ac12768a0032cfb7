"""The sound of Yambda's tracks: embeddings, reduced to 16 numbers by principal components."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from relrec_core.errors import DataError
from relrec_core.sessions.data.yambda import ITEM, SOUND, Numbers, batches, whole_numbers

COMPONENTS = 16
FILE = "sound.safetensors"
ROWS = 1 << 14
MOST = 4_096
"""Numbers of an embedding."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sound:
    """T tracks by 16 numbers, and the components that gave them of D-dimensional embeddings.

    `numbers` (T, 16) are zero, the mean of all tracks, where a track has no embedding; `known`
    counts the others. `explained` are shares of the variance. With fewer than 16 dimensions there
    are as many components, and the last numbers are zero.
    """

    numbers: Floats
    mean: Floats
    components: Floats
    explained: Floats
    known: int

    @property
    def arrays(self) -> dict[str, Floats]:
        """What is stored: mean (D,), components (16, D) and their shares of the variance (16,)."""
        return {"mean": self.mean, "components": self.components, "explained": self.explained}


def read_sound(path: Path, items: Numbers) -> Sound:
    """The sound of the tracks `items` (T,), sorted; components are those of these tracks.

    Raises:
        DataError: the file is not as published, or no track has an embedding.
    """
    embeddings: Floats | None = None
    there = np.zeros(len(items), dtype=np.bool_)
    for first, batch in batches(path, (ITEM, SOUND), ROWS):
        item = whole_numbers(path, ITEM, batch[ITEM])
        at = np.minimum(np.searchsorted(items, item), len(items) - 1)
        wanted = items[at] == item
        found = _matrix(path, first, batch[SOUND], embeddings)
        if embeddings is None:
            embeddings = np.zeros((len(items), found.shape[1]), dtype=np.float32)
        embeddings[at[wanted]] = found[wanted]
        there[at[wanted]] = True
    if embeddings is None or not there.any():
        raise DataError(path, "no embedding of a track that was listened to", "those of Yambda")
    return _reduced(embeddings, there)


def _reduced(embeddings: Floats, there: npt.NDArray[np.bool_]) -> Sound:
    """Principal components of the rows (T, D) that are `there`, largest variance first.

    They are eigenvectors of the covariance; of each the largest entry is positive.
    """
    n, dimensions = len(embeddings), embeddings.shape[1]
    known = int(there.sum())
    mean = embeddings.sum(axis=0, dtype=np.float64) / known  # (D,)
    covariance = np.zeros((dimensions, dimensions))
    for rows in (slice(start, start + ROWS) for start in range(0, n, ROWS)):
        centred = (embeddings[rows] - mean) * there[rows, None]
        covariance += centred.T @ centred / known
    variance, vectors = np.linalg.eigh(covariance)  # (D,), (D, D)
    components = vectors.T[::-1][:COMPONENTS]
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    components = components * np.sign(largest)
    numbers = np.zeros((n, COMPONENTS), dtype=np.float32)
    for rows in (slice(start, start + ROWS) for start in range(0, n, ROWS)):
        centred = (embeddings[rows] - mean) * there[rows, None]
        numbers[rows, : len(components)] = centred @ components.T
    return Sound(
        numbers=numbers,
        mean=mean.astype(np.float32),
        components=np.ascontiguousarray(components, dtype=np.float32),
        explained=(variance[::-1][:COMPONENTS] / variance.sum()).astype(np.float32),
        known=known,
    )


def _matrix(path: Path, first: int, values: pa.Array, like: Floats | None) -> Floats:
    """(rows, D) of a column of lists, as long as those of `like`, finite and not empty."""
    lengths = np.asarray(pc.list_value_length(values))
    wanted = int(lengths[0]) if like is None else like.shape[1]
    bad = (lengths != wanted) | (lengths < 1) | (lengths > MOST)
    if bad.any():
        row = int(np.argmax(bad))
        expected = f"{wanted}, as in the others" if 0 < wanted <= MOST else f"1 to {MOST:,}"
        raise DataError(path, f"{lengths[row]} numbers", expected, row=first + row, column=SOUND)
    flat = np.asarray(values.flatten(), dtype=np.float32)
    if len(flat) != wanted * len(values) or not np.isfinite(flat).all():
        raise DataError(path, "a value that is no number", "finite numbers", column=SOUND)
    return flat.reshape(-1, wanted)
