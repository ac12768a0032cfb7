"""The same shape elsewhere: every place is as likely, and nothing else is drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from relrec_core.faithfulness.elsewhere import elsewhere

SIDE = 4
SHAPES = {
    "cell": [(0, 0)],
    "bar": [(1, 0), (1, 1), (1, 2)],
    "hook": [(0, 0), (1, 0), (1, 1), (1, 2)],
    "pieces": [(0, 0), (0, 1), (2, 3)],
}


def _everywhere(cells: list[tuple[int, int]]) -> set[frozenset[tuple[int, int]]]:
    """All places, by moving one cell after the other."""
    found = set()
    for down in range(SIDE):
        for across in range(SIDE):
            for flip in (1, -1):
                for other in (1, -1):
                    moved = [
                        ((flip * r + down) % SIDE, (other * c + across) % SIDE) for r, c in cells
                    ]
                    found |= {frozenset(moved), frozenset((c, r) for r, c in moved)}
    return found - {frozenset(cells)}


def _cells(marked: npt.NDArray[np.bool_]) -> frozenset[tuple[int, int]]:
    return frozenset((int(r), int(c)) for r, c in np.argwhere(marked))


@pytest.mark.parametrize("name", SHAPES)
def test_every_other_place_is_drawn_and_no_other_shape(name: str) -> None:
    marked = np.zeros((SIDE, SIDE), bool)
    marked[tuple(zip(*SHAPES[name], strict=True))] = True
    expected = _everywhere(SHAPES[name])
    found = elsewhere(marked, len(expected), np.random.default_rng(0))
    assert {_cells(one) for one in found} == expected
    assert len(elsewhere(marked, 200, np.random.default_rng(0))) == 200  # more than there are


def test_places_are_fair() -> None:
    marked = np.zeros((SIDE, SIDE), bool)
    marked[2, 1] = True
    times = sum(
        elsewhere(marked, 5, np.random.default_rng(seed)).sum(axis=0) for seed in range(900)
    )
    assert times[2, 1] == 0
    others = np.delete(times.ravel(), 2 * SIDE + 1)
    deviation = np.sqrt(900 * (5 / 15) * (10 / 15))
    np.testing.assert_allclose(others, 900 * 5 / 15, atol=4.5 * deviation)
