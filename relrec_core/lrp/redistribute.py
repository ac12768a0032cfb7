"""One layer's redistribution: any rule's quotients, executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import torch
from torch import Tensor

from relrec_core.lrp.layers import AdaptivePool, AveragePool, Convolution, Layer, Linear, MaxPool
from relrec_core.lrp.rules import PLAIN, InputName, Quotient, Rule, Term, WeightName

NOTHING = 1e-30
"""Quotients nearer to zero become it: with them a processor computes many times as long."""
SLICE = 1 << 18
"""Elements a thread handles at a time: few arrays of them stay in its cache."""


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


@dataclass(frozen=True, eq=False)
class LazyRelevance:
    """R = values * factor, (R, ...), multiplied out only where it is needed.

    Args:
        values: (R, ...), of any floating type if there is a factor.
        factor: (R, ...) or (1, ...); 1 if not given.
    """

    values: Tensor
    factor: Tensor | None = None

    def product(self) -> Tensor:
        """R (R, ...). The values are used up."""
        if self.factor is None:
            return self.values
        if self.values.dtype == self.factor.dtype:
            return self.values.mul_(self.factor)
        return self.values * self.factor


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

    relevance: LazyRelevance
    total: Tensor
    bias: Tensor
    epsilon: Tensor

    def __add__(self, other: Shares) -> Shares:
        relevance = self.relevance.product() + other.relevance.product()  # (R, I, ...)
        return Shares(
            LazyRelevance(relevance),
            self.total + other.total,
            self.bias + other.bias,
            self.epsilon + other.epsilon,
        )


def redistribute(step: Step, relevance: LazyRelevance, settings: PropagationSettings) -> Shares:
    """Relevance of a layer's outputs (R, O, ...) to its inputs.

    R is the batch, or any number if one input was recorded. `relevance` is used up.
    """
    *others, last = (
        quotient
        for quotient in step.rule.quotients
        if not (settings.active(step) and quotient.where == "z < 0")  # no relevance there
    )
    if not others and last == Quotient(PLAIN):
        return _quotient(step, last, relevance, settings)
    values = relevance.product()  # (R, O, ...)
    total = item_sums(values)  # (R,)
    parts = [_quotient(step, q, LazyRelevance(values.clone()), settings) for q in others]
    shares = reduce(add, parts, _quotient(step, last, LazyRelevance(values), settings))
    return replace(shares, total=total)


def _quotient(
    step: Step, quotient: Quotient, relevance: LazyRelevance, settings: PropagationSettings
) -> Shares:
    """share * sum_j n_ij / (n_j + eps sgn n_j) R_j, what bias and eps take of it, and all R_j."""
    terms = _merged(quotient.terms, step.nonnegative)
    bias = step.bias
    z = step.outputs  # (B, O, ...)
    if bias is not None and settings.ignore_bias:
        z, bias = z - bias, None
    values = relevance.values  # (R, O, ...)
    if quotient.where != "always" and not settings.active(step):
        values *= (z >= 0) if quotient.where == "z >= 0" else (z < 0)
    if quotient.share != 1.0:
        values *= quotient.share
    plain = quotient.terms == PLAIN
    if not plain:
        if step.pooling is not None:
            relevance = LazyRelevance(step.pooling.to_winners(values))  # (R, O, H, W)
        bias = _bias_of(quotient, bias)
        z = _denominator(step, terms, bias)  # (B, O, ...)
    active = settings.active(step) and plain
    low = settings.low_precision if isinstance(step.layer, Convolution) else None
    s, total, units, absorbed = _divide(
        relevance, z, step.stabiliser(settings.epsilon), active, low or z.dtype
    )  # (R, O, ...), (R,), (R, O), (R,)
    if plain and step.pooling is not None:
        s = step.pooling.to_winners(s)  # (R, O, H, W)
    of_bias = torch.zeros_like(total) if bias is None else units @ bias.flatten()  # (R,)
    parts = [_back(step, name, of_name, s) for name, of_name in terms.items()]
    if len(parts) > 1:
        parts = [LazyRelevance(reduce(add, (part.product() for part in parts)))]  # (R, I, ...)
    return Shares(parts[0], total, of_bias, absorbed)


def _divide(
    relevance: LazyRelevance, z: Tensor, eps: float | Tensor, active: bool, dtype: torch.dtype
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """s = R / (z + eps sgn z) (R, O, ...) of a type, and three sums.

    They are of R (R,), of s by unit (R, O), and what eps absorbs, sum_j eps sgn z_j s_j (R,).
    sgn z = 1 where relevance flows to active units only. Slice by slice, so that everything
    passes through the processor's cache once.
    """
    values = relevance.values
    factor = values if relevance.factor is None else relevance.factor
    s = values if values.dtype == dtype else torch.empty_like(values, dtype=dtype)
    total = z.new_zeros(len(s))  # (R,)
    units = z.new_zeros(s.shape[:2])  # (R, O)
    absorbed = torch.zeros_like(total)  # (R,)
    for s_part, v_part, z_part, f_part in slices(s, values, z, factor):
        r = v_part.to(z.dtype)
        if relevance.factor is not None:
            r *= f_part
        total += r.sum(dim=(2, 3)).sum(dim=1) if r.ndim == 4 else r.sum(dim=1)
        sign = eps if active else torch.where(z_part >= 0, 1.0, -1.0).to(z.dtype) * eps
        r /= z_part + sign
        if not active:
            absorbed += item_sums(r * sign)
            r = torch.hardshrink(r, NOTHING)
        if r.ndim == 4:
            units += r.sum(dim=(2, 3))
        if r.data_ptr() != s_part.data_ptr():
            s_part.copy_(r)
    if s.ndim != 4:
        units = s
    if not active:
        return s, total, units, absorbed
    return s, total, units, units.sum(dim=1) * (eps.flatten() if isinstance(eps, Tensor) else eps)


def slices(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same rows (or units) of each, few enough to stay in a processor's cache."""
    largest = max(tensors, key=Tensor.numel)
    dim = min(2, largest.ndim - 1)
    wanted = SLICE * torch.get_num_threads()
    rows = max(1, wanted * largest.shape[dim] // max(1, largest.numel()))
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


def _back(step: Step, name: InputName, terms: tuple[Term, ...], s: Tensor) -> LazyRelevance:
    """x_t * (W_t^T s): (R, O, ...) -> (R, I, ...)."""
    layer, x = step.layer, _input(step, name)
    shape = (len(s), *x.shape[1:])
    if isinstance(layer, Convolution | Linear):
        weight = layer.weight if terms == PLAIN else _weight(layer.weight, terms)
        return LazyRelevance(layer.transpose(s, weight.to(s.dtype), shape), x)
    assert isinstance(layer, AveragePool | AdaptivePool)
    return LazyRelevance(layer.transpose(s, shape), x)


def item_sums(values: Tensor) -> Tensor:
    """(R, ...) -> (R,)."""
    return values.sum(dim=tuple(range(1, values.ndim)))
