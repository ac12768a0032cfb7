"""How pictures pass through a recommender's trunk when they are explained."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from relrec_core.lrp import Head, trace
from relrec_core.lrp.engine import Trace
from relrec_core.lrp.presets import preset
from relrec_core.lrp.rules import ZBox
from relrec_core.products.data.perturbation import pale
from relrec_core.products.model.ranking import Recommender


def baseline(of: Recommender, pictures: Tensor) -> Tensor:
    """Baselines (B, 3, S, S), blurred and pale, which a `reference` preset compares with.

    White alone would say nothing of what is white, and a blurred copy nothing of plain colours.
    """
    return pale(pictures, of.pictures.bounds()[1])


@torch.inference_mode()
def traced(
    of: Recommender, pictures: Tensor, name: str, epsilon: float, ignore_bias: bool
) -> Trace:
    """Trace of pictures (B, 3, S, S) by a preset's rules, beyond baselines if it wants them.

    Raises:
        ConfigError: there is no such preset, or epsilon is out of range.
    """
    rules, (low, high) = preset(name), of.pictures.bounds()  # (3, 1, 1) each: black, white
    if isinstance(rules.first, ZBox):
        box = ZBox((tuple(low.flatten().tolist()), tuple(high.flatten().tolist())))
        rules = replace(rules, first=box)
    reference = baseline(of, pictures) if rules.beyond_reference else None
    return trace(of.trunk, pictures, rules, epsilon, ignore_bias, reference=reference)


def origin(head: Head, of: Trace) -> Tensor:
    """(B, D) latents that what is explained begins from: the references', or nought."""
    if of.reference is None:
        return head.embedding.new_zeros(len(of.output), head.embedding.shape[1])
    return head.latents(of.reference)
