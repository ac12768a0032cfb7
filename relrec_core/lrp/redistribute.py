"""One layer's redistribution: any rule's quotients, executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import torch
from torch import Tensor

from relrec_core.lrp.layers import AdaptivePool, AveragePool, Convolution, Layer, Linear
from relrec_core.lrp.rules import PLAIN, InputName, Quotient, Rule, Term, WeightName, ZBox

SLICE = 1 << 20
"""Elements handled at a time: few arrays of them stay in a cache, and threads meet seldom."""


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
    """

    layer: Layer
    rule: Rule
    inputs: Tensor
    outputs: Tensor
    nonnegative: bool
    rectified: bool = False


@dataclass(frozen=True)
class Settings:
    """How to distribute: stabiliser, biases in the denominator or not, type of the way back."""

    epsilon: float
    ignore_bias: bool
    low_precision: torch.dtype | None

    def active(self, step: Step) -> bool:
        """Whether relevance reaches only outputs with z > 0 (z without the bias, if ignored)."""
        return step.rectified and not self.ignore_bias


@dataclass(frozen=True, eq=False)
class Shares:
    """Relevance of a layer's inputs (R, I, ...), its sum, bias and epsilon shares, all (R,)."""

    relevance: Tensor
    total: Tensor
    bias: Tensor
    epsilon: Tensor

    def __add__(self, other: Shares) -> Shares:
        return Shares(
            self.relevance + other.relevance,
            self.total + other.total,
            self.bias + other.bias,
            self.epsilon + other.epsilon,
        )


def redistribute(step: Step, relevance: Tensor, settings: Settings) -> Shares:
    """Relevance of a layer's outputs (R, O, ...) to its inputs.

    R is the batch, or any number if one input was recorded. `relevance` is used up.
    """
    *others, last = (
        quotient
        for quotient in step.rule.quotients
        if not (settings.active(step) and quotient.where == "z < 0")  # no relevance there
    )
    parts = [_quotient(step, quotient, relevance.clone(), settings) for quotient in others]
    return reduce(add, parts, _quotient(step, last, relevance, settings))


def _quotient(step: Step, quotient: Quotient, relevance: Tensor, settings: Settings) -> Shares:
    """share * sum_j n_ij / (n_j + eps sgn n_j) R_j, and what bias and eps take of it."""
    layer = step.layer
    terms = _merged(quotient.terms, step.nonnegative)
    bias = None
    if isinstance(layer, Convolution | Linear) and layer.bias is not None:
        bias = layer.along_outputs(layer.bias)  # (O,) or (O, 1, 1)
    z = step.outputs  # (B, O, ...)
    if bias is not None and settings.ignore_bias:
        z, bias = z - bias, None
    if quotient.where != "always" and not settings.active(step):
        relevance *= (z >= 0) if quotient.where == "z >= 0" else (z < 0)  # (R, O, ...)
    if quotient.terms != PLAIN:
        bias = _bias_of(quotient, bias)
        z = _denominator(step, terms, bias)  # (B, O, ...)
    if quotient.share != 1.0:
        relevance *= quotient.share
    active = settings.active(step) and quotient.terms == PLAIN
    low = settings.low_precision if isinstance(layer, Convolution) else None
    s, units, absorbed = _divide(relevance, z, settings.epsilon, active, low)  # s (R, O, ...)
    of_bias = torch.zeros_like(absorbed) if bias is None else units @ bias.flatten()  # (R,)
    parts = [_back(step, name, of_name, s) for name, of_name in terms.items()]
    nothing = torch.zeros_like(absorbed)  # (R,)
    first, *more = (Shares(r, total, nothing, nothing) for r, total in parts)
    return reduce(add, more, replace(first, bias=of_bias, epsilon=absorbed))


def _divide(
    relevance: Tensor, z: Tensor, eps: float, active: bool, low: torch.dtype | None
) -> tuple[Tensor, Tensor, Tensor]:
    """s = R / (z + eps sgn z) (R, O, ...), its sums by unit (R, O), and what eps absorbs (R,).

    The last is sum_j eps sgn z_j s_j; sgn z = 1 where relevance flows to active units only.
    Slice by slice, so that everything passes through the processor's cache once.
    """
    s = relevance if low is None else torch.empty_like(relevance, dtype=low)
    units = relevance.new_zeros(relevance.shape[:2])  # (R, O)
    absorbed = relevance.new_zeros(len(relevance))  # (R,)
    for s_part, r_part, z_part in _slices(s, relevance, z):
        sign = eps if active else torch.where(z_part >= 0, eps, -eps).to(z.dtype)
        quotient = torch.div(r_part, z_part + sign, out=r_part)
        if not active:
            absorbed += item_sums(quotient * sign)
        if low is not None:
            s_part.copy_(quotient)
        if quotient.ndim == 4:
            units += quotient.sum(dim=(2, 3))
    if relevance.ndim != 4:
        units = relevance
    return s, units, eps * units.sum(dim=1) if active else absorbed


def _slices(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same rows (or units) of each, few enough to stay in a processor's cache."""
    largest = max(tensors, key=Tensor.numel)
    dim = min(2, largest.ndim - 1)
    rows = max(1, SLICE * largest.shape[dim] // max(1, largest.numel()))
    return zip(*(torch.split(t, rows, dim) for t in tensors), strict=True)


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
    bounds = None
    if isinstance(step.rule, ZBox):
        bounds = step.rule.low if name == "low" else step.rule.high
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


def _back(step: Step, name: InputName, terms: tuple[Term, ...], s: Tensor) -> tuple[Tensor, Tensor]:
    """x_t * (W_t^T s): (R, O, ...) -> (R, I, ...), and its sum (R,)."""
    layer, x = step.layer, _input(step, name)
    shape = (len(s), *x.shape[1:])
    if isinstance(layer, Convolution | Linear):
        weight = layer.weight if terms == PLAIN else _weight(layer.weight, terms)
        g = layer.transpose(s, weight.to(s.dtype), shape)  # (R, I, ...)
    else:
        assert isinstance(layer, AveragePool | AdaptivePool)
        g = layer.transpose(s, shape)  # (R, I, ...)
    relevance = g if g.dtype == x.dtype else torch.empty_like(g, dtype=x.dtype)  # (R, I, ...)
    total = relevance.new_zeros(len(g))  # (R,)
    for r_part, g_part, x_part in _slices(relevance, g, x):
        total += item_sums(torch.mul(g_part.to(x.dtype), x_part, out=r_part))
    return relevance, total


def item_sums(values: Tensor) -> Tensor:
    """(R, ...) -> (R,)."""
    return values.sum(dim=tuple(range(1, values.ndim)))
