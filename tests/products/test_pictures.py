"""Pictures as a trunk reads them, and back."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from relrec_core.products.catalogues import open_catalogue
from relrec_core.products.data.images import NORMALISATIONS
from relrec_core.products.data.pictures import Pictures


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_a_picture_comes_back_from_its_tensor(name: str) -> None:
    pictures = Pictures(open_catalogue("studio"), 64, NORMALISATIONS[name])
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    again = np.asarray(pictures.picture(pictures.tensor(Image.fromarray(pixels))))
    np.testing.assert_array_equal(again, pixels)
