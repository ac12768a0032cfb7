"""How pictures pass through a recommender's trunk when they are explained."""

from __future__ import annotations

import torch
from torch import Tensor

from relrec_core.lrp import Head, trace
from relrec_core.lrp.engine import Trace
from relrec_core.lrp.presets import Preset, preset
from relrec_core.lrp.rules import ZBox
from relrec_core.products.recommend import Recommender


@torch.inference_mode()
def traced(
    of: Recommender, pictures: Tensor, name: str, epsilon: float, ignore_bias: bool
) -> Trace:
    """Trace of pictures (B, 3, S, S) by a preset's rules, beyond a white one if it wants one.

    Raises:
        ConfigError: there is no such preset, or epsilon is out of range.
    """
    rules, (low, high) = preset(name), of.pictures.bounds()  # (3, 1, 1) each: black, white
    if isinstance(rules.first, ZBox):
        box = ZBox(tuple(low.flatten().tolist()), tuple(high.flatten().tolist()))
        rules = Preset(rules.name, rules.convolution, rules.linear, box)
    white = high.expand_as(pictures[:1]) if rules.beyond_reference else None
    return trace(of.trunk, pictures, rules, epsilon, ignore_bias, reference=white)


def origin(head: Head, of: Trace) -> Tensor:
    """(D,) latents that what is explained begins from: the reference's, or nought."""
    if of.reference is None:
        return head.embedding.new_zeros(head.embedding.shape[1])
    return head.latents(of.reference)[0]
