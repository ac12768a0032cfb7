"""The distance head: why two feature vectors are near, or nearer than another pair.

Logit g = q - d, d = sum_k w_k (y_ik - y_jk)^2 with y = x E (Bharadhwaj 2018, eqs. 1 and 2), that is
M = E diag(w) E^T. The sigmoid saturates, so the logit is explained. Three readings of it give
relevance of the features; `pairs` takes them on to the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from relrec_core.lrp.engine import PropagationError


@dataclass(frozen=True, eq=False)
class Head:
    """One relation's distance.

    Args:
        embedding: E (F, D).
        weights: w (D,), or (B, D) for one user an item; not negative.
        bias: q.
    """

    embedding: Tensor
    weights: Tensor
    bias: float

    def latents(self, x: Tensor) -> Tensor:
        """y = x E: (B, F) -> (B, D)."""
        return x @ self.embedding

    def distance(self, left: Tensor, right: Tensor) -> Tensor:
        """d of features: (B, F), (B, F) -> (B,)."""
        return (self.weights * self.latents(left - right).square()).sum(dim=1)

    def logit(self, left: Tensor, right: Tensor) -> Tensor:
        """g = q - d: (B, F), (B, F) -> (B,)."""
        return self.bias - self.distance(left, right)

    def metric(self, x: Tensor) -> Tensor:
        """x M: (B, F) -> (B, F)."""
        return (self.weights * self.latents(x)) @ self.embedding.T

    def check(self, *features: Tensor) -> None:
        """Raise `PropagationError` unless these are batches of this head's features."""
        for x in features:
            if x.ndim != 2 or x.shape[1] != len(self.embedding) or x.shape != features[0].shape:
                raise PropagationError(
                    f"The head reads features shaped (batch, {len(self.embedding)}), alike for all "
                    f"images; these are shaped {[tuple(f.shape) for f in features]}."
                )
            if x.dtype != self.embedding.dtype:
                raise PropagationError(
                    f"The head reads numbers of {self.embedding.dtype}, these are {x.dtype}."
                )


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reading explains, and whose it is: left + right + bias = score.

    Args:
        name: of the reading.
        score: (B,) what is explained, of the logit or of two of them.
        left: (B, F) relevance of the first image's features.
        right: (B, F) of the second's; none where the reading is about the first only.
        bias: (B,) share of constants: q, the catalogue's mean, other images.
    """

    name: Literal["paper", "evidence", "contrast"]
    score: Tensor
    left: Tensor
    right: Tensor | None
    bias: Tensor

    @property
    def gap(self) -> Tensor:
        """(B,): score - (features + bias), rounding only."""
        right = 0.0 if self.right is None else self.right.sum(dim=1)
        return self.score - self.left.sum(dim=1) - right - self.bias


def paper(head: Head, left: Tensor, right: Tensor, apart: Tensor | None = None) -> Reading:
    """H1: epsilon-LRP through the head, in closed form, for epsilon -> 0.

    With delta = x_i - x_j: R(x_i) = -x_i * (M delta), R(x_j) = +x_j * (M delta). They sum to -d;
    q is the bias's share of g = q - d.

    Args:
        head: the distance.
        left: x_i (B, F), or what of it is beyond a reference r_i.
        right: x_j (B, F), likewise.
        apart: r_i - r_j (1, F) or (B, F), which is the bias's share too; 0 if not given.
    """
    head.check(left, right)
    delta = left - right if apart is None else left - right + apart
    pull = head.metric(delta)  # (B, F)
    score = head.bias - (head.weights * head.latents(delta).square()).sum(dim=1)  # (B,)
    bias = torch.full_like(score, head.bias)
    if apart is not None:
        bias -= (apart * pull).sum(dim=1)
    return Reading("paper", score, -left * pull, right * pull, bias)


def evidence(
    head: Head,
    left: Tensor,
    right: Tensor,
    centre: Tensor | None = None,
    right_centre: Tensor | None = None,
) -> Reading:
    """H2: the cross term 2 sum_k w_k y'_ik y'_jk that pulls a pair together (Eberle et al. 2020).

    Latents are centred, y' = y - m, so that evidence means "compared with an average product";
    half of the term goes to each image: R(x_i) = x_i * (E (w * y'_j)), R(x_j) likewise. The mean
    acts as a bias of the latents; what it takes is the bias's share.

    Args:
        head: the distance.
        left: x_i (B, F).
        right: x_j (B, F).
        centre: m (D,) or one an item (B, D), mean latents of the catalogue; zero if not given.
        right_centre: of x_j; the same as x_i's if not given.
    """
    head.check(left, right)
    m = centre_or_zero(head, centre)  # (D,) or (B, D)
    n = m if right_centre is None else centre_or_zero(head, right_centre)
    ours, theirs = head.latents(left) - m, head.latents(right) - n  # (B, D)
    toward_left = head.weights * theirs  # (B, D)
    toward_right = head.weights * ours  # (B, D)
    return Reading(
        "evidence",
        2 * (head.weights * ours * theirs).sum(dim=1),
        left * (toward_left @ head.embedding.T),
        right * (toward_right @ head.embedding.T),
        -(toward_left * m + toward_right * n).sum(dim=1),
    )


def contrast(head: Head, left: Tensor, right: Tensor, other: Tensor) -> Reading:
    """H3: why j rather than j', d(i,j') - d(i,j) = v . x_i + c, exactly linear in x_i.

    v = 2 M (x_j - x_j'), c = x_j' M x_j' - x_j M x_j. R(x_i) = x_i * v; c is the bias's share.

    Args:
        head: the distance.
        left: x_i (B, F).
        right: x_j (B, F), the one that was recommended.
        other: x_j' (B, F), the one that was not.
    """
    head.check(left, right, other)
    relevance = left * (2 * head.metric(right - other))  # (B, F)
    score = head.distance(left, other) - head.distance(left, right)  # (B,)
    bias = (other * head.metric(other) - right * head.metric(right)).sum(dim=1)  # (B,)
    return Reading("contrast", score, relevance, None, bias)


def centre_or_zero(head: Head, centre: Tensor | None) -> Tensor:
    """The mean latents (D,) or (B, D), or zeros; `PropagationError` for another shape."""
    if centre is None:
        return head.embedding.new_zeros(head.embedding.shape[1])
    if centre.shape[-1:] != head.embedding.shape[1:] or centre.ndim > 2:
        raise PropagationError(
            f"The centre is shaped {tuple(centre.shape)}, latents are "
            f"{tuple(head.embedding.shape[1:])}."
        )
    return centre
