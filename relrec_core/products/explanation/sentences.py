"""Parts of a picture, and what they are the reason for, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relrec_core.explanation import DeletionTest, Ledger

STRONGEST = 0.05
"""Share of the cells that is named."""
MATCH = 0.05
"""Below this probability two products do not match."""
HALF = 0.5
"""A map that explains less of the score names no reason."""
MOST = 1.5
"""A score that is small beside its map is not given as a share."""


def centre(grid: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """How far from the left and from the top the strongest support lies, as shares of the sides;
    None without support.

    Args:
        grid: (rows, columns) relevance.
    """
    count = max(1, round(STRONGEST * grid.size))
    strongest = np.argsort(-grid, axis=None, kind="stable")[:count]
    weight = np.clip(grid.ravel()[strongest], 0, None)
    if not weight.sum():
        return None
    rows, columns = np.unravel_index(strongest, grid.shape)
    down = float((rows + 0.5) @ weight / weight.sum() / grid.shape[0])
    across = float((columns + 0.5) @ weight / weight.sum() / grid.shape[1])
    return across, down


def places(grid: npt.NDArray[np.float64]) -> str:
    """Where the strongest support lies, as in "the upper left"; "no part" without support.

    Args:
        grid: (rows, columns) relevance.
    """
    found = centre(grid)
    if found is None:
        return "no part"
    across, down = found
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
    ledger: Ledger,
    test: DeletionTest | None = None,
) -> str:
    """Why a product was recommended for another, or that its map does not say why.

    Args:
        item: title of the recommended product.
        probability: of the recommendation.
        query: title of the other product.
        ours: (rows, columns) relevance of the query's picture.
        theirs: likewise of the recommended product's.
        ledger: of both maps.
        test: of both maps, once it is known.
    """
    if probability < MATCH:
        return f"‘{item}’ does not match ‘{query}’ (probability {probability:.0%})."
    parts = f"{places(theirs)} of its picture and {places(ours)} of ‘{query}’"
    return _judged(f"‘{item}’ was recommended ({probability:.0%})", parts, ledger, test)


def rather(
    item: str,
    other: str,
    query: str,
    ours: npt.NDArray[np.float64],
    ledger: Ledger,
    test: DeletionTest | None = None,
) -> str:
    """Why one product was recommended for a query and not another one; see `because`."""
    return _judged(f"‘{item}’ rather than ‘{other}’", f"{places(ours)} of ‘{query}’", ledger, test)


def signed(value: float) -> str:
    """A number with its sign, as in print."""
    return f"{value:+.2f}".replace("-", "−")


def explains(ledger: Ledger) -> str:
    """How much of the score the maps carry, and what the categories add, in words."""
    if ledger.explained is None or ledger.features <= 0 or ledger.explained > MOST:
        said = f"The map sums to {signed(ledger.features)}, the score is {signed(ledger.score)}."
    else:
        said = f"The map explains {ledger.explained:.0%} of the score."
    return f"{said}{of_categories(ledger)}"


def of_categories(ledger: Ledger) -> str:
    """What the categories add, as a sentence to go on with; nothing where they add nothing."""
    return f" The categories add {signed(ledger.base)}." if ledger.base else ""


def _judged(said: str, parts: str, ledger: Ledger, test: DeletionTest | None) -> str:
    """What was recommended and why; the parts are no reason where the map is weak or fails."""
    if ledger.features <= 0:
        return (
            f"{said}, but not because of what the map marks: its contributions sum to "
            f"{signed(ledger.features)}.{of_categories(ledger)}"
        )
    if ledger.explained is None or ledger.explained < HALF:
        carried = "" if ledger.explained is None else f": {ledger.explained:.0%}"
        weak = f"the map explains less than half of the score{carried}"
        return f"{said}, but {weak}.{of_categories(ledger)}"
    if test is not None and test.confirmed is False:
        return (
            f"{said}. {explains(ledger)} It marks {parts}, but the deletion test does not confirm "
            "these areas."
        )
    return f"{said} because of {parts}. {explains(ledger)}"
