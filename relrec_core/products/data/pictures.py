"""A catalogue's pictures as a trunk reads them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from relrec_core.products.data import images
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.images import Normalisation

KEPT_BYTES = 2_000_000_000
"""Decoded pictures are kept in memory as long as all of them fit into this."""
DECODERS = 4


class Pictures:
    """Squares of one side, decoded when first asked for.

    Args:
        catalogue: whose pictures.
        side: pixels.
        normalisation: what the trunk's first layer expects.
        incomplete: the pictures that lack something, of products that have one.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        side: int,
        normalisation: Normalisation,
        incomplete: bool = False,
    ) -> None:
        self.catalogue, self.side, self.normalisation = catalogue, side, normalisation
        self._read = catalogue.incomplete_picture if incomplete else catalogue.picture
        self._keeps = len(catalogue.items) * side * side * 3 <= KEPT_BYTES
        self._kept: dict[int, npt.NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self.catalogue.items)

    def batch(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Tensor:
        """(B, 3, S, S), channels last in memory. `ImageError` if a file was damaged since."""
        wanted = [int(row) for row in rows]
        missing = [row for row in dict.fromkeys(wanted) if row not in self._kept]
        if len(missing) > 1:
            with ThreadPoolExecutor(DECODERS) as pool:
                decoded = dict(zip(missing, pool.map(self._decoded, missing), strict=True))
        else:
            decoded = {row: self._decoded(row) for row in missing}
        if self._keeps:
            self._kept |= decoded
        pixels = np.stack([decoded.get(row, self._kept.get(row)) for row in wanted])  # type: ignore[misc]
        return self._normalised(torch.from_numpy(pixels))

    def tensor(self, picture: Image.Image) -> Tensor:
        """(1, 3, S, S) of any RGB picture, fitted into the square."""
        square = np.asarray(images.square(picture, self.side), dtype=np.uint8)
        return self._normalised(torch.from_numpy(square.copy())[None])

    def picture(self, x: Tensor) -> Image.Image:
        """What (1, 3, S, S) shows; the inverse of `tensor`."""
        mean, deviation = self._statistics()
        values = (x[0].permute(1, 2, 0) * deviation + mean) * (255 / self.normalisation.scale)
        return Image.fromarray(values.round().clamp(0, 255).to(torch.uint8).numpy())

    def bounds(self) -> tuple[Tensor, Tensor]:
        """(3, 1, 1) each: what black and white become; for the z-box rule and for noise."""
        low, high = (
            images.to_array(Image.new("RGB", (1, 1), colour), self.normalisation)
            for colour in ((0, 0, 0), (255, 255, 255))
        )
        return torch.from_numpy(low), torch.from_numpy(high)

    def _decoded(self, row: int) -> npt.NDArray[np.uint8]:
        return np.array(self._read(row, self.side), dtype=np.uint8)

    def _normalised(self, pixels: Tensor) -> Tensor:
        """(B, S, S, 3) bytes -> (B, 3, S, S)."""
        mean, deviation = self._statistics()
        scaled = pixels.float() * (self.normalisation.scale / 255)
        return ((scaled - mean) / deviation).permute(0, 3, 1, 2)

    def _statistics(self) -> tuple[Tensor, Tensor]:
        """(3,) each, by channel."""
        return torch.tensor(self.normalisation.mean), torch.tensor(self.normalisation.deviation)


def varied(x: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (B, 3, S, S) mirrored, shifted by up to 6 % and scaled by up to 8 %, at random."""
    n = len(x)
    drawn = torch.rand(n, 4, generator=generator)  # (B, 4)
    mirror = (drawn[:, 0] < 0.5).float() * 2 - 1
    scale = 1 + 0.16 * (drawn[:, 1] - 0.5)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = mirror * scale, scale
    theta[:, :, 2] = 0.24 * (drawn[:, 2:] - 0.5)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    moved = F.grid_sample(x, grid.to(x.device), padding_mode="border", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)
