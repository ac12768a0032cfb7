"""Rules of relevance propagation, as data; `engine` executes them all.

Every rule is a sum of quotients, one common form:

    R_i = sum_q share_q sum_j  n_ij / (sum_i n_ij + eps * sgn(sum_i n_ij))  R_j

with numerator n_ij = sum_t factor_t * x_t,i * w_t,ij, where x_t and w_t are simple functions of the
layer's input x and weight w, named below. A bias is the weight of one more input that is always 1,
so x+ of it is 1 and x- is 0. sgn 0 = +1.

Bach et al. 2015 (epsilon, alpha-beta); Montavon et al. 2017 (z-plus, z-box, w-square);
Lapuschkin et al. 2019 (flat); Montavon et al. 2019 (gamma), in the form of Andéol et al. 2021 that
allows inputs of either sign.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

InputName = Literal["x", "x+", "x-", "low", "high", "1"]
WeightName = Literal["w", "w+", "w-", "w^2", "1"]
Condition = Literal["always", "z >= 0", "z < 0"]


@dataclass(frozen=True)
class Term:
    """One product of the numerator: factor * x_t * w_t."""

    inputs: InputName
    weight: WeightName
    factor: float = 1.0


@dataclass(frozen=True)
class Quotient:
    """Numerator, its share of the relevance, and for which outputs z_j it holds."""

    terms: tuple[Term, ...]
    share: float = 1.0
    bias: bool = True
    where: Condition = "always"


Bounds = tuple[float, ...] | None
"""One number, or one a channel (C,); None: each input's own least or greatest by channel."""


class Rule(ABC):
    """What the engine needs of a rule.

    `relative` is the stabiliser's part that suits the layer, in root mean squares of its outputs
    above zero; `bounds` are the least and the greatest value of an input.
    """

    relative: float = 0.0
    bounds: tuple[Bounds, Bounds] = (None, None)

    @property
    @abstractmethod
    def quotients(self) -> tuple[Quotient, ...]:
        """The quotients whose sum the rule is."""
        ...


PLAIN = (Term("x", "w"),)
POSITIVE = (Term("x+", "w+"), Term("x-", "w-"))
NEGATIVE = (Term("x+", "w-"), Term("x-", "w+"))


@dataclass(frozen=True)
class Epsilon(Rule):
    """R_i = sum_j x_i w_ij / (z_j + eps sgn z_j) R_j (Bharadhwaj 2018, eq. 4)."""

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One, of x w."""
        return (Quotient(PLAIN),)


@dataclass(frozen=True)
class RelativeEpsilon(Rule):
    """The epsilon rule with a stabiliser that suits the layer, so that weak evidence is left out.

    To eps comes `relative` times the root mean square of the layer's outputs above zero, by item;
    Montavon et al. 2019 choose it by the outputs' standard deviation alike.
    """

    relative: float = 0.1

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One, of x w."""
        return (Quotient(PLAIN),)


@dataclass(frozen=True)
class Gamma(Rule):
    """Favours contributions of the sign of the output: n_ij = z_ij + gamma * (z_ij of that sign).

    For inputs >= 0 and active outputs this is x_i (w_ij + gamma w_ij+), Montavon et al. 2019.
    """

    gamma: float = 0.25

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One for outputs from 0 up, one for those below; each favours what has its sign."""
        up, down = (
            PLAIN + tuple(Term(t.inputs, t.weight, self.gamma) for t in terms)
            for terms in (POSITIVE, NEGATIVE)
        )
        return (Quotient(up, where="z >= 0"), Quotient(down, where="z < 0"))


@dataclass(frozen=True)
class ZPlus(Rule):
    """Only positive contributions: n_ij = max(0, x_i w_ij)."""

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One, of (x w)+."""
        return (Quotient(POSITIVE),)


@dataclass(frozen=True)
class AlphaBeta(Rule):
    """alpha * positive part - beta * negative part; alpha - beta must be 1 to conserve."""

    alpha: float = 2.0
    beta: float = 1.0

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """Two: alpha times that of (x w)+, less beta times that of (x w)-."""
        return (Quotient(POSITIVE, share=self.alpha), Quotient(NEGATIVE, share=-self.beta))


@dataclass(frozen=True)
class ZBox(Rule):
    """For inputs within bounds: n_ij = x_i w_ij - low_i w_ij+ - high_i w_ij-, no bias.

    Without bounds, each input's own least and greatest value by channel are taken.
    """

    bounds: tuple[Bounds, Bounds] = (None, None)

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One, of x w - low w+ - high w-."""
        terms = (Term("x", "w"), Term("low", "w+", -1.0), Term("high", "w-", -1.0))
        return (Quotient(terms, bias=False),)


@dataclass(frozen=True)
class Flat(Rule):
    """Evenly over the inputs an output sees: n_ij = 1, no bias."""

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One, of 1."""
        return (Quotient((Term("1", "1"),), bias=False),)


@dataclass(frozen=True)
class WSquare(Rule):
    """By squared weight, whatever the input: n_ij = w_ij^2, no bias."""

    @property
    def quotients(self) -> tuple[Quotient, ...]:
        """One, of w^2."""
        return (Quotient((Term("1", "w^2"),), bias=False),)


def vanishes_with_input(rule: Rule) -> bool:
    """Whether an input of 0 always gets relevance 0."""
    return all(t.inputs in ("x", "x+", "x-") for q in rule.quotients for t in q.terms)
