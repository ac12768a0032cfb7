"""Encoder-decoder Transformer split into experts (Afchar et al. 2020, sections 3.4.3 and 4.3.4)."""

from __future__ import annotations

from torch import Tensor, nn

from relrec_core.experts.attention import CrossAttention, SelfAttention
from relrec_core.experts.feedforward import FeedForward
from relrec_core.experts.layers import normalise
from relrec_core.experts.subsets import Family


class EncoderBlock(nn.Module):
    """Self-attention and feed-forward, each behind a norm and beside a residual."""

    def __init__(self, family: Family, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.experts = len(family.names)
        self.attention = SelfAttention(family, width, heads)
        self.feed = FeedForward(family, width, ratio)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (B, S, K * w), mask (B, 1, S) True where a place may be seen -> (B, S, K * w)."""
        x = self.attention(normalise(x, self.experts), mask, residual=x)  # (B, S, K * w)
        y: Tensor = self.feed(normalise(x, self.experts), residual=x)  # (B, S, K * w)
        return y


class DecoderBlock(nn.Module):
    """As the encoder's block, with attention to the encoder's output between."""

    def __init__(self, family: Family, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.experts = len(family.names)
        self.attention = SelfAttention(family, width, heads)
        self.across = CrossAttention(family, width, heads)
        self.feed = FeedForward(family, width, ratio)

    def forward(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, mask_across: Tensor | None
    ) -> Tensor:
        """x (B, T, K * w), memory (B, S, K * w), and what may be seen of both -> (B, T, K * w)."""
        x = self.attention(normalise(x, self.experts), mask, residual=x)  # (B, T, K * w)
        x = self.across(
            normalise(x, self.experts), memory, mask_across, residual=x
        )  # (B, T, K * w)
        y: Tensor = self.feed(normalise(x, self.experts), residual=x)  # (B, T, K * w)
        return y


class ExpertTransformer(nn.Module):
    """Vaswani et al. 2017 with every linear layer an expert layer; norms come first.

    Args:
        family: of K experts.
        width: features of one expert's block, w.
        blocks: of the encoder, and as many of the decoder.
        heads: of one expert.
        ratio: width inside the feed-forward layers over w.
    """

    def __init__(
        self, family: Family, width: int, blocks: int = 3, heads: int = 1, ratio: int = 4
    ) -> None:
        super().__init__()
        self.experts = len(family.names)
        self.encoder = nn.ModuleList(
            EncoderBlock(family, width, heads, ratio) for _ in range(blocks)
        )
        self.decoder = nn.ModuleList(
            DecoderBlock(family, width, heads, ratio) for _ in range(blocks)
        )

    def forward(
        self,
        source: Tensor,
        target: Tensor,
        source_mask: Tensor | None = None,
        target_mask: Tensor | None = None,
    ) -> Tensor:
        """Read `source`, then `target` in its light.

        Args:
            source: (B, S, K * w), the first half of a session, as `InputLinear` gives it.
            target: (B, T, K * w), the second half.
            source_mask: (B, S) True where real, False where padding; None if nothing is padded.
            target_mask: (B, T) the same for `target`.

        Returns:
            (B, T, K * w), normalised expert by expert.
        """
        inside, within = (m if m is None else m[:, None] for m in (source_mask, target_mask))
        memory = source  # (B, S, K * w)
        for block in self.encoder:
            memory = block(memory, inside)  # (B, S, K * w)
        memory = normalise(memory, self.experts)  # (B, S, K * w)
        x = target  # (B, T, K * w)
        for block in self.decoder:
            x = block(x, memory, within, inside)  # (B, T, K * w)
        return normalise(x, self.experts)  # (B, T, K * w)
