"""What experts read of a viewer and a film: content (attributes) and taste (who it is)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from relrec_core.errors import DataError
from relrec_core.experts.subsets import Family
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.interactions import MovieData

VIEWER_CONTENT, VIEWER_TASTE = "viewer content", "viewer taste"
FILM_CONTENT, FILM_TASTE = "film content", "film taste"
GROUPS = (VIEWER_CONTENT, VIEWER_TASTE, FILM_CONTENT, FILM_TASTE)
"""c_u, p_u, c_i and q_i of the paper, in the order in which a network reads them."""

MATCH = "match of taste"
"""p_u * q_i, which follows from the two."""

EXPERTS: dict[str, tuple[str, ...]] = {
    "content": (VIEWER_CONTENT, FILM_CONTENT),
    "user": (VIEWER_CONTENT, VIEWER_TASTE, FILM_CONTENT),
    "film": (VIEWER_CONTENT, FILM_CONTENT, FILM_TASTE),
    "taste": GROUPS,
}
"""S_1..S_4 of section 4.2.2."""


@dataclass(frozen=True, eq=False)
class Attributes:
    """Who the viewers are and what the films are, binary: (U, A_u) and (I, A_i).

    The names are "gender: F", "genre: Drama" and so on.
    """

    viewers: npt.NDArray[np.float32]
    films: npt.NDArray[np.float32]
    viewer_names: tuple[str, ...]
    film_names: tuple[str, ...]

    @classmethod
    def of(cls, data: MovieData) -> Self:
        """Of a data set.

        Raises:
            DataError: nothing at all is known of viewers and films besides who they are.
        """
        space = feature_space(data)
        n = space.n_items
        names = [f"{kind}: {value}" for kind, value in zip(space.kinds, space.values, strict=True)]
        border = n + sum(kind in space.item_kinds for kind in space.kinds[n:])
        if len(names) == n:
            raise DataError(
                data.name,
                "viewers and films without any attribute",
                "genres, years, ages or the like in items.csv or users.csv, because experts tell "
                "content from taste",
            )
        return cls(
            viewers=space.user_attributes[:, border:].toarray(),
            films=space.item_attributes[:, n:border].toarray(),
            viewer_names=tuple(names[border:]),
            film_names=tuple(names[n:border]),
        )


def family(attributes: Attributes) -> Family:
    """The experts over what the data has; a group without attributes is left out of all of them."""
    columns = {
        VIEWER_CONTENT: attributes.viewer_names,
        VIEWER_TASTE: ("viewer id",),
        FILM_CONTENT: attributes.film_names,
        FILM_TASTE: ("film id",),
    }
    groups = {group: names for group, names in columns.items() if names}
    return Family(
        groups=groups,
        experts={e: tuple(g for g in read if g in groups) for e, read in EXPERTS.items()},
    )


def with_match(family: Family) -> Family:
    """The same experts; who reads both tastes also reads how they match."""
    tastes = {VIEWER_TASTE, FILM_TASTE}
    return Family(
        groups={**family.groups, MATCH: (MATCH,)},
        experts={
            expert: (*read, MATCH) if tastes <= set(read) else read
            for expert, read in family.experts.items()
        },
    )


class Inputs(nn.Module):
    """Embeddings of viewers and films, side by side in the order of `GROUPS`.

    The content of a viewer or film is the sum of its attributes' embeddings.

    Args:
        attributes: of U viewers and I films.
        content: features of c_u and of c_i.
        taste: features of p_u and of q_i.
    """

    viewer_attributes: Tensor
    film_attributes: Tensor

    def __init__(self, attributes: Attributes, content: int, taste: int) -> None:
        super().__init__()
        viewers, films = torch.from_numpy(attributes.viewers), torch.from_numpy(attributes.films)
        self.register_buffer("viewer_attributes", viewers, persistent=False)  # (U, A_u)
        self.register_buffer("film_attributes", films, persistent=False)  # (I, A_i)
        self.content = nn.ParameterDict()
        for group, n in ((VIEWER_CONTENT, viewers.shape[1]), (FILM_CONTENT, films.shape[1])):
            if n:
                self.content[group] = nn.Parameter(SPREAD * torch.randn(n, content))
        self.viewer_taste = nn.Parameter(TASTE_SPREAD * torch.randn(len(viewers), taste))
        self.film_taste = nn.Parameter(TASTE_SPREAD * torch.randn(len(films), taste))
        sizes = {
            VIEWER_CONTENT: content,
            VIEWER_TASTE: taste,
            FILM_CONTENT: content,
            FILM_TASTE: taste,
        }
        tastes = (VIEWER_TASTE, FILM_TASTE)
        self.widths = {g: n for g, n in sizes.items() if g in tastes or g in self.content}
        self.read = {**self.widths, MATCH: taste}

    def begin(self, viewers: npt.NDArray[np.float32], films: npt.NDArray[np.float32]) -> None:
        """Let taste start from (U, taste) and (I, taste)."""
        with torch.no_grad():
            self.viewer_taste.copy_(torch.from_numpy(viewers))
            self.film_taste.copy_(torch.from_numpy(films))

    def viewers(self, rows: Tensor) -> Tensor:
        """(...) rows of viewers -> (..., c_u and p_u)."""
        return self._looked_up(VIEWER_CONTENT, self.viewer_attributes, self.viewer_taste, rows)

    def films(self, rows: Tensor) -> Tensor:
        """(...) rows of films -> (..., c_i and q_i)."""
        return self._looked_up(FILM_CONTENT, self.film_attributes, self.film_taste, rows)

    def matched(self, x: Tensor) -> Tensor:
        """(..., C) of pairs -> (..., C + taste), with the product of the tastes at the end."""
        parts = dict(zip(self.widths, torch.split(x, list(self.widths.values()), -1), strict=True))
        match = parts[VIEWER_TASTE] * parts[FILM_TASTE] / TASTE_SPREAD
        return torch.cat([x, match], -1)

    def _looked_up(self, group: str, attributes: Tensor, taste: Tensor, rows: Tensor) -> Tensor:
        content = [attributes @ self.content[group]] if group in self.content else []
        return nn.functional.embedding(rows, torch.cat([*content, taste], 1))


SPREAD = 0.1
"""Standard deviation of fresh embeddings of content."""

TASTE_SPREAD = 0.3
"""Standard deviation of embeddings of taste at the start."""
