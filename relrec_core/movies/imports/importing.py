"""Make a recommender of one's own a run like the others: listed, activated, shown, explained."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from relrec_core import permission
from relrec_core.errors import DataError
from relrec_core.movies.data.datasets import data_card, open_data
from relrec_core.movies.data.interactions import ITEM, MovieData
from relrec_core.movies.imports.files import MATRIX, VECTORS, Found, read
from relrec_core.movies.model.imported import MODEL, ImportConfig, stored
from relrec_core.movies.model.item_item import ItemItem
from relrec_core.movies.model.item_vectors import AlsVectors, MeanVectors
from relrec_core.movies.model.scorer import Linear
from relrec_core.movies.store import WING
from relrec_core.runs import training
from relrec_core.runs.directory import Run

KINDS: Mapping[str, str] = {
    "mean": "item vectors, mean of the history",
    "als": "item vectors, folded in by ALS",
    "item-item": "item-item matrix",
}


def bring(config: ImportConfig, file: str, content: bytes) -> Run:
    """Check a file against the interactions, and keep it as a run that is done.

    Args:
        config: how it scores, and the interactions.
        file: its name.
        content: of the file.

    Raises:
        DataError: names the file, the key and the row at fault; nothing is kept then.
        SourceError: the interactions are not there.
        ReadOnlyError: in read-only mode.
    """
    permission.require_writable("import a recommender")
    started = time.monotonic()
    data = open_data(config.dataset)
    found = read(file, content)
    rows = _rows(found, data)
    scorer = _scorer(config, found, rows)
    arrays = stored(scorer)
    import torch

    run = Run.create(WING, config.model_copy(update={"file": file}), config.name)
    with run.executing():
        tensors = {name: torch.tensor(array) for name, array in arrays.items()}
        run.write_checkpoint(tensors, {"model": MODEL, "dataset_hash": data.content_hash})
        left = len(found.ids) - len(rows)
        run.write_card(
            training.card(
                config,
                started,
                config.name,
                data_card(data),
                parameters=int(sum(a.size for a in arrays.values())),
                details={"imported_from": file, "kind": KINDS[config.rule], "items_left_out": left},
            )
        )
        run.report(1.0, "Imported" + (f"; {left:,} items are not rated, left out" if left else ""))
    return run


def _rows(found: Found, data: MovieData) -> Sequence[int]:
    """The row in the file of every movie of the interactions."""
    places = {one: row for row, one in enumerate(found.ids)}
    ids = data.items[ITEM].astype(str).tolist()
    missing = [one for one in ids if one not in places]
    if missing:
        more = f" and {len(missing) - 1:,} others" if len(missing) > 1 else ""
        raise DataError(
            found.file,
            f"no row for item '{missing[0]}'{more}",
            f"one for each of the {len(ids):,} items that {data.title} has ratings of",
            column="item_ids",
        )
    return [places[one] for one in ids]


def _scorer(config: ImportConfig, found: Found, rows: Sequence[int]) -> Linear:
    """What the rule makes of the numbers, in the order of the movies."""
    if config.rule == "item-item":
        if found.matrix is None:
            raise DataError(found.file, VECTORS, f"{MATRIX} or a sparse one", column="item_ids")
        if isinstance(found.matrix, sparse.csr_matrix):
            return ItemItem(sparse.csr_matrix(found.matrix[rows][:, rows]))
        return ItemItem(found.matrix[np.ix_(rows, rows)])
    if found.vectors is None:
        raise DataError(found.file, MATRIX, VECTORS, column="item_ids")
    vectors = found.vectors[rows]
    if config.rule == "mean":
        return MeanVectors(vectors)
    rest = np.delete(found.vectors, rows, axis=0).astype(np.float64)
    return AlsVectors(vectors, config.regularisation, config.alpha, rest.T @ rest)
