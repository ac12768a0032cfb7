"""From the features of two images to their pixels, each through its own activations.

`correspondence` is BiLRP, second-order relevance (Eberle et al. 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core.lrp.engine import Propagation, PropagationError, Trace
from relrec_core.lrp.similarity import Head, Reading, centre_or_zero

CHUNK = 8


@dataclass(frozen=True, eq=False)
class PairRelevance:
    """Pixels of both images, and the head's part of the books.

    score = left pixels + right pixels + biases + epsilon of both + the head's bias.
    """

    reading: Reading
    left: Propagation
    right: Propagation | None

    @property
    def gap(self) -> Tensor:
        """(B,), rounding only."""
        gap = self.reading.gap + self.left.ledger.gap
        return gap if self.right is None else gap + self.right.ledger.gap


@dataclass(frozen=True, eq=False)
class Correspondence:
    """Which region of one image speaks to which of the other.

    Args:
        regions: (h, w, h, w), first the left image's cell, then the right's.
        score: sum_k w_k y'_ik y'_jk, half of what `evidence` explains.
        absorbed: score - sum of the regions: what the trunk's biases and epsilon took.
    """

    regions: Tensor
    score: float
    absorbed: float


def explain_pair(
    read: Callable[[Tensor, Tensor], Reading], left: Trace, right: Trace
) -> PairRelevance:
    """Read the features of two traced batches of images and send the relevance to the pixels.

    Args:
        read: a reading of features, for instance `partial(paper, head)`.
        left: trace of the first images (B, ...), or of one image that meets several.
        right: trace of the second images (B, ...), or of one.
    """
    count = max(len(left.output), len(right.output))
    features = [_repeated(t.output, count) for t in (left, right)]  # (B, F) each
    reading = read(*features)
    return PairRelevance(
        reading,
        left.propagate(reading.left),
        None if reading.right is None else right.propagate(reading.right),
    )


def correspondence(
    head: Head,
    left: Trace,
    right: Trace,
    centres: tuple[Tensor | None, Tensor | None] = (None, None),
    grid: tuple[int, int] = (7, 7),
    chunk: int = CHUNK,
    between: Callable[[], None] = lambda: None,
) -> Correspondence:
    """Second order of H2: R_pp' = sum_k w_k R_p(y_ik) R_p'(y_jk) (Eberle et al. 2020).

    D passes back for each image, `chunk` at once, pooled to cells as they come. The catalogue's
    mean m_k is spread evenly over the cells: a cell speaks by what it gives beyond an even share
    of the average product. With it, the sum over the right image's cells is the first order.

    Args:
        head: the distance, with one user's weights (D,).
        left: trace of one image (1, C, H, W).
        right: trace of the other.
        centres: (D,) each, the mean latents m that either image is compared with; zero for None.
        grid: cells down and across.
        chunk: passes at once; memory grows with it.
        between: called between two chunks; may raise to stop.
    """
    if head.weights.ndim != 1:
        raise PropagationError("Regions are compared for one user's weights (D,) at a time.")
    m, n = (centre_or_zero(head, centre) for centre in centres)  # (D,) each
    ours, theirs = (  # (D, G) each
        _cells(head, t, c, grid, chunk, between) for t, c in ((left, m), (right, n))
    )
    regions = (ours * head.weights[:, None]).T @ theirs  # (G, G)
    y, z = head.latents(left.output)[0] - m, head.latents(right.output)[0] - n  # (D,) each
    score = float((head.weights * y * z).sum())
    return Correspondence(regions.reshape(*grid, *grid), score, score - float(regions.sum()))


def _cells(
    head: Head,
    trace: Trace,
    m: Tensor,
    grid: tuple[int, int],
    chunk: int,
    between: Callable[[], None],
) -> Tensor:
    """Relevance of every cell for every latent, (D, G)."""
    if len(trace.output) != 1 or len(trace.shape) != 4:
        raise PropagationError(
            f"Regions are compared of one image at a time, this batch is shaped {trace.shape}."
        )
    size = grid[0] * grid[1]
    pooled = []
    for columns in torch.split(head.embedding.T, chunk):  # (chunk, F)
        between()
        pixels = trace.propagate(trace.output * columns).relevance.sum(dim=1)  # (chunk, H, W)
        pooled.append(_pooled(pixels, grid).flatten(1))  # (chunk, G)
    return torch.cat(pooled) - m[:, None] / size  # (D, G)


def _pooled(pixels: Tensor, grid: tuple[int, int]) -> Tensor:
    """Sums by cell, (R, H, W) -> (R, h, w); every pixel counts in exactly one cell."""
    rows, columns = (
        F.one_hot(torch.arange(n, device=pixels.device) * cells // n, cells).to(pixels.dtype)
        for n, cells in zip(pixels.shape[1:], grid, strict=True)
    )  # (H, h), (W, w)
    return rows.T @ pixels @ columns


def _repeated(features: Tensor, count: int) -> Tensor:
    """One image's features for each of those it meets: (1, F) -> (B, F)."""
    return features.expand(count, -1) if len(features) == 1 else features
