"""Mixture of experts: gates, selection, and the loss of the generalised EM algorithm.

Afchar and Hennequin 2020, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from relrec_core.errors import ConfigError
from relrec_core.experts.subsets import Family

Gate = Literal["absolute", "square", "power"]


@dataclass(frozen=True, eq=False)
class Mixed:
    """A prediction and, from the same pass, who made it.

    Attributes:
        probability: (...) of the positive class, eq. 1.
        attribution: (..., K) share of each expert, >= 0, sums to 1.
        selection: (..., K) alpha, in [0, 1].
        experts: (..., K) probability that each expert alone would give, eq. 5.
    """

    probability: Tensor
    attribution: Tensor
    selection: Tensor
    experts: Tensor


class Mixture(nn.Module):
    """From one number z per expert, F = tanh z, to prediction and attribution. No parameters.

    Args:
        family: of K experts.
        gate: confidence g of an expert: "absolute" |F| (eq. 6), "square" F^2, or "power"
            2|F|^p / (1 + |F|^(p-1)).
        power: p of the last, at least 1.
        top: another gate for the experts that no other stands above, who answer for whatever
            the others leave; by default the same.
    """

    below: Tensor
    highest: Tensor

    def __init__(
        self,
        family: Family,
        gate: Gate = "absolute",
        power: float = 3.0,
        top: Gate | None = None,
    ) -> None:
        super().__init__()
        if power < 1:
            raise ConfigError(f"The power of a gate must be at least 1, not {power}.")
        self.gate: Gate = gate
        self.power = power
        self.top: Gate = gate if top is None else top
        mask = torch.from_numpy(family.mask()).fill_diagonal_(False)  # (K, K)
        self.register_buffer("below", mask, persistent=False)
        self.register_buffer("highest", ~mask.any(0), persistent=False)  # (K,)

    def forward(self, z: Tensor) -> Mixed:
        """z (..., K) -> prediction and attribution of each place (...).

        Where no expert is confident at all (every alpha is 0), all take an equal share.
        """
        experts = torch.sigmoid(2 * z)  # (..., K): (tanh z + 1) / 2
        alpha = selection(self.gates(z), self.below)  # (..., K)
        total = alpha.sum(-1, keepdim=True)  # (..., 1)
        some = total > torch.finfo(z.dtype).tiny
        equal = torch.full_like(alpha, 1 / z.shape[-1])  # (..., K)
        share = torch.where(some, alpha / torch.where(some, total, 1.0), equal)  # (..., K)
        return Mixed((share * experts).sum(-1), share, alpha, experts)

    def gates(self, z: Tensor) -> Tensor:
        """g of each expert: z (..., K) -> (..., K)."""
        confidence = torch.tanh(z)
        usual = gate(confidence, self.gate, self.power)  # (..., K)
        if self.top == self.gate:
            return usual
        return torch.where(self.highest, gate(confidence, self.top, self.power), usual)

    def loss(
        self, z: Tensor, target: Tensor, mask: Tensor | None = None, totals: Tensor | None = None
    ) -> Tensor:
        """`gem_loss` with the selection under the current parameters (the E-step)."""
        return gem_loss(z, target, self.weights(z), mask, totals)

    def weights(self, z: Tensor) -> Tensor:
        """E-step of section 3.3.4: alpha (..., K), detached, always with the gate |F|."""
        return selection(torch.tanh(z.detach()).abs(), self.below)


def gate(confidence: Tensor, kind: Gate = "absolute", power: float = 3.0) -> Tensor:
    """g in [0, 1] of F in [-1, 1], elementwise (eq. 6 and the text below it)."""
    size = confidence.abs()
    if kind == "absolute":
        return size
    if kind == "square":
        return size.square()
    return 2 * size**power / (1 + size ** (power - 1))


def selection(gates: Tensor, below: Tensor, taking: Tensor | None = None) -> Tensor:
    """alpha_i = g_i * product over children j of (1 - g_j), section 3.3.2.

    Args:
        gates: (..., K) in [0, 1].
        below: (K, K) boolean, True at (i, j) iff S_j is strictly inside S_i.
        taking: (..., K) in [0, 1], how much children take from their parents; by default g.

    Returns:
        (..., K) in [0, 1]; 0 where a child's gate is 1.
    """
    taken = gates if taking is None else taking  # (..., K)
    left = torch.where(below, 1 - taken[..., None, :], 1.0)  # (..., K, K)
    return gates * left.prod(-1)  # (..., K)


def gem_loss(
    z: Tensor,
    target: Tensor,
    alpha: Tensor,
    mask: Tensor | None = None,
    totals: Tensor | None = None,
) -> Tensor:
    """M-step of the generalised EM (eq. 7): each expert learns where it was selected.

    sum over i of  sum_n alpha_ni BCE(y_n, f_i(x_n)) / sum_n alpha_ni,  from logits 2 z.

    Args:
        z: (..., K), before the tanh.
        target: (...) in [0, 1].
        alpha: (..., K) selection, taken as constant.
        mask: (...) True where real; padding has weight 0.
        totals: (K,) weight sums to divide by, where the batch is only a part (`weight_sums` of
            the parts added up); by default those of this batch.

    Returns:
        The loss, (). An expert that is selected nowhere adds 0.
    """
    weight = alpha.detach()  # (..., K)
    y = target[..., None].to(z.dtype).expand_as(z)  # (..., K)
    if mask is not None:
        weight = torch.where(mask[..., None], weight, 0.0)  # (..., K)
        z = torch.where(mask[..., None], z, 0.0)  # (..., K)
        y = torch.where(mask[..., None], y, 0.0)  # (..., K)
    bce = nn.functional.binary_cross_entropy_with_logits(2 * z, y, reduction="none")  # (..., K)
    sums = weight_sums(weight) if totals is None else totals  # (K,)
    some = sums > torch.finfo(z.dtype).tiny
    losses = (weight * bce).flatten(0, -2).sum(0)  # (K,)
    return torch.where(some, losses / torch.where(some, sums, 1.0), 0.0).sum()


def weight_sums(alpha: Tensor, mask: Tensor | None = None) -> Tensor:
    """(..., K) selection, (...) True where real -> (K,) weight of each expert in a batch."""
    weight = alpha if mask is None else torch.where(mask[..., None], alpha, 0.0)  # (..., K)
    return weight.flatten(0, -2).sum(0)  # (K,)
