"""The books of a propagation: where the relevance that reached a layer went."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from relrec_core.explanation import Ledger


@dataclass(frozen=True, eq=False)
class LayerShares:
    """One layer's books, each (B,): incoming = outgoing + bias + epsilon, up to rounding.

    Args:
        name: of the layer in its module.
        rule: that distributed its relevance.
        incoming: sum of the relevance of its outputs.
        outgoing: sum of the relevance of its inputs.
        bias: what its bias absorbed.
        epsilon: what the stabiliser absorbed.
    """

    name: str
    rule: str
    incoming: Tensor
    outgoing: Tensor
    bias: Tensor
    epsilon: Tensor

    @property
    def gap(self) -> Tensor:
        """(B,), rounding only."""
        return self.incoming - (self.outgoing + self.bias + self.epsilon)


@dataclass(frozen=True, eq=False)
class PropagationLedger:
    """Books of all layers that weigh or sum, output first; the others pass relevance unchanged.

    Args:
        score: (B,) sum of the output relevance.
        inputs: (B,) sum of the relevance of the inputs, the pixels.
        layers: from the output to the input.
    """

    score: Tensor
    inputs: Tensor
    layers: tuple[LayerShares, ...]

    @property
    def bias(self) -> Tensor:
        """(B,), absorbed by all biases."""
        return sum((s.bias for s in self.layers), torch.zeros_like(self.score))

    @property
    def epsilon(self) -> Tensor:
        """(B,), absorbed by all stabilisers."""
        return sum((s.epsilon for s in self.layers), torch.zeros_like(self.score))

    @property
    def gap(self) -> Tensor:
        """(B,): score - (inputs + bias + epsilon), rounding only."""
        return self.score - (self.inputs + self.bias + self.epsilon)

    def of(self, item: int) -> Ledger:
        """The books of one item of the batch, as explanations carry them."""
        return Ledger(
            score=float(self.score[item]),
            features=float(self.inputs[item]),
            bias=float(self.bias[item]),
            epsilon=float(self.epsilon[item]),
        )
