"""The one propagator: forward once, keep what is needed, send relevance back by the rules.

Functional: no hooks, no autograd, the module is only read. Two threads may explain with one module.

With the epsilon rule a layer costs one convolution forward and one back. Behind a ReLU, R is zero
wherever the unit is silent, so the rectified output serves as z and nothing else is stored; behind
a max pool, only the winners are. This is only there for speed: without it the epsilon rule takes
1.3 to 1.6 times as long, and gamma 1.9 times (processor time, one thread, VGG-16's convolutions).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from relrec_core.errors import ConfigError, RelRecError
from relrec_core.explanation import EPSILON
from relrec_core.lrp.agreement import check
from relrec_core.lrp.canonize import canonize
from relrec_core.lrp.layers import (
    AdaptivePool,
    AveragePool,
    Convolution,
    Flatten,
    Layer,
    Linear,
    MaxPool,
    Rectifier,
    wanted,
)
from relrec_core.lrp.ledger import LayerShares, PropagationLedger
from relrec_core.lrp.presets import Preset, preset
from relrec_core.lrp.redistribute import (
    Pooling,
    PropagationSettings,
    Step,
    item_sums,
    redistribute,
)
from relrec_core.lrp.rules import Rule, vanishes_with_input

Precision = Literal["exact", "fast"]


class PropagationError(RelRecError):
    """Inputs or relevances that do not fit the network."""


@dataclass(frozen=True, eq=False)
class Propagation:
    """Relevance of the inputs, shaped like them, and the books of every layer."""

    relevance: Tensor
    ledger: PropagationLedger


@dataclass(frozen=True, eq=False)
class Trace:
    """One forward pass, from which any number of relevances can be sent back.

    Args:
        output: (B, ...) what the network computed.
        shape: of the inputs.
        steps: what each layer saw.
        settings: how to distribute.
        reference: (1, ...) or (B, ...) what the network computed of the references, if there are
            any; the output is then what comes beyond it.
    """

    output: Tensor
    shape: tuple[int, ...]
    steps: tuple[Step, ...]
    settings: PropagationSettings
    reference: Tensor | None = None

    @property
    def whole(self) -> Tensor:
        """(B, ...) what the network computes of the inputs, with the references' part."""
        return self.output if self.reference is None else self.output + self.reference

    def propagate(self, output_relevance: Tensor) -> Propagation:
        """Send relevance back to the inputs.

        Args:
            output_relevance: shaped like the output. If one input was recorded, any number of
                relevances (R, ...) may be sent back at once, all through its activations.

        Raises:
            PropagationError: the shapes do not fit.
        """
        one = len(self.output) == 1
        if output_relevance.shape != self.output.shape and not (
            one and output_relevance.shape[1:] == self.output.shape[1:]
        ):
            raise PropagationError(
                f"The output is shaped {tuple(self.output.shape)}, its relevance "
                f"{tuple(output_relevance.shape)}; both must be the same."
            )
        with torch.no_grad():
            relevance = output_relevance.detach().to(self.output.dtype)  # (R, ...)
            score = item_sums(relevance)  # (R,)
            books: list[LayerShares] = []  # each to learn its outgoing sum from the next one
            for step in reversed(self.steps):
                shape = (len(relevance), *step.inputs.shape[1:])
                if isinstance(step.layer, Flatten):
                    relevance = relevance.reshape(shape)
                elif isinstance(step.layer, MaxPool):
                    relevance = step.layer.to_winners(relevance, step.outputs, shape)
                else:
                    got = redistribute(step, relevance, self.settings)
                    rule = type(step.rule).__name__
                    books.append(
                        LayerShares(
                            step.layer.name, rule, got.total, got.total, got.bias, got.epsilon
                        )
                    )
                    relevance = got.relevance
            total = item_sums(relevance)  # (R,)
            relevance = relevance.reshape(len(relevance), *self.shape[1:]).contiguous()
        outgoing = [*(below.incoming for below in books[1:]), total]
        layers = tuple(replace(s, outgoing=o) for s, o in zip(books, outgoing, strict=False))
        return Propagation(relevance, PropagationLedger(score, total, layers))


def propagate(
    module: nn.Sequential,
    inputs: Tensor,
    output_relevance: Tensor,
    rules: str | Preset = "paper",
    epsilon: float = EPSILON,
    ignore_bias: bool = False,
    reference: Tensor | None = None,
) -> Propagation:
    """Layer-wise relevance propagation through a sequential network (Bharadhwaj 2018, eq. 4).

    Args:
        module: convolutions, linear layers, ReLU, max, average and adaptive average pools,
            flatten, dropout, batch norm after a layer with weights. Explained as in evaluation
            mode; only read.
        inputs: (B, ...) floating point.
        output_relevance: shaped like the output: what to explain, in units of the score.
        rules: a preset or its name: `reference`, `epsilon-gamma`, `paper`, `epsilon-plus-flat`,
            `epsilon-gamma-box`.
        epsilon: the stabiliser, in units of the layers' outputs; more than 0.
        ignore_bias: leave biases out of the denominators, so that they absorb nothing.
        reference: another input for all (1, ...) or for each (B, ...). Then what the inputs give
            beyond it is explained: every layer distributes by the differences of its inputs and
            outputs from the reference's (with the epsilon rule this is the rescale rule of
            DeepLIFT, Shrikumar et al. 2017), and biases, alike in both, take nothing. Of a max
            pool the winner of the input or of the reference takes all, whichever is greater.

    Returns:
        Relevance shaped like the inputs; inputs + biases + epsilon = output relevance, by item.
        Items do not influence one another but by rounding: torch adds up in another order for
        another batch or processor. Where a sum of n products z is rounded by delta, at most
        n u sum |x w| with u = 2^-24 in single precision, what flows through it moves by
        delta / (|z| + epsilon) of itself, and turns round where delta exceeds |z|. A stabiliser
        above delta bounds this; at 1e-6 single precision kept 3 digits in the worst of 1,000 small
        networks' maps, double precision 11.

    Raises:
        UnsupportedLayerError: a layer without a rule, or one that hooks, parametrizations or
            pruning change, by name.
        PropagationError: inputs or relevances of a shape or type that does not fit, or none.
        ConfigError: unknown preset or epsilon out of range.
    """
    followed = trace(module, inputs, rules, epsilon, ignore_bias, reference=reference)
    return followed.propagate(output_relevance)


def trace(
    module: nn.Sequential,
    inputs: Tensor,
    rules: str | Preset = "paper",
    epsilon: float = EPSILON,
    ignore_bias: bool = False,
    precision: Precision = "exact",
    reference: Tensor | None = None,
) -> Trace:
    """Forward pass of `propagate`; its arguments and errors.

    Args:
        precision: `fast` sends relevance back through convolutions in bfloat16; the forward
            pass, and with it every gate and winner, is the exact one.
    """
    if not inputs.is_floating_point():
        raise PropagationError(f"Inputs must be floating point, these are {inputs.dtype}.")
    if inputs.ndim < 2 or inputs.numel() == 0:
        raise PropagationError(
            f"Inputs must be a batch (B, ...), not empty; these are shaped {tuple(inputs.shape)}."
        )
    least = torch.finfo(inputs.dtype).tiny
    if not least <= epsilon < float("inf"):
        raise ConfigError(f"epsilon must be at least {least:.3g} and finite, it is {epsilon}.")
    if precision not in ("exact", "fast"):
        raise ConfigError(f"precision must be 'exact' or 'fast', it is '{precision}'.")
    shapes = [(n, *inputs.shape[1:]) for n in (1, len(inputs))]
    if reference is not None and reference.shape not in shapes:
        raise PropagationError(
            f"The reference is shaped {tuple(reference.shape)}; it must be {shapes[0]}, like one "
            f"of the inputs, or {shapes[1]}, like all."
        )
    canonized = canonize(module)
    layers = tuple(each.layer for each in canonized)
    assigned = preset(rules).assign(layers)
    with torch.no_grad():
        if reference is None:
            steps, output = _forward(layers, assigned, inputs.detach())
        else:
            both = torch.cat([inputs.detach(), reference.detach().to(inputs)])
            count = len(inputs)
            steps, output = _beyond(layers, assigned, both, count)
            output, reference = output[:count] - output[count:], output[count:]
        check(module, canonized, inputs.detach()[:1])
    settings = PropagationSettings(
        epsilon, ignore_bias, torch.bfloat16 if precision == "fast" else None
    )
    return Trace(output, tuple(inputs.shape), tuple(steps), settings, reference)


def _forward(
    layers: tuple[Layer, ...], rules: tuple[Rule, ...], x: Tensor
) -> tuple[list[Step], Tensor]:
    """What each layer saw and gave.

    A ReLU that hides nothing from the way back is done with the layer before it, and so is a max
    pool right behind it.
    """
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)  # (B, C, H, W), channels innermost
    steps: list[Step] = []
    nonnegative, rectified = False, False  # what x is; whether as the last step's outputs
    for place, (layer, rule) in enumerate(zip(layers, rules, strict=True)):
        _fit(layer, x)
        if isinstance(layer, Rectifier):
            if not rectified:
                x, nonnegative = x.relu(), True
            continue
        if isinstance(layer, MaxPool):
            values, winners = layer.forward(x)
            if rectified:
                pooling = Pooling(layer, winners, tuple(x.shape))
                steps[-1] = replace(steps[-1], outputs=values, pooling=pooling)
            else:
                steps.append(Step(layer, rule, x, winners, nonnegative))
            x, rectified = values, False
            continue
        if isinstance(layer, AdaptivePool) and layer.leaves(x):
            continue
        seen, seen_nonnegative, rectified = x, nonnegative, False
        if isinstance(layer, Flatten):
            x = x.flatten(1)  # (B, F)
        elif isinstance(layer, Convolution | Linear):
            rectified = nonnegative = _rectifies(layers, rules, place)
            x = layer.forward(x, layer.weight, layer.bias)
            x = x.relu() if rectified else x
        else:
            x = layer.forward(x)
        floor = rule.relative * _size(x) if rule.relative else None
        steps.append(Step(layer, rule, seen, x, seen_nonnegative, rectified, floor=floor))
    return steps, x


def _beyond(
    layers: tuple[Layer, ...], rules: tuple[Rule, ...], x: Tensor, count: int
) -> tuple[list[Step], Tensor]:
    """What each layer saw and gave of the first B = `count` items beyond the others, their N = 1
    or B references, and what all give."""
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)  # (B + N, C, H, W)
    steps: list[Step] = []
    for layer, rule in zip(layers, rules, strict=True):
        _fit(layer, x)
        if isinstance(layer, Rectifier):
            x = x.relu()
            continue
        if isinstance(layer, MaxPool):
            seen, (x, winners) = x, layer.forward(x)
            greater = torch.where(x[:count] >= x[count:], winners[:count], winners[count:])
            steps.append(Step(layer, rule, seen[:count], greater, False))  # (B, C, H', W') places
            continue
        if isinstance(layer, AdaptivePool) and layer.leaves(x):
            continue
        seen = x
        if isinstance(layer, Flatten):
            x = x.flatten(1)  # (B + N, F)
        elif isinstance(layer, Convolution | Linear):
            x = layer.forward(x, layer.weight, layer.bias)
        else:
            x = layer.forward(x)
        more = x[:count] - x[count:]
        floor = rule.relative * _size(more) if rule.relative else None
        inputs = seen[:count] - seen[count:]
        steps.append(Step(layer, rule, inputs, more, False, floor=floor, difference=True))
    return steps, x


def _fit(layer: Layer, x: Tensor) -> None:
    """Raise `PropagationError` unless x is what the layer reads."""
    expected = wanted(layer, x)
    if expected is not None:
        raise PropagationError(
            f"Layer '{layer.name}' reads {expected}; what comes to it is shaped {tuple(x.shape)}, "
            f"numbers of {x.dtype}."
        )


def _size(x: Tensor) -> Tensor:
    """Root mean square of what is above zero, (B, ...) -> (B, 1, ...); 0 if nothing is."""
    above = x.clamp(min=0)
    count = torch.count_nonzero(above, dim=tuple(range(1, x.ndim)))  # (B,)
    squares = item_sums(above.square())  # (B,)
    return (squares / count.clamp(min=1)).sqrt().reshape(-1, *[1] * (x.ndim - 1))


def _rectifies(layers: tuple[Layer, ...], rules: tuple[Rule, ...], place: int) -> bool:
    """Whether a ReLU follows, and what comes back to it is zero wherever its output is."""
    if not any(isinstance(layer, Rectifier) for layer in layers[place + 1 : place + 2]):
        return False
    for layer, rule in zip(layers[place + 2 :], rules[place + 2 :], strict=True):
        if isinstance(layer, Convolution | Linear | AveragePool | AdaptivePool):
            return vanishes_with_input(rule)
    return False
