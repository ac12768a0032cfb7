"""Multi-head attention whose heads are partitioned over experts (Afchar et al. 2020, eq. 15-16).

The attention mask says which place may see which; which expert may read which, `subsets` says.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relrec_core.errors import ConfigError
from relrec_core.experts import kernels
from relrec_core.experts.layers import ExpertLinear
from relrec_core.experts.subsets import Family


class ExpertAttention(nn.Module):
    """What both kinds share: heads of each expert, and W^o.

    Args:
        family: of K experts.
        width: features of one expert's block, w.
        heads: of one expert, h; w must be a multiple of it.

    Raises:
        ConfigError: it is not.
    """

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__()
        if heads < 1 or width % heads:
            raise ConfigError(
                f"An expert's width must be a multiple of its heads, not {width} with {heads}."
            )
        self.experts, self.heads = len(family.names), heads
        self.output = ExpertLinear(family, width, width)

    def _parts(self, layer: ExpertLinear, x: Tensor) -> Tensor:
        """x (B, T, K * w) through a layer that makes n parts of it -> (B, T, K, n, h, d)."""
        depth = self.output.links.n_in // self.experts // self.heads
        each = x.view(*x.shape[:2], self.experts, -1)  # (B, T, K, w)
        parts = layer.blocks(each, apart=True)  # (B, T, K, n * w)
        return parts.view(*each.shape[:3], -1, self.heads, depth)

    def _attend(
        self,
        asking: Tensor,
        answering: Tensor | None,
        mask: Tensor | None,
        residual: Tensor | None,
    ) -> Tensor:
        answers = kernels.attend(asking, answering, mask)  # (B, T, K, h * d)
        return self.output.blocks(answers, residual).flatten(2)  # (B, T, K * w)


class SelfAttention(ExpertAttention):
    """Each place of a sequence looks at the others; W^q, W^k, W^v are one expert layer."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.project = ExpertLinear(family, width, 3 * width)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, residual: Tensor | None = None
    ) -> Tensor:
        """x (B, T, K * w) -> (B, T, K * w), added to `residual` if there is one.

        mask (B or 1, T or 1, T) is True where place t may see place s. A place that sees nothing
        gets the output layer's bias.
        """
        return self._attend(self._parts(self.project, x), None, mask, residual)


class CrossAttention(ExpertAttention):
    """Each place of one sequence looks at those of another, the memory."""

    def __init__(self, family: Family, width: int, heads: int = 1) -> None:
        super().__init__(family, width, heads)
        self.query = ExpertLinear(family, width, width)
        self.key_value = ExpertLinear(family, width, 2 * width)
        self.register_load_state_dict_pre_hook(_with_todays_names)  # type: ignore[no-untyped-call]

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        residual: Tensor | None = None,
    ) -> Tensor:
        """x (B, T, K * w), memory (B, S, K * w) -> (B, T, K * w), added to `residual`.

        mask (B or 1, T or 1, S) as for `SelfAttention`.
        """
        asking, answering = self._parts(self.query, x), self._parts(self.key_value, memory)
        return self._attend(asking, answering, mask, residual)


def attend(asking: Tensor, answering: Tensor | None, mask: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt d) v head by head (eq. 15).

    Args:
        asking: (B, T, K, 3, h, d), which holds q, k and v; or (B, T, K, 1, h, d), which holds q.
        answering: None, or (B, S, K, 2, h, d), which holds k and v.
        mask: (B or 1, T or 1, S) True where a place may be seen; None if every place may.

    Returns:
        (B, T, K, h * d), 0 where nothing may be seen.
    """
    parts = asking.unbind(3) if answering is None else asking.unbind(3) + answering.unbind(3)
    q, k, v = (part.permute(0, 2, 3, 1, 4) for part in parts)  # each (B, K, h, T or S, d)
    scores = q @ k.mT * q.shape[-1] ** -0.5  # (B, K, h, T, S)
    if mask is None:
        p = scores.softmax(-1)
    else:
        visible = mask[:, None, None]  # (B or 1, 1, 1, T or 1, S)
        lowest = torch.finfo(scores.dtype).min / 4
        p = scores.masked_fill(~visible, lowest).softmax(-1) * visible
    answers: Tensor = (p @ v).permute(0, 3, 1, 2, 4).flatten(3)  # (B, T, K, h * d)
    return answers


def _with_todays_names(
    module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *rest: object
) -> None:
    """Checkpoints of earlier versions call keys and values `recall`."""
    for name in ("weight", "bias"):
        if f"{prefix}recall.{name}" in state_dict:
            state_dict[f"{prefix}key_value.{name}"] = state_dict.pop(f"{prefix}recall.{name}")
