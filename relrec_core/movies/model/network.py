"""RecoNet: average the profile's embeddings, score every film (Fusco et al. 2019, section 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RecoNet(nn.Module):
    """The trainable network; with `hidden` > 0 it is RecoNet + Layer.

    Weights are initialised after Glorot and Bengio (Xavier). No output bias.
    """

    def __init__(self, n_features: int, n_items: int, dim: int, hidden: int = 0) -> None:
        super().__init__()
        self.embeddings = nn.Parameter(torch.empty(n_features, dim))  # Q^T: (F, d)
        self.layer = nn.Linear(dim, hidden) if hidden else None
        self.outputs = nn.Parameter(torch.empty(n_items, hidden or dim))  # W: (V, d or h)
        nn.init.xavier_uniform_(self.embeddings)
        nn.init.xavier_uniform_(self.outputs)
        if self.layer is not None:
            nn.init.xavier_uniform_(self.layer.weight)
            nn.init.zeros_(self.layer.bias)

    def forward(self, bags: Tensor, drop: Tensor | None = None) -> Tensor:
        """Score all films.

        Args:
            bags: (B, F), rows sum to one (or zero, for an empty profile).
            drop: optional (B, d) multiplier of the averaged profile, used as dropout in training.

        Returns:
            (B, V) logits.
        """
        return self.read(bags @ self.embeddings, drop) @ self.outputs.T

    def read(self, x: Tensor, drop: Tensor | None = None) -> Tensor:
        """What the output layer reads of averaged profiles: (B, d) -> (B, d or h)."""
        if drop is not None:
            x = x * drop  # (B, d)
        return x if self.layer is None else torch.relu(self.layer(x))
