"""What is explained is the network itself: no second use dropped, nothing changed from outside."""

from __future__ import annotations

import types
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from relrec_core.lrp import agreement, propagate, trace
from relrec_core.lrp.canonize import UnsupportedLayerError
from relrec_core.lrp.engine import PropagationError
from tests.lrp.nets import images, shaken, small

pytestmark = pytest.mark.numerics


def used_twice() -> nn.Sequential:
    shared, relu = nn.Conv2d(2, 2, 3, padding=1), nn.ReLU()
    inner = nn.Sequential(shared, relu)
    return shaken(nn.Sequential(inner, shared, relu, inner, nn.Flatten(), nn.Linear(128, 3)))


def test_a_module_used_twice_is_two_layers() -> None:
    net, x = used_twice(), images(2)
    for reference in (None, images(1, seed=2)):
        followed = trace(net, x, reference=reference)
        torch.testing.assert_close(followed.whole, net(x).detach())
        books = followed.propagate(followed.output).ledger
        assert [s.name for s in books.layers] == ["5", "3.0", "1", "0.0"]
        torch.testing.assert_close(books.score, books.inputs + books.bias + books.epsilon)


def doubled(module: nn.Module, arguments: object, output: Tensor) -> Tensor:
    return output * 2


def halved(module: nn.Module, arguments: tuple[Tensor]) -> Tensor:
    return arguments[0] / 2


class Scaled(nn.BatchNorm2d):
    def forward(self, input: Tensor) -> Tensor:
        return 2 * super().forward(input)


def replaced(net: nn.Sequential) -> None:
    net[0].forward = types.MethodType(lambda self, x: 2 * nn.Conv2d.forward(self, x), net[0])


CHANGES: dict[str, Callable[[nn.Sequential], object]] = {
    "WeightNorm": lambda net: weight_norm(net[0]),
    "_WeightNorm": lambda net: parametrizations.weight_norm(net[0]),
    "SpectralNorm": lambda net: spectral_norm(net[0]),
    "_SpectralNorm": lambda net: parametrizations.spectral_norm(net[0]),
    "_Orthogonal": lambda net: parametrizations.orthogonal(net[0]),
    "L1Unstructured": lambda net: prune.l1_unstructured(net[0], "weight", 0.5),
    "doubled": lambda net: net[1].register_forward_hook(doubled),
    "halved": lambda net: net[0].register_forward_pre_hook(halved),
    "forward was replaced": replaced,
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("why", CHANGES)
def test_what_changes_a_layer_is_refused_by_name(why: str) -> None:
    net, x = small(), images(1)
    trace(net, x)  # agreed before
    CHANGES[why](net)
    with pytest.raises(UnsupportedLayerError, match=rf"'[01]'.*\b{why}\b"):
        trace(net, x)


def test_a_hook_of_a_container_is_refused() -> None:
    net = nn.Sequential(small(), nn.ReLU())
    net[0].register_forward_hook(doubled)
    with pytest.raises(UnsupportedLayerError, match=r"'0' \(Sequential\).*doubled"):
        trace(net, images(1))


@pytest.mark.parametrize(
    ("layer", "kind"),
    [(Scaled(2), "Scaled"), (nn.MaxPool2d(2, return_indices=True), "places")],
    ids=["subclass", "return_indices"],
)
def test_what_only_looks_like_a_known_layer_is_refused(layer: nn.Module, kind: str) -> None:
    net = shaken(nn.Sequential(nn.Conv2d(2, 2, 3), layer))
    with pytest.raises(UnsupportedLayerError, match=kind):
        trace(net, images(1))


def test_permanent_pruning_is_explained() -> None:
    net, x = small(), images(2)
    prune.l1_unstructured(net[0], "weight", 0.5)
    prune.remove(net[0], "weight")
    torch.testing.assert_close(trace(net, x).output, net(x).detach())


def test_what_computes_something_else_than_its_kind_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the way: here the class itself computes its output 1 % larger."""
    plain = nn.Linear.forward
    monkeypatch.setattr(nn.Linear, "forward", lambda self, x: 1.01 * plain(self, x))
    for dtype in (torch.float32, torch.float64):
        net, x = small().to(dtype), images(2).to(dtype)
        with pytest.raises(UnsupportedLayerError, match=r"'8'.*something else"):
            trace(net, x)


def test_rounding_is_no_difference() -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        for seed in range(20):
            norms = nn.Sequential(
                *(nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU()),
                *(nn.AvgPool2d(2, divisor_override=3), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
                *(nn.Linear(16, 3), nn.BatchNorm1d(3)),
            )
            net, x = shaken(norms, seed).to(dtype).train(), images(1, seed).to(dtype)
            trace(net, x, epsilon=1e-3)
            assert net in agreement._agreed and net.training


def test_a_changed_network_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x = small(), images(1)
    trace(net, x)
    monkeypatch.setattr(nn.Linear, "forward", lambda self, x: x)
    trace(net, x)
    net[10] = nn.Linear(7, 5).double()
    with pytest.raises(UnsupportedLayerError, match="'8'"):
        trace(net, x)


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        (images(2)[:, :1], r"'0' reads \(B, 2, H, W\).*, 1, 8, 8\)"),
        (images(2)[..., :6], r"'8' reads \(B, 24\).*, 12\)"),
        (images(2)[..., :1], r"'2' reads at least 2 x 2"),
        (images(2)[0], r"'0' reads \(B, 2, H, W\).*\(\d, 8, 8\)"),
        (images(2)[0, 0, 0], r"a batch.*\(8,\)"),
        (images(2)[:0], "not empty"),
        (images(2)[..., :0], "not empty"),
        (torch.tensor(1.0, dtype=torch.float64), r"a batch.*\(\)"),
        (images(2).float(), r"'0' reads numbers of torch.float64.*torch.float32"),
        (images(2).to(torch.complex64), "floating point"),
        (images(2).long(), "floating point"),
    ],
    ids=str,
)
@pytest.mark.parametrize("beyond", [False, True])
def test_inputs_that_do_not_fit_are_refused(inputs: Tensor, found: str, beyond: bool) -> None:
    with pytest.raises(PropagationError, match=found):
        propagate(
            small(),
            inputs,
            torch.zeros(2, 5),
            reference=inputs[:1] if beyond and inputs.ndim else None,
        )


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 2, 3, dilation=2),
        nn.Conv2d(2, 2, (1, 5), padding=(0, 1)),
        nn.MaxPool2d(3, 2, 1),
        nn.MaxPool2d(4, 3, ceil_mode=True),
        nn.MaxPool2d(2, dilation=3),
        nn.AvgPool2d(4, 2, 1, ceil_mode=True),
        nn.AvgPool2d(3),
        nn.AdaptiveAvgPool2d(2),
    ],
    ids=str,
)
def test_exactly_what_the_layer_itself_can_read_is_read(layer: nn.Module) -> None:
    net = nn.Sequential(layer).double()
    for high in range(1, 7):
        for wide in range(1, 7):
            x = torch.ones(1, 2, high, wide, dtype=torch.float64)
            try:
                expected = net(x).detach()
            except RuntimeError:
                with pytest.raises(PropagationError, match="at least"):
                    trace(net, x)
            else:
                torch.testing.assert_close(trace(net, x).output, expected)


def test_a_batch_of_sequences_is_no_batch_of_features() -> None:
    with pytest.raises(PropagationError, match=r"\(B, 4\).*\(2, 3, 4\)"):
        trace(nn.Sequential(nn.Linear(4, 2)), torch.ones(2, 3, 4))
