"""How fast and how big: VGG-16 at 224 x 224 explained, against gradients and captum, in one run.

All methods take turns, round by round, so that whatever else the computer does meets them alike. A
ratio is the median of the rounds' ratios. Processor time is given beside the clock, because it
hardly depends on what other programs do.
"""

from __future__ import annotations

import copy
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from torch import Tensor, nn

from relrec_core.lrp.engine import Precision, trace
from relrec_core.measurement import BenchmarkRow, row

ROUNDS = 9
THREADS = 2
SIDE = 224


def rows(
    trunk: Callable[[], nn.Sequential], rounds: int = ROUNDS, side: int = SIDE
) -> list[BenchmarkRow]:
    """Measure one trunk: names, values, units, and targets with whether they are met.

    Args:
        trunk: builds the network (1, 3, side, side) -> (1, F); a function of a module, so that a
            second process can build it too.
        rounds: how often each method runs.
        side: of the picture, in pixels.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        wall, cpu, cosine = _times(trunk(), rounds, side)
    finally:
        torch.set_num_threads(before)
    measured: list[BenchmarkRow] = []
    for name in wall:
        measured.append(row(f"{name}, median", statistics.median(wall[name]), "s"))
        measured.append(row(f"{name}, least", min(wall[name]), "s"))
        measured.append(row(f"{name}, processor time, median", statistics.median(cpu[name]), "s"))
    for kind, times in (("time", wall), ("processor time", cpu)):
        floor, captum = times["forward and gradient"], times["captum LRP"]
        for name in ("paper", "paper, fast"):
            ours = times[name]
            target = 0.9 if name == "paper" else None
            ratio = _ratio(ours, floor)
            measured.append(row(f"{kind}, {name} / gradient", ratio, "ratio", at_most=target))
        gain = _ratio(captum, times["paper"])
        measured.append(row(f"{kind}, captum / paper", gain, "x", at_least=1.9))
    measured.append(row("cosine of fast to exact", cosine, "cosine", at_least=0.999))
    measured.append(row("peak memory, batch of 8", _peak(trunk, side), "GB", at_most=3.0))
    return measured


def _ratio(numerators: list[float], denominators: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def _times(
    net: nn.Sequential, rounds: int, side: int
) -> tuple[dict[str, list[float]], dict[str, list[float]], float]:
    """Seconds by the clock and of processor, by method and round, and the fast mode's cosine."""
    net = net.eval().requires_grad_(False)
    plain = copy.deepcopy(net).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    captum = _captum(plain)

    def gradient() -> None:
        inputs = x.clone().requires_grad_(True)
        plain(inputs).amax().backward()

    methods: dict[str, Callable[[], object]] = {
        "forward and gradient": gradient,
        "paper": lambda: _explained(net, x, "exact"),
        "paper, fast": lambda: _explained(net, x, "fast"),
        "captum LRP": lambda: captum(x),
    }
    wall: dict[str, list[float]] = {name: [] for name in methods}
    cpu: dict[str, list[float]] = {name: [] for name in methods}
    for turn in range(rounds + 1):
        for name, method in methods.items():
            start, worked = time.perf_counter(), time.process_time()
            method()
            if turn:  # the first round warms up
                wall[name].append(time.perf_counter() - start)
                cpu[name].append(time.process_time() - worked)
    exact, fast = _explained(net, x, "exact"), _explained(net, x, "fast")
    cosine = torch.cosine_similarity(exact.flatten(), fast.flatten(), dim=0)
    return wall, cpu, float(cosine)


def _explained(net: nn.Sequential, x: Tensor, precision: Precision) -> Tensor:
    """Relevance (B, 3, H, W) of each item's strongest feature."""
    followed = trace(net, x, precision=precision)
    strongest = followed.output == followed.output.amax(dim=1, keepdim=True)  # (B, F)
    return followed.propagate(followed.output * strongest).relevance


class _Unflattened(nn.Module):
    """The same network for captum's LRP, which knows no flatten layer."""

    def __init__(self, net: nn.Sequential) -> None:
        super().__init__()
        place = [name for name, _ in net.named_children()].index("flatten")
        self.before = net[:place]
        self.after = net[place + 1 :] if len(net) > place + 1 else None

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.before(x).flatten(1)  # (B, F')
        return y if self.after is None else self.after(y)  # (B, F)


def _captum(net: nn.Sequential) -> Callable[[Tensor], object]:
    from captum.attr import LRP

    method = LRP(_Unflattened(copy.deepcopy(net)))

    def explain(x: Tensor) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that gradients are being required
            return method.attribute(x, target=0)

    return explain


def _peak(trunk: Callable[[], nn.Sequential], side: int) -> float:
    """Largest resident memory, in GB, of a process that explains a batch of 8 (Linux)."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_explain_eight, trunk, side).result()


def _explain_eight(trunk: Callable[[], nn.Sequential], side: int) -> float:
    torch.set_num_threads(THREADS)
    _explained(trunk().eval(), torch.randn(8, 3, side, side), "exact")
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak) / 1e6
