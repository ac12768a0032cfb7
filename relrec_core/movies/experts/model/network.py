"""NCF-MLP of masked experts, and the plain one of equal input (Afchar and Hennequin 2020, 4.2).

Both give numbers z (..., K): expert i thinks that the viewer will rate the film with probability
(tanh z_i + 1) / 2 = sigmoid(2 z_i) (eq. 5). The control is one network without experts, K = 1.

Beyond the paper, whoever reads the taste of both also reads their product p_u * q_i (the layer of
generalised matrix factorisation, He et al. 2017, eq. 9): a perceptron alone learns it badly.
"""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise

import torch
from torch import Tensor, nn

from relrec_core.experts.layers import ExpertMLP
from relrec_core.experts.mixture import Mixed, Mixture, selection
from relrec_core.movies.experts.config import Config
from relrec_core.movies.experts.data.inputs import EXPERTS, Attributes, Inputs, family, with_match


def hidden_units(config: Config) -> list[int]:
    """Units of the hidden layers of the control: each has half as many as the one before."""
    return [max(config.width >> i, 1) for i in range(config.layers)]


class Network(nn.Module):
    """What both share. Shapes: B viewers, n films each, K experts, C features of a pair."""

    def __init__(self, attributes: Attributes, config: Config) -> None:
        super().__init__()
        taste = 0 if config.model == "content" else config.taste
        self.inputs = Inputs(attributes, config.content, taste)

    def forward(self, viewers: Tensor, films: Tensor) -> Tensor:
        """(B,) rows of viewers, (B, n) rows of films -> z, (B, n, K)."""
        return self.judge(self.pairs(viewers, films))

    def pairs(self, viewers: Tensor, films: Tensor) -> Tensor:
        """(B,) viewers, (B, n) films -> what is read of each pair, (B, n, C)."""
        who = self.inputs.viewers(viewers)[:, None].expand(-1, films.shape[1], -1)
        return torch.cat([who, self.inputs.films(films)], -1)

    @abstractmethod
    def judge(self, x: Tensor) -> Tensor:
        """(..., C) what is read of pairs -> z (..., K)."""

    @abstractmethod
    def mix(self, z: Tensor) -> Mixed:
        """z (..., K) -> probability (...), and who decided."""

    @abstractmethod
    def weights(self, z: Tensor) -> Tensor:
        """z (..., K) -> how much each expert learns from each pair (..., K), detached."""


class NetworkOfExperts(Network):
    """Four masked experts, each with its quarter of the hidden units."""

    def __init__(self, attributes: Attributes, config: Config) -> None:
        super().__init__(attributes, config)
        self.family = family(attributes)
        hidden = [max(width // len(EXPERTS), 1) for width in hidden_units(config)]
        self.body = ExpertMLP(with_match(self.family), self.inputs.read, hidden)
        self.mixture = Mixture(self.family, "power", config.sharpness, top="absolute")

    def judge(self, x: Tensor) -> Tensor:
        """(..., C) -> z (..., 4) of the four experts."""
        z: Tensor = self.body(self.inputs.matched(x))  # (..., 4)
        return z

    def mix(self, z: Tensor) -> Mixed:
        """z (..., 4) -> probability (...) and attribution, RecSys'20 section 3.3.2."""
        mixed: Mixed = self.mixture(z)
        return mixed

    def weights(self, z: Tensor) -> Tensor:
        """E-step of section 3.3.4, in which a child takes from its parents what it takes from
        them in prediction: a parent learns all that will be left to it."""
        z = z.detach()
        taking = self.mixture.gates(z)  # (..., 4)
        return selection(torch.tanh(z).abs(), self.mixture.below, taking)  # (..., 4)


class Control(Network):
    """One multi-layer network that reads everything (He et al. 2017, section 3.3).

    Without taste, only content is left to it: what viewers and films are like, not who they are.
    """

    def __init__(self, attributes: Attributes, config: Config) -> None:
        super().__init__(attributes, config)
        sizes = [sum(self.inputs.read.values()), *hidden_units(config)]
        layers = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU(inplace=True))]
        self.body = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    def judge(self, x: Tensor) -> Tensor:
        """(..., C) -> z (..., 1)."""
        z: Tensor = self.body(self.inputs.matched(x))  # (..., 1)
        return z

    def mix(self, z: Tensor) -> Mixed:
        """z (..., 1) -> probability (...); the one network decides all."""
        probability, one = torch.sigmoid(2 * z), torch.ones_like(z)  # (..., 1)
        return Mixed(probability[..., 0], one, one, probability)

    def weights(self, z: Tensor) -> Tensor:
        """z (..., 1) -> ones: its loss is the plain cross-entropy."""
        return torch.ones_like(z)  # (..., 1): the loss is the plain cross-entropy


def network(attributes: Attributes, config: Config) -> Network:
    """The network that the settings ask for, with fresh weights."""
    kind = NetworkOfExperts if config.model == "experts" else Control
    return kind(attributes, config)
