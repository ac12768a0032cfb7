"""Small made-up film data with a known structure: viewers like films of their own group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from relrec_core.movies.data.features import FeatureSpace
from relrec_core.movies.data.interactions import MovieData, load
from relrec_core.movies.model.weights import Weights


def folder(path: Path, viewers: int = 60, films: int = 40, groups: int = 4, seed: int = 0) -> Path:
    """Write a data set in which three of four ratings lie in the viewer's group of films."""
    draw = np.random.default_rng(seed)
    rows = []
    for viewer in range(viewers):
        group = viewer % groups
        weight = np.where(np.arange(films) % groups == group, 3.0 * (groups - 1), 1.0)
        liked = draw.choice(films, size=16, replace=False, p=weight / weight.sum())
        rows += [(viewer + 1, film + 1, draw.integers(2, 6)) for film in liked]
    path.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]).to_csv(
        path / "interactions.csv", index=False
    )
    items = pd.DataFrame(
        {
            "item_id": np.arange(films) + 1,
            "title": [f"Film {i}" for i in range(films)],
            "year": 1950 + np.arange(films),
            "genres": [f"genre {i % groups}|any" for i in range(films)],
        }
    )
    items.to_csv(path / "items.csv", index=False)
    users = pd.DataFrame({"user_id": np.arange(viewers) + 1, "gender": ["M", "F"] * (viewers // 2)})
    users.to_csv(path / "users.csv", index=False)
    return path


def data(path: Path) -> MovieData:
    return load(folder(path))


def weights(space: FeatureSpace, dataset_hash: str, dim: int = 6, hidden: int = 0) -> Weights:
    """An untrained model with weights of both signs."""
    draw = np.random.default_rng(1)
    return Weights(
        embeddings=draw.normal(size=(space.n_features, dim)).astype(np.float32),
        outputs=draw.normal(size=(space.n_items, hidden or dim)).astype(np.float32),
        layer=draw.normal(size=(hidden, dim)).astype(np.float32) if hidden else None,
        layer_bias=draw.normal(size=hidden).astype(np.float32) if hidden else None,
        kinds=space.kinds,
        values=space.values,
        dataset_hash=dataset_hash,
    )
