"""The sound of Yambda's tracks: embeddings, reduced to 16 numbers by principal components."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.decomposition import PCA

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
    counts the others. `explained` (16,) are shares of the variance. With fewer dimensions or
    tracks than 16 the last numbers are zero.
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
    rows, found = [], []
    width: int | None = None
    for first, batch in batches(path, (ITEM, SOUND), ROWS):
        item = whole_numbers(path, ITEM, batch[ITEM])
        at = np.minimum(np.searchsorted(items, item), len(items) - 1)
        wanted = items[at] == item
        embeddings = _matrix(path, first, batch[SOUND], width)
        width = embeddings.shape[1]
        rows.append(at[wanted])
        found.append(embeddings[wanted])
    at, embeddings = np.concatenate(rows), np.concatenate(found)
    if not len(at):
        raise DataError(path, "no embedding of a track that was listened to", "those of Yambda")
    pca = PCA(min(COMPONENTS, *embeddings.shape), svd_solver="covariance_eigh")
    reduced = pca.fit_transform(embeddings)
    numbers = np.zeros((len(items), COMPONENTS), dtype=np.float32)
    numbers[at, : reduced.shape[1]] = reduced
    return Sound(
        numbers=numbers,
        mean=_plain(pca.mean_),
        components=_plain(pca.components_),
        explained=_plain(pca.explained_variance_ratio_),
        known=len(np.unique(at)),
    )


def _plain(values: npt.NDArray[np.floating]) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float32)


def _matrix(path: Path, first: int, values: pa.Array, width: int | None) -> Floats:
    """(rows, D) of a column of lists, all of them equally long, finite and not empty."""
    lengths = np.asarray(values.value_lengths())
    wanted = int(lengths[0]) if width is None else width
    bad = (lengths != wanted) | (lengths < 1) | (lengths > MOST)
    if bad.any():
        row = int(np.argmax(bad))
        expected = f"{wanted}, as in the others" if 0 < wanted <= MOST else f"1 to {MOST:,}"
        raise DataError(path, f"{lengths[row]} numbers", expected, row=first + row, column=SOUND)
    flat = np.asarray(values.flatten(), dtype=np.float32)
    if len(flat) != wanted * len(values) or not np.isfinite(flat).all():
        raise DataError(path, "a value that is no number", "finite numbers", column=SOUND)
    return flat.reshape(-1, wanted)
