"""One layer's redistribution: any rule's quotients, executed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from torch import Tensor

from relrec_core.lrp.layers import AdaptivePool, AveragePool, Convolution, Layer, Linear, MaxPool
from relrec_core.lrp.rules import PLAIN, InputName, Quotient, Rule, Term, WeightName

NOTHING = 1e-30
"""Quotients nearer to zero become it: with them a processor computes many times as long."""


@dataclass(frozen=True, eq=False)
class Pooling:
    """The max pool right behind a layer's ReLU: relevance meets it before the layer."""

    layer: MaxPool
    winners: Tensor
    shape: tuple[int, ...]

    def to_winners(self, values: Tensor) -> Tensor:
        """(R, O, H', W') -> (R, O, H, W)."""
        return self.layer.to_winners(values, self.winners, (len(values), *self.shape[1:]))


@dataclass(frozen=True, eq=False)
class Step:
    """What a layer saw and gave in the forward pass.

    Args:
        layer: what computed.
        rule: how its relevance is distributed.
        inputs: (B, ...).
        outputs: (B, ...), before the ReLU or, if `rectified`, after it. Of a max pool, the
            places of the winners.
        nonnegative: no input is below zero.
        rectified: the outputs hold their ReLU, and relevance is zero where they are.
        pooling: the outputs, rectified, hold only their winners.
        floor: (B, 1, ...) what the rule adds to the stabiliser.
        difference: inputs and outputs are those beyond a reference's, so biases cancel.
    """

    layer: Layer
    rule: Rule
    inputs: Tensor
    outputs: Tensor
    nonnegative: bool
    rectified: bool = False
    pooling: Pooling | None = None
    floor: Tensor | None = None
    difference: bool = False

    @property
    def bias(self) -> Tensor | None:
        """(O,) or (O, 1, 1), if the layer has one and it counts."""
        if self.difference or not isinstance(self.layer, Convolution | Linear):
            return None
        bias = self.layer.bias
        return None if bias is None else self.layer.along_outputs(bias)

    def stabiliser(self, epsilon: float) -> float | Tensor:
        """eps, or (B, 1, ...) where each item has one of its own."""
        return epsilon if self.floor is None else self.floor + epsilon


@dataclass(frozen=True)
class PropagationSettings:
    """How to distribute: stabiliser, biases in the denominator or not, type of the way back."""

    epsilon: float
    ignore_bias: bool
    low_precision: torch.dtype | None

    def active(self, step: Step) -> bool:
        """Whether relevance reaches only outputs with z > 0 (z without the bias, if ignored)."""
        return step.rectified and not self.ignore_bias


@dataclass(frozen=True, eq=False)
class Shares:
    """Relevance of a layer's inputs (R, I, ...), what there was to share, bias and epsilon shares.

    The last three are (R,).
    """

    relevance: Tensor
    total: Tensor
    bias: Tensor
    epsilon: Tensor


def redistribute(step: Step, relevance: Tensor, settings: PropagationSettings) -> Shares:
    """Relevance of a layer's outputs (R, O, ...) to its inputs.

    R is the batch, or any number if one input was recorded.
    """
    parts = [
        _quotient(step, quotient, relevance, settings)
        for quotient in step.rule.quotients
        if not (settings.active(step) and quotient.where == "z < 0")  # no relevance there
    ]
    inputs, of_bias, of_epsilon = (reduce(add, each) for each in zip(*parts, strict=True))
    return Shares(inputs, item_sums(relevance), of_bias, of_epsilon)


def _quotient(
    step: Step, quotient: Quotient, relevance: Tensor, settings: PropagationSettings
) -> tuple[Tensor, Tensor, Tensor]:
    """share * sum_j n_ij / (n_j + eps sgn n_j) R_j, and what bias and eps take of it."""
    terms = _merged(quotient.terms, step.nonnegative)
    plain, active = quotient.terms == PLAIN, settings.active(step)
    z, bias = step.outputs, step.bias  # (B, O, ...)
    if bias is not None and settings.ignore_bias:
        z, bias = z - bias, None
    r = relevance * quotient.share  # (R, O, ...)
    if quotient.where != "always" and not active:
        r = r * ((z >= 0) if quotient.where == "z >= 0" else (z < 0))
    if not plain:
        if step.pooling is not None:
            r = step.pooling.to_winners(r)  # (R, O, H, W)
        bias = _bias_of(quotient, bias)
        z = _denominator(step, terms, bias)  # (B, O, ...)
    eps = step.stabiliser(settings.epsilon)
    if not (plain and active):  # where relevance flows to active units only, sgn z = 1
        eps = eps * torch.where(z >= 0, 1.0, -1.0).to(z.dtype)  # (B, O, ...)
    s = torch.hardshrink(r / (z + eps), NOTHING)  # (R, O, ...)
    of_epsilon = item_sums(s * eps)  # (R,)
    of_bias = torch.zeros_like(of_epsilon) if bias is None else item_sums(s * bias)  # (R,)
    if settings.low_precision is not None and isinstance(step.layer, Convolution):
        s = s.to(settings.low_precision)
    if plain and step.pooling is not None:
        s = step.pooling.to_winners(s)  # (R, O, H, W)
    parts = [_back(step, name, of_name, s) for name, of_name in terms.items()]
    return reduce(add, parts), of_bias, of_epsilon


def _merged(terms: tuple[Term, ...], nonnegative: bool) -> dict[InputName, tuple[Term, ...]]:
    """Terms by the input they read. Where no input is negative, x+ is x and x- is nothing."""
    merged: dict[InputName, tuple[Term, ...]] = {}
    for term in terms:
        name = term.inputs
        if nonnegative and name == "x-":
            continue
        if nonnegative and name == "x+":
            name = "x"
        merged[name] = (*merged.get(name, ()), term)
    return merged


def _weight(weight: Tensor, terms: tuple[Term, ...]) -> Tensor:
    """sum_t factor_t * w_t, shaped like the weight."""
    parts = [_mapped(weight, t.weight) * t.factor for t in terms]
    return sum(parts[1:], parts[0])


def _mapped(weight: Tensor, name: WeightName) -> Tensor:
    if name == "w+":
        return weight.clamp(min=0)
    if name == "w-":
        return weight.clamp(max=0)
    if name == "w^2":
        return weight.square()
    return weight if name == "w" else torch.ones_like(weight)


def _input(step: Step, name: InputName) -> Tensor:
    """x_t, shaped like the layer's input."""
    x = step.inputs
    if name == "x":
        return x
    if name == "x+":
        return x.clamp(min=0)
    if name == "x-":
        return x.clamp(max=0)
    if name == "1":
        return torch.ones_like(x)
    bounds = step.rule.bounds[0 if name == "low" else 1]
    if bounds is not None:
        values = torch.tensor(bounds, dtype=x.dtype, device=x.device)  # (1,) or (C,)
        return values.reshape(1, -1, *[1] * (x.ndim - 2)).expand_as(x)
    dims = tuple(range(2, x.ndim)) or (1,)
    found = x.amin(dims, keepdim=True) if name == "low" else x.amax(dims, keepdim=True)
    return found.expand_as(x)


def _bias_of(quotient: Quotient, bias: Tensor | None) -> Tensor | None:
    """The bias as the weight of an input that is always 1."""
    if bias is None or not quotient.bias:
        return None
    return _weight(bias, tuple(t for t in quotient.terms if t.inputs != "x-"))


def _denominator(
    step: Step, terms: dict[InputName, tuple[Term, ...]], bias: Tensor | None
) -> Tensor:
    """sum_i n_ij (B, O, ...) of a layer with weights."""
    layer = step.layer
    assert isinstance(layer, Convolution | Linear)
    parts = [
        layer.forward(_input(step, name), _weight(layer.weight, of_name), None)
        for name, of_name in terms.items()
    ]
    z = sum(parts[1:], parts[0])  # (B, O, ...)
    return z if bias is None else z + bias


def _back(step: Step, name: InputName, terms: tuple[Term, ...], s: Tensor) -> Tensor:
    """x_t * (W_t^T s): (R, O, ...) -> (R, I, ...)."""
    layer, x = step.layer, _input(step, name)
    shape = (len(s), *x.shape[1:])
    if isinstance(layer, Convolution | Linear):
        weight = layer.weight if terms == PLAIN else _weight(layer.weight, terms)
        return x * layer.transpose(s, weight.to(s.dtype), shape)
    assert isinstance(layer, AveragePool | AdaptivePool)
    return x * layer.transpose(s, shape)


def item_sums(values: Tensor) -> Tensor:
    """(R, ...) -> (R,)."""
    return values.sum(dim=tuple(range(1, values.ndim)))
