"""The vocabulary a profile is written in: films first, then what is known of films and viewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from relrec_core.movies.data.attributes import SEPARATOR, kinds, spoken
from relrec_core.movies.data.interactions import ITEM, TITLE, USER, YEAR, MovieData
from relrec_core.titles import unique_labels

Indices = npt.NDArray[np.int64]
FILM = "film"
ARTICLES = ("The", "A", "An", "La", "Le", "Les", "L'", "Il", "El", "Das", "Der", "Die", "Det")


@dataclass(frozen=True)
class FeatureSpace:
    """Every feature a profile may hold (Fusco et al. 2019, section 2).

    Feature k < n_items is film k itself; the others are attributes, `kinds[k]` (genre, decade,
    gender, ...) and `values[k]`. `item_attributes` (n_items, n_features) and `user_attributes`
    (n_users, n_features) are binary.
    """

    kinds: tuple[str, ...]
    values: tuple[str, ...]
    n_items: int
    item_kinds: tuple[str, ...]
    item_attributes: sparse.csr_matrix
    user_attributes: sparse.csr_matrix

    @property
    def n_features(self) -> int:
        """F: movies, their attributes and those of users."""
        return len(self.kinds)

    @cached_property
    def index(self) -> dict[tuple[str, str], int]:
        """(kind, value) -> number of the feature, 0 to F - 1."""
        return {pair: k for k, pair in enumerate(zip(self.kinds, self.values, strict=True))}

    @cached_property
    def attribute_kinds(self) -> tuple[str, ...]:
        """Kinds of attributes, of films first, each in order of appearance."""
        return tuple(dict.fromkeys(self.kinds[self.n_items :]))

    def bags(
        self, liked: sparse.csr_matrix, own: sparse.csr_matrix | None = None
    ) -> sparse.csr_matrix:
        """Profiles of all viewers: liked films, the set of their attributes, the viewer's own.

        Args:
            liked: (n_users, n_items), non-zero where a film is in the history.
            own: (n_users, n_features), what is known of the users; by default of those of the data.

        Returns:
            (n_users, n_features), 1 where a feature is in the profile.
        """
        films = sparse.csr_matrix(
            (np.ones(liked.nnz, np.float32), liked.indices, liked.indptr),
            shape=(liked.shape[0], self.n_features),
        )
        known = self.user_attributes if own is None else own
        bags = sparse.csr_matrix(films + liked @ self.item_attributes + known)
        bags.data = np.ones(bags.nnz, dtype=np.float32)
        bags.sort_indices()
        return bags

    def bag(self, films: npt.ArrayLike, attributes: Sequence[int] = ()) -> Indices:
        """Profile of one viewer from liked films (rows of items) and own attributes (features)."""
        rows = np.unique(np.asarray(films, dtype=np.int64))
        implied = self.item_attributes[rows].indices
        parts = (rows, implied, np.asarray(attributes, dtype=np.int64))
        return np.unique(np.concatenate(parts)).astype(np.int64)


def feature_space(data: MovieData, with_attributes: bool = True) -> FeatureSpace:
    """Collect the vocabulary of a data set, films alone or with all attributes."""
    n_items, n_users = len(data.items), len(data.users)
    columns = (data.item_attributes, data.user_attributes) if with_attributes else ((), ())
    item_kinds, user_kinds = kinds(*columns)
    names = [FILM] * n_items
    values = [str(i) for i in data.items[ITEM]]
    blocks: dict[str, list[sparse.csr_matrix]] = {"items": [], "users": []}
    for owner, kind, column in (
        *(("items", k, data.items[c]) for k, c in zip(item_kinds, columns[0], strict=True)),
        *(("users", k, data.users[c]) for k, c in zip(user_kinds, columns[1], strict=True)),
    ):
        found, block = _one_hot(column)
        names += [kind] * len(found)
        values += found
        blocks[owner].append(block)
    n_item_attributes = sum(b.shape[1] for b in blocks["items"])
    return FeatureSpace(
        kinds=tuple(names),
        values=tuple(values),
        n_items=n_items,
        item_kinds=tuple(item_kinds),
        item_attributes=_placed(blocks["items"], n_items, n_items, len(names)),
        user_attributes=_placed(blocks["users"], n_users, n_items + n_item_attributes, len(names)),
    )


def _one_hot(column: pd.Series[str]) -> tuple[list[str], sparse.csr_matrix]:
    parts = column.astype(str).str.split(SEPARATOR).explode().str.strip()
    parts = parts[parts != ""]
    names, codes = np.unique(parts.to_numpy(dtype=str), return_inverse=True)
    matrix = sparse.csr_matrix(
        (np.ones(len(parts), np.float32), (parts.index.to_numpy(), codes)),
        shape=(len(column), len(names)),
    )
    return names.tolist(), matrix


def _placed(
    blocks: list[sparse.csr_matrix], rows: int, offset: int, width: int
) -> sparse.csr_matrix:
    """Put blocks side by side from column `offset` on, in a matrix of `width` columns."""
    if not blocks:
        nowhere = np.empty(0, dtype=np.int64)
        return sparse.csr_matrix((np.empty(0, np.float32), (nowhere, nowhere)), shape=(rows, width))
    joined = sparse.hstack(blocks, format="csr")
    joined.data = np.ones(joined.nnz, dtype=np.float32)
    return sparse.csr_matrix(
        (joined.data, joined.indices + offset, joined.indptr), shape=(rows, width)
    )


def display_titles(items: pd.DataFrame) -> list[str]:
    """Titles as people write them: 'Matrix, The' becomes 'The Matrix (1999)'."""
    years = items[YEAR] if YEAR in items.columns else pd.Series(pd.NA, index=items.index)
    return [
        _natural(str(t)) + (f" ({int(y)})" if pd.notna(y) else "")
        for t, y in zip(items[TITLE], years, strict=True)
    ]


def _natural(title: str) -> str:
    main, bracket, rest = title.partition(" (")
    head, comma, article = main.rpartition(", ")
    if comma and article in ARTICLES:
        main = article + ("" if article.endswith("'") else " ") + head
    return main + bracket + rest


def film_names(data: MovieData) -> list[str]:
    """Titles as people write them, with their ids where several films share one."""
    return unique_labels(display_titles(data.items), list(data.items[ITEM]))


def viewer_names(data: MovieData) -> list[str]:
    """'User 42' and, where known, who that is: 'woman, 25 to 34, writer'."""
    labels = []
    for row in data.users.to_dict("records"):
        about = [spoken(c, str(row[c])) for c in data.user_attributes if row[c]]
        labels.append(f"User {row[USER]}" + (": " + ", ".join(about) if about else ""))
    return unique_labels(labels, list(data.users[USER]))
