"""Pairs of images: each branch through its own activations, and regions against regions."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from relrec_core.lrp import Head, contrast, correspondence, evidence, explain_pair, paper, trace
from relrec_core.lrp.engine import PropagationError
from relrec_core.lrp.pairs import PairRelevance
from tests.lrp.dense import propagate_densely
from tests.lrp.nets import images, small

pytestmark = pytest.mark.numerics

NET = small()
GENERATOR = torch.Generator().manual_seed(6)
HEAD = Head(
    torch.randn(5, 3, generator=GENERATOR).double(),
    torch.rand(3, generator=GENERATOR).double(),
    0.4,
)
CENTRE = torch.randn(3, generator=GENERATOR).double()
EPSILON = 1e-3


def explained(left: Tensor, right: Tensor) -> PairRelevance:
    return explain_pair(
        partial(paper, HEAD), trace(NET, left, epsilon=EPSILON), trace(NET, right, epsilon=EPSILON)
    )


def test_each_branch_is_explained_from_its_own_activations() -> None:
    """An engine that keeps the last input only has a plausible answer, and a wrong one."""
    left, right = images(3, 1), images(3, 2)
    got = explained(left, right)
    wrong = trace(NET, right, epsilon=EPSILON).propagate(got.reading.left)
    for item in range(3):
        want = propagate_densely(NET, left[item], got.reading.left[item], {}, EPSILON)
        torch.testing.assert_close(got.left.relevance[item], want)
        want = propagate_densely(NET, right[item], got.reading.right[item], {}, EPSILON)
        torch.testing.assert_close(got.right.relevance[item], want)
        assert (
            torch.cosine_similarity(
                wrong.relevance[item].flatten(), got.left.relevance[item].flatten(), dim=0
            )
            < 0.9
        )
    torch.testing.assert_close(wrong.ledger.score, got.left.ledger.score)


def test_the_books_of_a_pair_close() -> None:
    got = explained(images(3, 1), images(3, 2))
    assert got.right is not None
    parts = (got.left.ledger, got.right.ledger)
    total = sum(p.inputs + p.bias + p.epsilon for p in parts) + got.reading.bias
    torch.testing.assert_close(total, got.reading.score)
    assert got.gap.abs().max() < 1e-9


def test_swapping_the_pair_swaps_the_maps() -> None:
    one, other = explained(images(3, 1), images(3, 2)), explained(images(3, 2), images(3, 1))
    assert torch.equal(one.left.relevance, other.right.relevance)
    assert torch.equal(one.right.relevance, other.left.relevance)


def test_an_image_beside_itself_has_no_relevance() -> None:
    got = explained(images(2, 1), images(2, 1))
    assert not got.left.relevance.any()
    assert not got.right.relevance.any()


def test_one_query_against_several_is_traced_once() -> None:
    query, others = images(1, 1), images(4, 2)
    together = explained(query, others)
    assert together.left.relevance.shape == (4, 2, 8, 8)
    for item in range(4):
        alone = explained(query, others[item : item + 1])
        torch.testing.assert_close(together.left.relevance[item], alone.left.relevance[0])
        torch.testing.assert_close(together.right.relevance[item], alone.right.relevance[0])


def test_contrast_marks_the_query_only() -> None:
    query, better, worse = (trace(NET, images(2, seed), epsilon=EPSILON) for seed in (1, 2, 3))
    got = explain_pair(lambda left, right: contrast(HEAD, left, right, worse.output), query, better)
    assert got.right is None
    assert got.gap.abs().max() < 1e-9


@pytest.mark.parametrize("grid", [(2, 2), (3, 5), (8, 8)])
def test_regions_are_the_sum_over_latents_of_pixel_products(grid: tuple[int, int]) -> None:
    left, right = images(1, 1), images(1, 2)
    traces = [trace(NET, x, epsilon=EPSILON) for x in (left, right)]
    got = correspondence(HEAD, *traces, (CENTRE, CENTRE), grid=grid, chunk=2)
    want = torch.zeros(*grid, *grid).double()
    for k in range(3):
        cells = []
        for image, followed in zip((left, right), traces, strict=True):
            relevance = followed.output[0] * HEAD.embedding[:, k]
            pixels = propagate_densely(NET, image[0], relevance, {}, EPSILON).sum(0)
            cell = torch.zeros(*grid).double()
            for y in range(8):
                for x in range(8):
                    cell[y * grid[0] // 8, x * grid[1] // 8] += pixels[y, x]
            cells.append(cell - CENTRE[k] / cell.numel())
        want += HEAD.weights[k] * cells[0][:, :, None, None] * cells[1]
    torch.testing.assert_close(got.regions, want)
    score = evidence(HEAD, traces[0].output, traces[1].output, CENTRE).score
    assert got.score == pytest.approx(float(score) / 2)
    assert got.absorbed == pytest.approx(got.score - float(want.sum()))


def test_regions_add_up_to_the_first_order() -> None:
    """Without biases and up to epsilon, summing the other image's cells gives the H2 map."""
    net = small()
    for layer in net:
        if hasattr(layer, "bias"):
            layer.bias = None
    left, right = (trace(net, images(1, seed), epsilon=1e-12) for seed in (1, 2))
    got = correspondence(HEAD, left, right, (CENTRE, CENTRE), grid=(8, 8))
    first = explain_pair(partial(evidence, HEAD, centre=CENTRE), left, right)
    theirs = HEAD.weights * (HEAD.latents(right.output)[0] - CENTRE)
    even = float((CENTRE * theirs).sum()) / 64
    torch.testing.assert_close(
        got.regions.sum(dim=(2, 3)), first.left.relevance[0].sum(dim=0) - even
    )
    assert got.absorbed == pytest.approx(0.0, abs=1e-8)


def test_regions_of_a_batch_are_refused() -> None:
    batch, one = trace(NET, images(2)), trace(NET, images(1))
    with pytest.raises(PropagationError, match="one image at a time"):
        correspondence(HEAD, batch, one)
    users = Head(HEAD.embedding, HEAD.weights.expand(2, -1), 0.0)
    with pytest.raises(PropagationError, match="one user"):
        correspondence(users, one, one)
