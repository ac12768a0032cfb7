"""Gated recurrent units split into experts (Cho et al. 2014; Afchar et al. 2020, section 3.4.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relrec_core.experts.layers import ExpertLinear
from relrec_core.experts.subsets import Family


class ExpertGRU(nn.Module):
    """A GRU per expert that also reads its children's input and state, without gradient.

    r = sigma(W_r x + U_r h), u = sigma(W_u x + U_u h), n = tanh(W_n x + r (U_n h)),
    h' = (1 - u) n + u h.

    Args:
        family: of K experts.
        n_in: features of one expert's block of the input.
        width: features of one expert's state, w.
    """

    def __init__(self, family: Family, n_in: int, width: int) -> None:
        super().__init__()
        self.experts, self.width = len(family.names), width
        self.input = ExpertLinear(family, n_in, 3 * width)
        self.state = ExpertLinear(family, width, 3 * width)

    def forward(
        self, x: Tensor, state: Tensor | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read a sequence.

        Args:
            x: (B, T, K * n_in).
            state: (B, K * w) to start from; zeros if None.
            mask: (B, T) True where real; at padding the state stays as it is.

        Returns:
            The states at all places (B, T, K * w), and the last one (B, K * w).
        """
        h = x.new_zeros(len(x), self.experts * self.width) if state is None else state  # (B, K * w)
        inputs = self.input(x)  # (B, T, K * 3w)
        states = []
        for t in range(x.shape[1]):
            after = self._step(inputs[:, t], h)  # (B, K * w)
            h = after if mask is None else torch.where(mask[:, t, None], after, h)  # (B, K * w)
            states.append(h)
        return torch.stack(states, dim=1), h

    def _step(self, inputs: Tensor, h: Tensor) -> Tensor:
        blocks = (len(h), self.experts, 3, self.width)
        x_r, x_u, x_n = inputs.reshape(blocks).unbind(-2)  # each (B, K, w)
        h_r, h_u, h_n = self.state(h).view(blocks).unbind(-2)  # each (B, K, w)
        r = torch.sigmoid(x_r + h_r)  # (B, K, w)
        u = torch.sigmoid(x_u + h_u)  # (B, K, w)
        n = torch.tanh(x_n + r * h_n)  # (B, K, w)
        old = h.view_as(n)  # (B, K, w)
        after: Tensor = (n + u * (old - n)).view_as(h)  # (B, K * w)
        return after
