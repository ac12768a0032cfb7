"""What inputs give beyond a reference: its definition, its books, DeepLIFT as a second opinion."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from relrec_core.lrp import propagate, trace
from relrec_core.lrp.engine import Precision, PropagationError
from relrec_core.lrp.presets import Preset
from relrec_core.lrp.rules import AlphaBeta, Epsilon, Gamma, RelativeEpsilon, Rule, ZPlus
from tests.lrp.dense import propagate_densely
from tests.lrp.nets import images, shaken, small

pytestmark = pytest.mark.numerics

WEIGHTED = ("0", "3", "8", "10")
RULES = [Epsilon(), RelativeEpsilon(0.1), Gamma(), ZPlus(), AlphaBeta()]
RANDOM = torch.Generator().manual_seed(12)


@pytest.mark.parametrize("ignore_bias", [False, True])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_layer_distributes_by_differences(rule: Rule, ignore_bias: bool) -> None:
    net, x, references = small(), images(3), images(3, seed=2)
    relevance = torch.randn(3, 5, generator=RANDOM).double()
    rules = Preset.everywhere(rule)
    for reference in (references, references[:1]):
        got = propagate(net, x, relevance, rules, 0.05, ignore_bias, reference=reference)
        for item, of_item in enumerate(reference.expand_as(x)):
            want = propagate_densely(
                net, x[item], relevance[item], dict.fromkeys(WEIGHTED, rule), 0.05, False, of_item
            )
            torch.testing.assert_close(got.relevance[item], want)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_biases_take_nothing(rule: Rule) -> None:
    net, x, reference = small(), images(4), images(1, seed=2)
    followed = trace(net, x, Preset.everywhere(rule), 0.1, reference=reference)
    torch.testing.assert_close(followed.output, (net(x) - net(reference)).detach())
    torch.testing.assert_close(followed.reference, net(reference).detach())
    books = followed.propagate(followed.output).ledger
    assert float(books.bias.abs().max()) == 0
    for shares in books.layers:
        assert shares.gap.abs().max() < 1e-9
    torch.testing.assert_close(books.score, books.inputs + books.epsilon)


def test_without_a_stabiliser_pixels_make_up_the_whole_difference() -> None:
    net, x, reference = small(), images(4), images(1, seed=2)
    more = (net(x) - net(reference)).detach()
    got = propagate(net, x, more, "paper", 1e-14, reference=reference)
    torch.testing.assert_close(got.relevance.flatten(1).sum(1), more.sum(1))


def test_nothing_is_more_than_itself() -> None:
    net, x = small(), images(1)
    followed = trace(net, x, "reference", reference=x)
    assert float(followed.propagate(followed.output).relevance.abs().max()) == 0


def test_what_a_pool_lost_is_laid_to_where_the_reference_was_greatest() -> None:
    window, other = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[5.0, 1.0], [0.0, 0.0]])
    x, reference = (w[None, None].double() for w in (window, other))
    lost = propagate(nn.Sequential(nn.MaxPool2d(2)), x, x[..., :1, :1], reference=reference)
    assert lost.relevance.flatten().tolist() == [1, 0, 0, 0]
    won = propagate(nn.Sequential(nn.MaxPool2d(2)), reference, x[..., :1, :1], reference=x)
    assert won.relevance.flatten().tolist() == [1, 0, 0, 0]
    (kept,) = propagate(
        nn.Sequential(nn.MaxPool2d(2)), x, x[..., :1, :1], reference=x / 2
    ).relevance
    assert kept.flatten().tolist() == [0, 1, 0, 0]


@pytest.mark.filterwarnings("ignore:Input Tensor 0", "ignore:Setting forward")
def test_deeplift_agrees() -> None:
    """Without max pools, through which captum's does not sum to the difference."""
    from captum.attr import DeepLift

    net = shaken(
        nn.Sequential(
            *(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(48, 7), nn.ReLU(), nn.Linear(7, 5)),
        ),
        seed=8,
    )
    x, reference = images(3), images(1, seed=2)
    more = (net(x) - net(reference)).detach()
    for target in range(5):
        asked = more * nn.functional.one_hot(torch.tensor(target), 5)
        got = propagate(net, x, asked, "paper", 1e-14, reference=reference)
        want = DeepLift(net).attribute(x, reference.expand_as(x), target=target)
        torch.testing.assert_close(got.relevance, want.detach(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_items_do_not_influence_one_another(precision: Precision) -> None:
    """In double precision; the fast way back rounds to 8 binary digits, one of which may differ."""
    net, x, reference = small(), images(5), images(1, seed=2)
    relevance = torch.randn(5, 5, generator=RANDOM).double()
    whole = trace(net, x, "reference", precision=precision, reference=reference).propagate(
        relevance
    )
    for item in range(5):
        alone = trace(
            net, x[item : item + 1], "reference", precision=precision, reference=reference
        )
        got = alone.propagate(relevance[item : item + 1])
        many = alone.propagate(relevance)
        digits = 40 if precision == "exact" else 6
        apart = float(got.relevance.abs().max()) * 2**-digits
        for among in (whole, many):
            torch.testing.assert_close(among.relevance[item], got.relevance[0], rtol=0, atol=apart)


@pytest.mark.parametrize("epsilon", [1e-6, 1e-3, 0.1])
def test_rounding_moves_relevance_by_no_more_than_the_stabiliser_allows(epsilon: float) -> None:
    """One layer: delta_j / (|z_j| + eps) of what flows through z_j, delta its rounding, if it keeps
    its sign; else up to 2 / eps."""
    for seed in range(30):
        draw = torch.Generator().manual_seed(seed)
        net = nn.Sequential(nn.Linear(40, 30, bias=False))
        net[0].weight.data = torch.randn(30, 40, generator=draw)
        x, asked = torch.randn(7, 40, generator=draw), torch.randn(7, 30, generator=draw)
        got = propagate(net, x, asked, "paper", epsilon).relevance.double()
        net, x, asked = net.double(), x.double(), asked.double()
        want = propagate(net, x, asked, "paper", epsilon).relevance
        weight = net[0].weight.detach()
        z, size = x @ weight.T, x.abs() @ weight.abs().T  # (7, 30) each
        u = 2.0**-24
        delta = 42 * u * size
        share = torch.where(z.abs() > delta, delta / (z.abs() - delta + epsilon), 2.0)
        quotient = asked.abs() / ((z.abs() - delta).clamp(min=0) + epsilon)  # (7, 30)
        bound = x.abs() * ((quotient * (share + 35 * u)) @ weight.abs())
        assert ((got - want).abs() <= bound).all()


def test_a_reference_of_another_shape_is_refused() -> None:
    net, x = small(), images(3)
    for reference in (images(2), images(4), images(1)[:, :, :6], images(1)[0]):
        with pytest.raises(PropagationError, match="reference"):
            propagate(net, x, net(x).detach(), "reference", reference=reference)
