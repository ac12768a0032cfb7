"""Random families, and every layer a second time: full matrices times a mask, step by step."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

from relrec_core.experts.attention import CrossAttention, ExpertAttention, SelfAttention
from relrec_core.experts.feedforward import FeedForward
from relrec_core.experts.layers import BlockLinear, ExpertMLP
from relrec_core.experts.recurrent import ExpertGRU
from relrec_core.experts.subsets import Family
from relrec_core.experts.transformer import ExpertTransformer

GROUPS = "pqrst"


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Up to five groups of one to three columns, up to seven different experts in any order."""
    groups = GROUPS[: draw(st.integers(1, len(GROUPS)))]
    subsets = st.frozensets(st.sampled_from(groups), min_size=1)
    chosen = draw(st.lists(subsets, min_size=1, max_size=7, unique=True))
    sizes = {g: draw(st.integers(1, 3)) for g in groups}
    return Family(
        groups={g: tuple(f"{g}{n}" for n in range(size)) for g, size in sizes.items()},
        experts={f"e{i}": tuple(sorted(subset)) for i, subset in enumerate(chosen)},
    )


def widths(family: Family) -> dict[str, int]:
    return {group: len(columns) for group, columns in family.groups.items()}


def double(family: Family, seed: int = 0) -> torch.Generator:
    """A generator for inputs; layers are compared in double precision."""
    return torch.Generator().manual_seed(seed + len(family.names))


def random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def matrices(layer: BlockLinear) -> tuple[Tensor, Tensor]:
    """Full (n_out, n_in) weights that pass gradients, and those that do not; leaves to compare."""
    flowing, stopped = (torch.zeros(layer.links.n_out, layer.links.n_in).double() for _ in "ab")
    at = top = 0
    for row in layer.links.rows:
        for runs, matrix in ((row.flowing, flowing), (row.stopped, stopped)):
            for start, end in runs:
                for column in range(start, end):
                    for out in range(row.width):
                        matrix[top + out, column] = layer.weight[at].item()
                        at += 1
        top += row.width
    assert at == len(layer.weight)
    return flowing.requires_grad_(), stopped.requires_grad_()


class Dense:
    """The twin of a `BlockLinear`; `weight_gradient` gives its gradient in compact order."""

    def __init__(self, layer: BlockLinear) -> None:
        self.layer = layer
        self.flowing, self.stopped = matrices(layer)
        self.bias = layer.bias.detach().clone().requires_grad_()

    def __call__(self, x: Tensor) -> Tensor:
        return x @ self.flowing.T + x.detach() @ self.stopped.T + self.bias

    def weight_gradient(self) -> Tensor:
        found, top = [], 0
        for row in self.layer.links.rows:
            for runs, matrix in ((row.flowing, self.flowing), (row.stopped, self.stopped)):
                grad = torch.zeros_like(matrix) if matrix.grad is None else matrix.grad
                for start, end in runs:
                    found.append(grad[top : top + row.width, start:end].T.reshape(-1))
            top += row.width
        return torch.cat(found)


class Twins:
    """Twins of the layers of a module, made when first asked for."""

    def __init__(self) -> None:
        self.made: dict[int, Dense] = {}

    def of(self, layer: BlockLinear) -> Dense:
        return self.made.setdefault(id(layer), Dense(layer))

    def check_gradients(self) -> None:
        for twin in self.made.values():
            torch.testing.assert_close(twin.layer.weight.grad, twin.weight_gradient())
            torch.testing.assert_close(twin.layer.bias.grad, twin.bias.grad)

    def mlp(self, net: ExpertMLP, x: Tensor) -> Tensor:
        h = self.of(net.first)(x)
        for layer in net.inner:
            h = self.of(layer)(h.clamp(min=0))
        return h

    def feed(self, net: FeedForward, x: Tensor) -> Tensor:
        return self.of(net.narrow)(self.of(net.wide)(x).clamp(min=0))

    def norm(self, x: Tensor, experts: int) -> Tensor:
        blocks = []
        for block in x.chunk(experts, dim=-1):
            centred = block - block.mean(-1, keepdim=True)
            blocks.append(centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt())
        return torch.cat(blocks, dim=-1)

    def attention(self, net: ExpertAttention, x: Tensor, memory: Tensor, seen: Tensor) -> Tensor:
        """seen (B, T, S), True where visible; one expert and head after another."""
        if isinstance(net, SelfAttention):
            packs = [self.of(net.project)(x).chunk(net.experts, dim=-1)]
            triples = [pack.chunk(3, dim=-1) for pack in packs[0]]
        else:
            assert isinstance(net, CrossAttention)
            asks = self.of(net.query)(x).chunk(net.experts, dim=-1)
            answers = self.of(net.key_value)(memory).chunk(net.experts, dim=-1)
            triples = [(q, *kv.chunk(2, dim=-1)) for q, kv in zip(asks, answers, strict=True)]
        outputs = []
        for triple in triples:
            for q, k, v in zip(*(part.chunk(net.heads, dim=-1) for part in triple), strict=True):
                scores = torch.einsum("btd,bsd->bts", q, k) / q.shape[-1] ** 0.5
                p = scores.masked_fill(~seen, float("-inf")).softmax(-1)
                outputs.append(torch.einsum("bts,bsd->btd", p, v))
        return self.of(net.output)(torch.cat(outputs, dim=-1))

    def transformer(
        self, net: ExpertTransformer, a: Tensor, b: Tensor, seen_a: Tensor, seen_b: Tensor
    ) -> Tensor:
        """seen_a (B, S, S) in the encoder, its row 0 across; seen_b (B, T, T) in the decoder."""
        k = net.experts
        for block in net.encoder:
            n = self.norm(a, k)
            a = a + self.attention(block.attention, n, n, seen_a)
            a = a + self.feed(block.feed, self.norm(a, k))
        memory = self.norm(a, k)
        across = seen_a[:, :1].expand(-1, b.shape[1], -1)
        for block in net.decoder:
            n = self.norm(b, k)
            b = b + self.attention(block.attention, n, n, seen_b)
            b = b + self.attention(block.across, self.norm(b, k), memory, across)
            b = b + self.feed(block.feed, self.norm(b, k))
        return self.norm(b, k)

    def gru(self, net: ExpertGRU, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), net.experts * net.width, dtype=x.dtype)
        states = []
        for t in range(x.shape[1]):
            blocks = zip(
                self.of(net.input)(x[:, t]).chunk(net.experts, dim=-1),
                self.of(net.state)(h).chunk(net.experts, dim=-1),
                h.chunk(net.experts, dim=-1),
                strict=True,
            )
            new = []
            for of_x, of_h, old in blocks:
                (xr, xu, xn), (hr, hu, hn) = of_x.chunk(3, dim=-1), of_h.chunk(3, dim=-1)
                r, u = torch.sigmoid(xr + hr), torch.sigmoid(xu + hu)
                n = torch.tanh(xn + r * hn)
                new.append((1 - u) * n + u * old)
            h = torch.cat(new, dim=-1)
            states.append(h)
        return torch.stack(states, dim=1)
