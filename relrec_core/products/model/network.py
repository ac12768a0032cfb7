"""The siamese network: one trunk, and for every relation a distance of what it sees."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relrec_core.lrp import Head
from relrec_core.products.model.categories import Categories
from relrec_core.products.model.trunks import TRUNKS, trunk


class Distances(nn.Module):
    """One head (E, q) a relation, and personal weights (Bharadhwaj 2018, eqs. 1 and 2).

    y = x E, d_u(i,j) = sum_k w_uk (y_ik - y_jk)^2, P_u = sigmoid(q - d_u).

    Args:
        features: F.
        dim: D.
        relations: R.
        users: U; each has weights w_u (R, D), softplus of what is learned, 1 in the beginning.
    """

    scale: Tensor
    categories: Categories | None = None
    """What a pair's categories add to its logit, which is not part of `logits`."""

    def __init__(self, features: int, dim: int, relations: int, users: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(relations, features, dim) / features**0.5)
        self.register_buffer("scale", torch.ones(relations))
        self.bias = nn.Parameter(torch.full((relations,), 2.0))
        one = float(torch.tensor(1.0).expm1().log())
        self.personal = nn.Parameter(torch.full((users, relations, dim), one))
        self.personal_bias = nn.Parameter(torch.tensor(2.0))

    @property
    def embedding(self) -> Tensor:
        """E (R, F, D): directions, and a fixed scale that suits the size of the features."""
        return self.directions * self.scale[:, None, None]

    def latents(self, x: Tensor, relation: int) -> Tensor:
        """y: (B, F) -> (B, D)."""
        return x @ (self.directions[relation] * self.scale[relation])

    def weights(self, user: Tensor | None = None) -> Tensor:
        """w_u (R, D) of one user or (n, R, D) of several; ones for nobody in particular."""
        if user is None:
            return torch.ones_like(self.directions[:, 0])
        return F.softplus(self.personal[user])

    def logits(self, x: Tensor, left: Tensor, right: Tensor, relation: Tensor) -> Tensor:
        """g = q - d of pairs, for nobody in particular.

        Args:
            x: (N, F) features of products.
            left, right: (n,) rows of x.
            relation: (n,).

        Returns:
            (n,)
        """
        g = x.new_zeros(len(left))  # (n,)
        for number in range(len(self.bias)):
            of = (relation == number).nonzero().squeeze(1)  # (m,)
            if len(of):
                y = self.latents(x, number)  # (N, D)
                d = (y[left[of]] - y[right[of]]).square().sum(dim=1)  # (m,)
                g = g.index_put((of,), self.bias[number] - d)
        return g

    def all_latents(self, x: Tensor) -> Tensor:
        """y of every relation: (N, F) -> (N, R, D)."""
        return torch.einsum("nf,rfd->nrd", x, self.embedding)

    def personal_logits(self, y: Tensor, user: Tensor, left: Tensor, right: Tensor) -> Tensor:
        """g_u = q - sum_r d_ur of pairs (n,): relations as far as they matter to the user (n,).

        `left` and `right` are rows of the latents y (N, R, D).
        """
        squares = (y[left] - y[right]).square()  # (n, R, D)
        return self.personal_bias - (self.weights(user) * squares).sum(dim=(1, 2))

    @torch.no_grad()
    def calibrate(self, x: Tensor) -> None:
        """Set each scale so that two of the products x (N, F) are at distance 4 on average.

        With q = 2 a model that knows nothing then doubts its pairs as much as it trusts them.
        """
        for number in range(len(self.bias)):
            spread = self.latents(x, number).var(dim=0).sum()  # half of the mean distance
            self.scale[number] *= (2.0 / spread.clamp(min=1e-12)).sqrt()

    def head(self, relation: int, weights: Tensor) -> Head:
        """One relation's distance for w (D,), for explaining."""
        return Head(self.embedding[relation].detach(), weights, float(self.bias[relation].detach()))


class Siamese(nn.Module):
    """Trunk and distances. Both pictures of a pair go through the same trunk."""

    def __init__(self, name: str, dim: int, relations: int, users: int) -> None:
        super().__init__()
        self.trunk = trunk(name)
        self.distances = Distances(TRUNKS[name].features, dim, relations, users)
