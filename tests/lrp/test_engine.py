"""Whole networks: against definitions, against captum, the books, and purity."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from relrec_core.errors import ConfigError
from relrec_core.lrp import propagate, trace
from relrec_core.lrp.canonize import UnsupportedLayerError
from relrec_core.lrp.engine import PropagationError
from relrec_core.lrp.layers import Linear
from relrec_core.lrp.presets import PRESETS, Preset
from relrec_core.lrp.rules import (
    AlphaBeta,
    Epsilon,
    Flat,
    Gamma,
    RelativeEpsilon,
    Rule,
    WSquare,
    ZBox,
    ZPlus,
)
from tests.lrp.dense import propagate_densely
from tests.lrp.nets import images, shaken, small

pytestmark = pytest.mark.numerics


RANDOM = torch.Generator().manual_seed(9)
WEIGHTED = ("0", "3", "8", "10")
ASSIGNED: dict[str, dict[str, Rule]] = {
    "paper": {},
    "reference": {"0": RelativeEpsilon()},
    "epsilon-gamma": {"3": Gamma(0.1)},
    "epsilon-plus-flat": {"0": Flat(), "3": ZPlus()},
    "epsilon-gamma-box": {"0": ZBox(), "3": Gamma()},
}


@pytest.mark.parametrize("ignore_bias", [False, True])
@pytest.mark.parametrize("epsilon", [1e-4, 1e-2, 1.0, 100.0])
@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_their_definition(name: str, epsilon: float, ignore_bias: bool) -> None:
    net, x = small(), images(3)
    relevance = torch.randn(3, 5, generator=RANDOM).double()  # silent units at the top included
    got = propagate(net, x, relevance, name, epsilon, ignore_bias)
    for item in range(3):
        want = propagate_densely(
            net, x[item], relevance[item], ASSIGNED[name], epsilon, ignore_bias
        )
        torch.testing.assert_close(got.relevance[item], want)


@pytest.mark.parametrize(
    "rule",
    [Epsilon(), RelativeEpsilon(), Gamma(), ZPlus(), AlphaBeta(), ZBox(), Flat(), WSquare()],
    ids=str,
)
def test_any_rule_may_stand_anywhere(rule: Rule) -> None:
    net, x = small(), images(2)
    relevance = torch.randn(2, 5, generator=RANDOM).double()
    got = propagate(net, x, relevance, Preset.everywhere(rule), 0.05)
    for item in range(2):
        rules = dict.fromkeys(WEIGHTED, rule)
        want = propagate_densely(net, x[item], relevance[item], rules, 0.05)
        torch.testing.assert_close(got.relevance[item], want)


@pytest.mark.parametrize("ignore_bias", [False, True])
@pytest.mark.parametrize("rules", [*PRESETS, Preset.everywhere(AlphaBeta())], ids=str)
def test_the_books_close_layer_by_layer(rules: str | Preset, ignore_bias: bool) -> None:
    net, x = small(), images(4)
    got = propagate(net, x, net(x).detach(), rules, 0.1, ignore_bias)
    books = got.ledger
    assert [s.name for s in books.layers] == ["10", "8", "5", "3", "0"]
    for above, below in zip(books.layers, books.layers[1:], strict=False):
        assert torch.equal(above.outgoing, below.incoming)
    for shares in books.layers:
        assert shares.gap.abs().max() < 1e-9
    torch.testing.assert_close(books.inputs, got.relevance.flatten(1).sum(1))
    torch.testing.assert_close(books.score, net(x).detach().sum(1))
    torch.testing.assert_close(books.score, books.inputs + books.bias + books.epsilon)
    assert (books.bias.abs().max() == 0) == ignore_bias
    assert books.of(2).closes()
    assert books.of(2).bias == float(books.bias[2])


def test_without_biases_and_with_tiny_epsilon_it_is_gradient_times_input() -> None:
    net = small()
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.bias = None
    x = images(3).requires_grad_(True)
    net(x).sum().backward()
    got = propagate(net, x, net(x).detach(), epsilon=1e-12)
    torch.testing.assert_close(got.relevance, (x * x.grad).detach())
    torch.testing.assert_close(got.ledger.inputs, got.ledger.score)


@pytest.mark.parametrize("kind", ["2d", "1d"])
def test_batch_norm_is_merged_on_a_copy(kind: str) -> None:
    if kind == "2d":
        net = shaken(nn.Sequential(nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU()))
        x = images(2)
    else:
        net = shaken(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU()))
        x = torch.randn(2, 4, generator=RANDOM).double()
    before = {name: t.clone() for name, t in net.state_dict().items()}
    followed = trace(net, x, epsilon=1e-3)
    torch.testing.assert_close(followed.output, net(x).detach())
    got = followed.propagate(followed.output)
    norm = net[1]
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    merged = type(net[0])(2, 3, 3) if kind == "2d" else nn.Linear(4, 3)
    old_bias = 0 if net[0].bias is None else net[0].bias
    weight = net[0].weight * scale.reshape(-1, *[1] * (net[0].weight.ndim - 1))
    merged.weight = nn.Parameter(weight.detach())
    merged.bias = nn.Parameter(((old_bias - norm.running_mean) * scale + norm.bias).detach())
    plain = nn.Sequential(merged, nn.ReLU()).double()
    torch.testing.assert_close(
        got.relevance, propagate(plain, x, followed.output, epsilon=1e-3).relevance
    )
    assert all(torch.equal(before[name], t) for name, t in net.state_dict().items())


def test_single_precision_is_double_precision_but_for_rounding() -> None:
    """Other kernels compute it. A layer's n products are rounded by n 2^-24 of their absolute sum,
    which is below 100 times the stabiliser: four layers of n = 36 at most make that 1e-3."""
    net, x = small(), images(3)
    want = propagate(net, x, net(x).detach(), epsilon=1.0).relevance
    net, x = net.float(), x.float()
    got = propagate(net, x, net(x).detach(), epsilon=1.0).relevance
    assert (got - want).norm() <= 1e-3 * want.norm()


@pytest.mark.parametrize("active", [0, 1, 3, 5, 6])
def test_a_linear_layer_reads_only_what_is_active(active: int) -> None:
    weight = torch.randn(6, 10, generator=RANDOM)
    s = torch.zeros(2, 6)
    s[1, :active] = torch.randn(active, generator=RANDOM)
    got = Linear("layer", weight, None).transpose(s, weight, (2, 10))
    torch.testing.assert_close(got, s @ weight)


class Flattening(nn.Module):
    """The same network, written so that captum's LRP, which knows no flatten, can explain it."""

    def __init__(self, net: nn.Sequential) -> None:
        super().__init__()
        self.body, self.head = net[:6], net[8:]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(1))


@pytest.mark.filterwarnings("ignore:Input Tensor 0")
def test_captum_agrees() -> None:
    from captum.attr import LRP
    from captum.attr._utils.lrp_rules import EpsilonRule

    net, x = small(), images(3)
    output = net(x).detach()
    best = torch.zeros_like(output).scatter(1, output.argmax(1, keepdim=True), 1.0)
    got = propagate(net, x, output * best, epsilon=1e-3)
    for place in (0, 3, 5, 8, 10):
        net[place].rule = EpsilonRule(epsilon=1e-3)
    want = LRP(Flattening(net)).attribute(x, target=output.argmax(1))
    torch.testing.assert_close(got.relevance, want.detach())


def test_items_of_a_batch_do_not_influence_one_another() -> None:
    net, x = small(), images(5)
    for rules in PRESETS:
        whole = propagate(net, x, net(x).detach(), rules)
        for item in range(5):
            part = x[item : item + 1]
            alone = propagate(net, part, net(part).detach(), rules)
            torch.testing.assert_close(whole.relevance[item], alone.relevance[0])
            torch.testing.assert_close(whole.ledger.bias[item], alone.ledger.bias[0])


@pytest.mark.parametrize("rules", PRESETS)
def test_many_relevances_of_one_input(rules: str) -> None:
    net, x = small(), images(1)
    relevances = torch.randn(4, 5, generator=RANDOM).double()
    together = trace(net, x, rules, 0.01).propagate(relevances)
    each = propagate(net, x.expand(4, -1, -1, -1), relevances, rules, 0.01)
    torch.testing.assert_close(together.relevance, each.relevance)
    torch.testing.assert_close(together.ledger.bias, each.ledger.bias)
    torch.testing.assert_close(together.ledger.epsilon, each.ledger.epsilon)


def test_nothing_is_changed() -> None:
    net, x = small().train(), images(2).requires_grad_(True)
    relevance = torch.ones(2, 5).double()
    net[0].weight.requires_grad_(False)
    before = {name: t.clone() for name, t in net.state_dict().items()}
    grads = [p.requires_grad for p in net.parameters()]
    kept, layout = x.detach().clone(), x.stride()
    followed = trace(net, x)
    first = followed.propagate(relevance)
    second = followed.propagate(relevance)
    assert torch.equal(first.relevance, second.relevance)
    assert not first.relevance.requires_grad
    assert torch.equal(x, kept)
    assert x.stride() == layout
    assert x.grad is None
    assert torch.equal(relevance, torch.ones(2, 5).double())
    assert all(torch.equal(before[name], t) for name, t in net.state_dict().items())
    assert [p.requires_grad for p in net.parameters()] == grads
    assert all(p.grad is None for p in net.parameters())
    assert net.training
    assert not any(m._forward_hooks or m._backward_hooks for m in net.modules())
    assert torch.is_grad_enabled()


def test_two_threads_explain_with_one_model() -> None:
    net = small()
    batches = [images(2, seed) for seed in range(8)]
    want = [propagate(net, x, net(x).detach()).relevance for x in batches]
    wrong: list[int] = []

    def work(turn: int) -> None:
        for _ in range(20):
            for place, x in list(enumerate(batches))[turn::2]:
                got = propagate(net, x, net(x).detach()).relevance
                if not torch.equal(got, want[place]):
                    wrong.append(place)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class Swish(nn.ReLU):
    def forward(self, input: Tensor) -> Tensor:
        return input * torch.sigmoid(input)


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (nn.Sigmoid(), "Sigmoid"),
        (Swish(), "Swish"),
        (nn.ConvTranspose2d(4, 4, 3), "ConvTranspose2d"),
        (nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), "Conv2d"),
        (nn.Conv2d(4, 4, 2, padding="same"), "Conv2d"),
        (nn.Flatten(2), "Flatten"),
        (nn.BatchNorm2d(4), "BatchNorm2d"),
    ],
)
def test_a_layer_without_a_rule_is_refused_by_name(layer: nn.Module, kind: str) -> None:
    body = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), layer)
    net = nn.Sequential(OrderedDict(body=body))
    with pytest.raises(UnsupportedLayerError, match=rf"'body.2' \({kind}\)"):
        propagate(net, images(1).float(), torch.zeros(1))


def test_batch_norm_without_statistics_is_refused() -> None:
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))
    with pytest.raises(UnsupportedLayerError, match="no running statistics"):
        trace(net, images(1).float())


def test_bad_requests_are_refused() -> None:
    net, x = small(), images(2)
    with pytest.raises(PropagationError, match=r"\(2, 5\).*\(2, 4\)"):
        propagate(net, x, torch.zeros(2, 4).double())
    with pytest.raises(PropagationError, match="floating point"):
        propagate(net, torch.zeros(1, 2, 8, 8, dtype=torch.int64), torch.zeros(1, 5))
    for epsilon in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="epsilon"):
            propagate(net, x, torch.zeros(2, 5), epsilon=epsilon)
    with pytest.raises(ConfigError, match="no preset"):
        propagate(net, x, torch.zeros(2, 5), rules="gamma")
    with pytest.raises(ConfigError, match="precision"):
        trace(net, x, precision="half")  # type: ignore[arg-type]


@pytest.mark.parametrize("rules", PRESETS)
def test_fast_mode_is_close(rules: str) -> None:
    net, x = small().float(), images(4).float()
    output = net(x).detach()
    exact = propagate(net, x, output, rules)
    fast = trace(net, x, rules, precision="fast").propagate(output)
    assert fast.relevance.dtype == torch.float32
    cosines = torch.cosine_similarity(exact.relevance.flatten(1), fast.relevance.flatten(1))
    assert cosines.min() > 0.999
