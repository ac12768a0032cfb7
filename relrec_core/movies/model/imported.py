"""A recommender of one's own as it is stored in a run, beside the RecoNets of the wing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import sparse

from relrec_core.errors import CheckpointError
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.data.split import split
from relrec_core.movies.model.item_item import ItemItem
from relrec_core.movies.model.item_vectors import AlsVectors, MeanVectors
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.scorer import Linear
from relrec_core.runs.config import TrainerConfig

Rule = Literal["mean", "als", "item-item"]
MODEL = "imported"


class ImportConfig(TrainerConfig):
    """How a recommender of one's own scores, and on which interactions."""

    dataset: str = Field(
        default="ml-100k",
        title="Data set",
        description="A MovieLens set by name, or the path of a folder with interactions.csv.",
    )
    rule: Rule = Field(
        default="als",
        title="Rule",
        description="How a history is folded in: the mean of its vectors, the least squares of "
        "ALS, or the rows of an item-item matrix.",
    )
    regularisation: float = Field(
        default=0.01,
        gt=0,
        le=1e6,
        title="Regularisation",
        description="ALS only: what the factors were trained with.",
    )
    alpha: float = Field(
        default=1.0,
        gt=0,
        le=1e6,
        title="Alpha",
        description="ALS only: confidence in a liked movie, 1 in every other.",
    )
    name: str = Field(
        default="My recommender",
        title="Name",
        description="What it is called on the pages.",
        min_length=1,
        max_length=60,
    )
    file: str = Field(default="", title="File", description="Name of the file it came from.")


Arrays = dict[str, npt.NDArray[Any]]


def stored(scorer: Linear) -> Arrays:
    """What is kept of a scorer: arrays by name."""
    if isinstance(scorer, ItemItem):
        if isinstance(scorer.matrix, sparse.csr_matrix):
            matrix = scorer.matrix
            whole = {"indices": matrix.indices, "indptr": matrix.indptr}
            return {"data": matrix.data} | {k: v.astype(np.int64) for k, v in whole.items()}
        return {"matrix": scorer.matrix}
    if isinstance(scorer, AlsVectors):
        dim = scorer.vectors.shape[1]
        return {"vectors": scorer.vectors, "others": np.broadcast_to(scorer.others, (dim, dim))}
    assert isinstance(scorer, MeanVectors)
    return {"vectors": scorer.vectors}


def opened(config: ImportConfig, arrays: Arrays) -> Linear:
    """Inverse of `stored`; raises `KeyError` where an array is missing."""
    if config.rule == "item-item":
        if "matrix" in arrays:
            return ItemItem(arrays["matrix"])
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        size = len(arrays["indptr"]) - 1
        return ItemItem(sparse.csr_matrix(parts, shape=(size, size)))
    if config.rule == "mean":
        return MeanVectors(arrays["vectors"])
    return AlsVectors(arrays["vectors"], config.regularisation, config.alpha, arrays["others"])


def recommender(
    config: ImportConfig, arrays: Arrays, metadata: Mapping[str, Any], data: MovieData, run: str
) -> Recommender:
    """An imported recommender on its data; it knows every liked movie, none is held out.

    Raises:
        CheckpointError: the data is not what it was imported with.
    """
    scorer = opened(config, arrays)
    if metadata["dataset_hash"] != data.content_hash or scorer.n_items != len(data.items):
        raise CheckpointError(
            f"{config.name} was imported with other interactions than '{data.title}' has now. "
            "Import it again."
        )
    parts = split(data, 0)
    history = sparse.csr_matrix(parts.known + parts.test)
    nothing = sparse.csr_matrix(history - history)
    space = feature_space(data, with_attributes=False)
    return Recommender(data, space, scorer, history, nothing, run, config.seed, config.name)
