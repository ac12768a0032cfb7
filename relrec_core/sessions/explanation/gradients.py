"""What gradients say of the control's predictions, summed up to the groups of inputs.

Integrated Gradients (Sundararajan et al. 2017) and gradient x input, both as captum computes
them, of the logit of a skip. The reference of Integrated Gradients is zero, the mean track
without a play, at the same place in the session.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from relrec_core.experts.attribution import Doubles
from relrec_core.sessions.data.encoding import Batch, Dense
from relrec_core.sessions.data.schema import EVERYWHERE, GROUPS
from relrec_core.sessions.model.predictor import Predictor

STEPS = 32
AT_ONCE = 1024
"""Sessions that go through the network together."""

METHODS = ("Integrated Gradients", "gradient x input")


def by_group(
    predictor: Predictor, batch: Batch, places: npt.NDArray[np.intp], method: str
) -> tuple[Doubles, Doubles]:
    """Attribution of each group to the logit of a skip at one place of each session.

    Args:
        predictor: the control, or any other.
        batch: n sessions.
        places: (n,) which track of B of each, from 0.
        method: one of `METHODS`.

    Returns:
        Sums (n, groups) over the columns and tracks of each of `GROUPS`: signed, and of absolute
        values.
    """
    from captum.attr import InputXGradient, IntegratedGradients

    net = predictor.net

    def logit(a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor, at: Tensor) -> Tensor:
        p = net.mix(net(a, b, mask_a, mask_b)).probability  # (n, T)
        chosen = p.gather(1, at[:, None])[:, 0]  # (n,)
        return torch.logit(chosen, eps=1e-6)

    inputs = (batch.a, batch.b)
    more = (batch.mask_a, batch.mask_b, torch.from_numpy(places))
    columns = (predictor.encoding.columns_a, predictor.encoding.columns_b)
    if method == METHODS[0]:
        reference = tuple(_without_groups(x, c) for x, c in zip(inputs, columns, strict=True))
        found = IntegratedGradients(logit).attribute(
            inputs,
            baselines=reference,
            additional_forward_args=more,
            n_steps=STEPS,
            internal_batch_size=AT_ONCE,
        )
    else:
        followed = tuple(x.clone().requires_grad_() for x in inputs)
        found = InputXGradient(logit).attribute(followed, additional_forward_args=more)
    a, b = (x.detach().double() for x in found)
    signed = _summed(a, columns[0]) + _summed(b, columns[1])
    return signed, _summed(a.abs(), columns[0]) + _summed(b.abs(), columns[1])


def _without_groups(x: Tensor, columns: tuple[Dense, ...]) -> Tensor:
    """x (n, T, C) with zeros but for the place in the session."""
    kept = torch.tensor([dense.group == EVERYWHERE for dense in columns])  # (C,)
    return x * kept


def _summed(x: Tensor, columns: tuple[Dense, ...]) -> Doubles:
    """(n, T, C) -> (n, groups)."""
    member = torch.tensor([[d.group == g for g in GROUPS] for d in columns]).double()  # (C, G)
    return np.asarray((x.sum(1) @ member).numpy())
