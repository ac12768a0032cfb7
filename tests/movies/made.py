"""Random weights with a profile, and tables of movies and users, to try formulas on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st

from relrec_core.movies.data.features import FILM, Indices
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.model.weights import Weights

SEEDS = st.integers(0, 2**31 - 1)


def made(seed: int, hidden: int, scale: float = 1.0, bias: bool = True) -> tuple[Weights, Indices]:
    """Random weights of 9 films and 14 features, and a random profile."""
    draw = np.random.default_rng(seed)
    dim, films, features = 4, 9, 14

    def array(*shape: int) -> npt.NDArray[np.float32]:
        return (draw.normal(size=shape) * scale).astype(np.float32)

    weights = Weights(
        embeddings=array(features, dim),
        outputs=array(films, hidden or dim),
        layer=array(hidden, dim) if hidden else None,
        layer_bias=array(hidden) * bias if hidden else None,
        kinds=(FILM,) * films + ("genre",) * (features - films),
        values=tuple(map(str, range(features))),
        dataset_hash="h",
    )
    size = int(draw.integers(1, features + 1))
    return weights, np.sort(draw.choice(features, size, replace=False)).astype(np.int64)


def movie_data(
    items: dict[str, list[str]], users: dict[str, list[str]], ratings: pd.DataFrame | None = None
) -> MovieData:
    n_items, n_users = (len(next(iter(columns.values()))) for columns in (items, users))
    return MovieData(
        name="made",
        title="Made up",
        licence="none",
        content_hash="0",
        users=pd.DataFrame({"user_id": [f"u{u}" for u in range(n_users)], **users}),
        items=pd.DataFrame({"item_id": [f"i{i}" for i in range(n_items)], "title": "x", **items}),
        ratings=pd.DataFrame() if ratings is None else ratings,
        unrated=0,
    )
