"""How fast experts train beside a plain Transformer, and what their explanation costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relrec_core.experts.layers import ExpertLinear, InputLinear
from relrec_core.experts.mixture import Mixed, Mixture
from relrec_core.experts.subsets import Family
from relrec_core.experts.transformer import ExpertTransformer
from relrec_core.measurement import BenchmarkRow, row

WIDTH, BLOCKS, HEADS, RATIO = 128, 3, 8, 4
TRACKS, BATCH = 10, 256
FEATURES = {"context": 12, "interaction": 16, "general": 4, "musical": 26}
SEEN_LATER = {group: n for group, n in FEATURES.items() if group != "interaction"}
FAMILY = Family(
    groups={group: tuple(f"{group} {i}" for i in range(n)) for group, n in FEATURES.items()},
    experts={
        "context": ("context",),
        "interaction": ("interaction",),
        "track, general": ("general",),
        "track, musical": ("musical",),
        "context and interaction": ("context", "interaction"),
        "track": ("general", "musical"),
        "all but musical": ("context", "interaction", "general"),
        "all": ("context", "interaction", "general", "musical"),
    },
)
"""Shaped as the paper's Spotify experts (figure 7); features as many as its schema has."""

STEPS = 15
PREDICTIONS = 41


class _Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        block = WIDTH // len(FAMILY.names)
        self.first = InputLinear(FAMILY, FEATURES, block)
        self.second = InputLinear(FAMILY, SEEN_LATER, block)
        heads = HEADS // len(FAMILY.names)
        self.body = ExpertTransformer(FAMILY, block, BLOCKS, heads, RATIO)
        self.head = ExpertLinear(FAMILY, block, 1)
        self.mixture = Mixture(FAMILY)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        z: Tensor = self.head(self.body(self.first(a), self.second(b)))  # (B, T, K)
        return z

    def loss(self, a: Tensor, b: Tensor, y: Tensor) -> Tensor:
        return self.mixture.loss(self(a, b), y)

    def explain(self, a: Tensor, b: Tensor) -> Mixed:
        mixed: Mixed = self.mixture(self(a, b))
        return mixed


class _Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(sum(FEATURES.values()), WIDTH)
        self.second = nn.Linear(sum(SEEN_LATER.values()), WIDTH)
        same: dict[str, Any] = {"batch_first": True, "norm_first": True}
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, RATIO * WIDTH, 0.0, **same)
        encoder = nn.TransformerEncoder(
            layer, BLOCKS, nn.LayerNorm(WIDTH), enable_nested_tensor=False
        )
        self.body = nn.Transformer(
            WIDTH, HEADS, BLOCKS, BLOCKS, RATIO * WIDTH, 0.0, custom_encoder=encoder, **same
        )
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        z: Tensor = self.head(self.body(self.first(a), self.second(b)))  # (B, T, 1)
        return z[..., 0]  # (B, T)

    def loss(self, a: Tensor, b: Tensor, y: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(self(a, b), y)


def rows(quick: bool = False) -> list[BenchmarkRow]:
    """Measure both networks in turns, with as many threads as torch has.

    Sessions of 10 + 10 tracks without padding, batches of 256, 3 + 3 blocks, width 128 (8 experts
    of 16), one head an expert, feed-forward four times as wide, no dropout; a training step is
    forward, loss, backward and Adam. Ratios are medians over pairs measured one after the other.

    Args:
        quick: only see whether it works; the numbers mean nothing.

    Returns:
        name, value, unit, target (or None) and met (or None) of each number.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        experts, plain = _Experts(), _Plain()
        a = torch.randn(BATCH, TRACKS, sum(FEATURES.values()))  # (B, S, features)
        b = torch.randn(BATCH, TRACKS, sum(SEEN_LATER.values()))  # (B, T, features)
        y = torch.randint(2, (BATCH, TRACKS)).float()  # (B, T)
    ours, theirs = _in_turns(_step(experts, a, b, y), _step(plain, a, b, y), 2 if quick else STEPS)

    def predict() -> object:
        return experts.explain(a, b).probability.numpy()

    def explain() -> object:
        mixed = experts.explain(a, b)
        return mixed.probability.numpy(), mixed.attribution.numpy()

    def predict_plainly() -> object:
        return torch.sigmoid(plain(a, b)).numpy()

    experts.eval()
    plain.eval()
    with torch.no_grad():
        times = 2 if quick else PREDICTIONS
        predicted, explained = _in_turns(predict, explain, times)
        again, plainly = _in_turns(explain, predict_plainly, times)
    return [
        row("threads", torch.get_num_threads(), "threads"),
        row("parameters, experts", _size(experts), "numbers"),
        row("parameters, plain Transformer", _size(plain), "numbers"),
        row("training, experts", BATCH / float(np.median(ours)), "sessions/s"),
        row("training, plain Transformer", BATCH / float(np.median(theirs)), "sessions/s"),
        row("training, experts over plain", _ratio(theirs, ours), "x", at_least=1.5),
        row("prediction, experts", float(np.median(predicted)) * 1e3, "ms a batch"),
        row("prediction with attributions", float(np.median(explained)) * 1e3, "ms a batch"),
        row(
            "prediction with attributions over prediction alone",
            _ratio(explained, predicted),
            "of it",
            at_most=1.05,
        ),
        row(
            "prediction with attributions over the plain Transformer's prediction",
            _ratio(again, plainly),
            "of it",
        ),
    ]


def _step(net: _Experts | _Plain, a: Tensor, b: Tensor, y: Tensor) -> Callable[[], object]:
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        net.loss(a, b, y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def _in_turns(
    one: Callable[[], object], other: Callable[[], object], times: int
) -> tuple[list[float], list[float]]:
    """Seconds of each call of both, which take turns in going first; first calls do not count."""
    one()
    other()
    taken: tuple[list[float], list[float]] = ([], [])
    for n in range(times):
        turns = ((one, taken[0]), (other, taken[1]))
        for work, seconds in turns if n % 2 else turns[::-1]:
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    return taken


def _ratio(upper: list[float], lower: list[float]) -> float:
    return float(np.median(np.array(upper) / np.array(lower)))


def _size(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())
