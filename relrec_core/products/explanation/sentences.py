"""Parts of a picture, and what they are the reason for, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

STRONGEST = 0.05
"""Share of the cells that is named."""


def places(grid: npt.NDArray[np.float64]) -> str:
    """Where the strongest support lies, as in "the upper left"; "no part" without support.

    Args:
        grid: (rows, columns) relevance.
    """
    count = max(1, round(STRONGEST * grid.size))
    strongest = np.argsort(-grid, axis=None, kind="stable")[:count]
    weight = np.clip(grid.ravel()[strongest], 0, None)
    if not weight.sum():
        return "no part"
    rows, columns = np.unravel_index(strongest, grid.shape)
    down = float((rows + 0.5) @ weight / weight.sum() / grid.shape[0])
    across = float((columns + 0.5) @ weight / weight.sum() / grid.shape[1])
    vertical = "upper" if down < 0.38 else "lower" if down > 0.62 else ""
    horizontal = "left" if across < 0.38 else "right" if across > 0.62 else ""
    if not vertical and not horizontal:
        return "the middle"
    if not vertical:
        return f"the {horizontal} side"
    return f"the {vertical} {horizontal or 'middle'}"


def because(
    item: str,
    probability: float,
    query: str,
    ours: npt.NDArray[np.float64],
    theirs: npt.NDArray[np.float64],
) -> str:
    """Why a product was recommended for another.

    Args:
        item: title of the recommended product.
        probability: of the recommendation.
        query: title of the other product.
        ours: (rows, columns) relevance of the query's picture.
        theirs: likewise of the recommended product's.
    """
    return (
        f"‘{item}’ was recommended ({probability:.0%}) because of {places(theirs)} of its "
        f"picture and {places(ours)} of ‘{query}’."
    )


def rather(item: str, other: str, query: str, ours: npt.NDArray[np.float64]) -> str:
    """Why one product was recommended for a query and not another one."""
    return f"‘{item}’ rather than ‘{other}’, because of {places(ours)} of ‘{query}’."
