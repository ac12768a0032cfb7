"""Networks that predict the skips of the second half B from the first half A and from B's tracks.

All of them give numbers z (B, T, K), and expert i predicts a skip with probability
(tanh z_i + 1) / 2 = sigmoid(2 z_i) (Afchar and Hennequin 2020, eq. 5). The control is one network
without experts, K = 1.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from relrec_core.experts.layers import ExpertLinear, InputLinear
from relrec_core.experts.mixture import Mixed, Mixture, gem_loss
from relrec_core.experts.recurrent import ExpertGRU
from relrec_core.experts.subsets import Family
from relrec_core.experts.transformer import ExpertTransformer
from relrec_core.sessions.config import EXPERTS, Config
from relrec_core.sessions.data.encoding import Encoding
from relrec_core.sessions.model.families import family, widths


class Network(nn.Module):
    """What all networks share. Shapes: S tracks of A, T tracks of B, K experts."""

    family: Family | None = None
    """The experts; None where there are none."""

    @abstractmethod
    def forward(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """a (B, S, columns of A), b (B, T, columns of B), masks (B, S), (B, T) -> z (B, T, K)."""

    @abstractmethod
    def mix(self, z: Tensor) -> Mixed:
        """z (B, T, K) -> probability of a skip (B, T), and who decided."""

    @abstractmethod
    def weights(self, z: Tensor) -> Tensor:
        """z (B, T, K) -> how much each expert learns from each place (B, T, K), detached."""

    @staticmethod
    def loss(z: Tensor, target: Tensor, weights: Tensor, mask: Tensor, totals: Tensor) -> Tensor:
        """Loss of a part of a batch, (); `totals` (K,) are the weight sums of the whole batch."""
        return gem_loss(z, target, weights, mask, totals)


class ExpertNetwork(Network):
    """Experts over both halves; an expert reads of B what B has of its groups."""

    def __init__(self, family: Family, encoding: Encoding, config: Config) -> None:
        super().__init__()
        self.family = family
        self.first = InputLinear(family, widths(encoding.columns_a), config.block)
        self.second = InputLinear(family, widths(encoding.columns_b), config.block)
        self.head = ExpertLinear(family, config.block, 1)
        self.mixture = Mixture(family)

    def forward(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """z (B, T, K): one number an expert and place, before the tanh."""
        x = self._body(self.first(a), self.second(b), mask_a, mask_b)  # (B, T, K * w)
        z: Tensor = self.head(x)  # (B, T, K)
        return z

    @abstractmethod
    def _body(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """a (B, S, K * w), b (B, T, K * w) -> (B, T, K * w)."""

    def mix(self, z: Tensor) -> Mixed:
        """z (B, T, K) -> probability of a skip (B, T) and attribution, RecSys'20 section 3.3.2."""
        mixed: Mixed = self.mixture(z)
        return mixed

    def weights(self, z: Tensor) -> Tensor:
        """E-step of the generalised EM, RecSys'20 section 3.3.4: alpha (B, T, K), detached."""
        return self.mixture.weights(z)


class TransformerOfExperts(ExpertNetwork):
    """Encoder over A, decoder over B that attends to it (section 4.3.4)."""

    def __init__(self, family: Family, encoding: Encoding, config: Config) -> None:
        super().__init__(family, encoding, config)
        self.body = ExpertTransformer(
            family, config.block, config.blocks, config.heads, config.ratio
        )

    def _body(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        x: Tensor = self.body(a, b, mask_a, mask_b)  # (B, T, K * w)
        return x


class GRUOfExperts(ExpertNetwork):
    """Layers of GRUs that read A, and go on reading B from the state in which A left them."""

    def __init__(self, family: Family, encoding: Encoding, config: Config) -> None:
        super().__init__(family, encoding, config)
        layers, block = range(config.blocks), config.block
        self.readers = nn.ModuleList(ExpertGRU(family, block, block) for _ in layers)
        self.writers = nn.ModuleList(ExpertGRU(family, block, block) for _ in layers)

    def _body(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        for reader, writer in zip(self.readers, self.writers, strict=True):
            read, state = reader(a, None, mask_a)  # (B, S, K * w), (B, K * w)
            written, _ = writer(b, state, mask_b)  # (B, T, K * w)
            a, b = a + read, b + written
        return b


class Control(Network):
    """A plain Transformer of the same width, depth and heads that reads everything."""

    def __init__(self, encoding: Encoding, config: Config) -> None:
        super().__init__()
        width, heads = config.width, EXPERTS * config.heads
        self.first = nn.Linear(len(encoding.columns_a), width)
        self.second = nn.Linear(len(encoding.columns_b), width)
        layer = nn.TransformerEncoderLayer(
            width, heads, config.ratio * width, 0.0, batch_first=True, norm_first=True
        )
        encoder = nn.TransformerEncoder(
            layer, config.blocks, nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.body = nn.Transformer(
            width,
            heads,
            config.blocks,
            config.blocks,
            config.ratio * width,
            0.0,
            custom_encoder=encoder,
            batch_first=True,
            norm_first=True,
        )
        self.head = nn.Linear(width, 1)

    def forward(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """z (B, T, 1) of one plain Transformer that reads everything."""
        x = self.body(
            self.first(a),
            self.second(b),
            src_key_padding_mask=~mask_a,
            tgt_key_padding_mask=~mask_b,
            memory_key_padding_mask=~mask_a,
        )  # (B, T, width)
        z: Tensor = self.head(x)  # (B, T, 1)
        return z

    def mix(self, z: Tensor) -> Mixed:
        """z (B, T, 1) -> probability of a skip (B, T); the one network decides all."""
        probability, one = torch.sigmoid(2 * z), torch.ones_like(z)  # (B, T, 1)
        return Mixed(probability[..., 0], one, one, probability)

    def weights(self, z: Tensor) -> Tensor:
        """z (B, T, 1) -> ones: its loss is the plain cross-entropy."""
        return torch.ones_like(z)  # (B, T, 1): the loss is the plain cross-entropy


def network(encoding: Encoding, config: Config) -> Network:
    """The network that the settings ask for, with fresh weights.

    Raises:
        FamilyError: the data has none of the groups that an expert reads.
    """
    if config.model == "control":
        return Control(encoding, config)
    chosen = family(config.family, encoding)
    kind = TransformerOfExperts if config.model == "transformer" else GRUOfExperts
    return kind(chosen, encoding, config)
