"""Erasing cells, at once or with soft edges, against a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relrec_core.products.data.perturbation import SOFT, erased

pytestmark = pytest.mark.numerics

SIDE, CELLS = 24, 4


def _softened(kept: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """(SIDE, SIDE) share of the picture that stays, pixel by pixel, mirrored at the borders."""
    cell = SIDE // CELLS
    sigma = SOFT * cell
    reach = round(2 * sigma)
    bell = {d: np.exp(-0.5 * (d / sigma) ** 2) for d in range(-reach, reach + 1)}
    share = np.zeros((SIDE, SIDE))
    for r in range(SIDE):
        for c in range(SIDE):
            for down, one in bell.items():
                for across, other in bell.items():
                    rows, columns = (
                        -v if v < 0 else 2 * (SIDE - 1) - v if v >= SIDE else v
                        for v in (r + down, c + across)
                    )
                    share[r, c] += one * other * kept[rows // cell, columns // cell]
    return share / sum(bell.values()) ** 2


def test_soft_edges_pass_from_one_picture_to_the_other() -> None:
    rng = np.random.default_rng(0)
    kept = rng.random((2, CELLS, CELLS)) > 0.3
    picture, other = (torch.from_numpy(rng.random((1, 3, SIDE, SIDE))) for _ in range(2))
    found = erased(picture, torch.from_numpy(kept), other, soft=True)
    for one, cells in zip(found, kept, strict=True):
        share = _softened(cells)
        expected = share * picture[0].numpy() + (1 - share) * other[0].numpy()
        np.testing.assert_allclose(one.numpy(), expected, rtol=0, atol=1e-12)


def test_hard_edges_take_each_pixel_from_one_picture() -> None:
    kept = torch.ones(1, CELLS, CELLS, dtype=torch.bool)
    kept[0, 1, 2] = False
    picture, other = torch.zeros(1, 3, SIDE, SIDE), torch.ones(1, 3, SIDE, SIDE)
    found = erased(picture, kept, other)
    cell = SIDE // CELLS
    assert found[0, :, cell : 2 * cell, 2 * cell : 3 * cell].eq(1).all()
    assert found.sum() == 3 * cell * cell
