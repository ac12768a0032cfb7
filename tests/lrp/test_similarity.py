"""The three readings of the distance, each against a dense derivation, and their invariants."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from relrec_core.lrp.engine import PropagationError
from relrec_core.lrp.similarity import Head, contrast, evidence, paper

pytestmark = pytest.mark.numerics

F, D, B = 6, 4, 3


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


HEAD = Head(drawn(F, D, seed=0), drawn(D, seed=1).abs(), 1.7)
LEFT, RIGHT, OTHER = (drawn(B, F, seed=s).relu() for s in (2, 3, 4))
CENTRE = drawn(D, seed=5)
METRIC = HEAD.embedding @ torch.diag(HEAD.weights) @ HEAD.embedding.T


def test_the_logit_is_equation_1_in_2() -> None:
    for b in range(B):
        delta = LEFT[b] - RIGHT[b]
        assert float(HEAD.logit(LEFT, RIGHT)[b]) == pytest.approx(
            float(1.7 - delta @ METRIC @ delta)
        )


def test_paper_is_epsilon_lrp_step_by_step() -> None:
    """Down to the squares, the differences, the latents and the features, one after another."""
    got = paper(HEAD, LEFT, RIGHT)
    for b in range(B):
        left, right = torch.zeros(F).double(), torch.zeros(F).double()
        for k in range(D):
            y = float(LEFT[b] @ HEAD.embedding[:, k])
            z = float(RIGHT[b] @ HEAD.embedding[:, k])
            of_square = -float(HEAD.weights[k]) * (y - z) ** 2
            of_y, of_z = y / (y - z) * of_square, -z / (y - z) * of_square
            for i in range(F):
                left[i] += LEFT[b, i] * HEAD.embedding[i, k] / y * of_y
                right[i] += RIGHT[b, i] * HEAD.embedding[i, k] / z * of_z
        torch.testing.assert_close(got.left[b], left)
        torch.testing.assert_close(got.right[b], right)
    torch.testing.assert_close(got.left.sum(1) + got.right.sum(1), -HEAD.distance(LEFT, RIGHT))
    assert got.bias.tolist() == [1.7] * B


def test_paper_beyond_references_explains_the_same_logit() -> None:
    one, two = drawn(B, F, seed=6), drawn(1, F, seed=7)
    got = paper(HEAD, LEFT - one, RIGHT - two, apart=one - two)
    torch.testing.assert_close(got.score, HEAD.logit(LEFT, RIGHT))
    assert float(got.gap.abs().max()) < 1e-9
    for b in range(B):
        pull = METRIC @ (LEFT[b] - RIGHT[b])
        torch.testing.assert_close(got.left[b], -(LEFT[b] - one[b]) * pull)
        torch.testing.assert_close(got.right[b], (RIGHT[b] - two[0]) * pull)


def test_paper_is_half_of_gradient_times_input() -> None:
    x, z = LEFT.clone().requires_grad_(True), RIGHT.clone().requires_grad_(True)
    HEAD.logit(x, z).sum().backward()
    got = paper(HEAD, LEFT, RIGHT)
    torch.testing.assert_close(2 * got.left, (x * x.grad).detach())
    torch.testing.assert_close(2 * got.right, (z * z.grad).detach())


def test_the_same_item_twice_has_nothing_to_explain() -> None:
    got = paper(HEAD, LEFT, LEFT.clone())
    assert not got.left.any()
    assert not got.right.any()


def test_evidence_is_the_cross_term_of_centred_latents() -> None:
    got = evidence(HEAD, LEFT, RIGHT, CENTRE)
    for b in range(B):
        left, right, score, bias = torch.zeros(F).double(), torch.zeros(F).double(), 0.0, 0.0
        for k in range(D):
            y = float(LEFT[b] @ HEAD.embedding[:, k] - CENTRE[k])
            z = float(RIGHT[b] @ HEAD.embedding[:, k] - CENTRE[k])
            w = float(HEAD.weights[k])
            score += 2 * w * y * z
            bias -= w * float(CENTRE[k]) * (y + z)
            for i in range(F):
                left[i] += LEFT[b, i] * HEAD.embedding[i, k] * w * z
                right[i] += RIGHT[b, i] * HEAD.embedding[i, k] * w * y
        torch.testing.assert_close(got.left[b], left)
        torch.testing.assert_close(got.right[b], right)
        assert float(got.score[b]) == pytest.approx(score)
        assert float(got.bias[b]) == pytest.approx(bias)


def test_evidence_does_not_care_where_the_origin_is_once_it_is_centred() -> None:
    """Moving all latents and the centre alike changes the logit's parts, not the cross term."""
    got = evidence(HEAD, LEFT, RIGHT, CENTRE)
    norms = sum((HEAD.weights * (HEAD.latents(x) - CENTRE).square()).sum(1) for x in (LEFT, RIGHT))
    torch.testing.assert_close(got.score - norms + HEAD.bias, HEAD.logit(LEFT, RIGHT))


def test_contrast_is_linear_in_the_query() -> None:
    got = contrast(HEAD, LEFT, RIGHT, OTHER)
    for b, i in itertools.product(range(B), range(F)):
        v = 2 * float(METRIC[i] @ (RIGHT[b] - OTHER[b]))
        assert float(got.left[b, i]) == pytest.approx(float(LEFT[b, i]) * v)
    for b in range(B):
        near, far = LEFT[b] - RIGHT[b], LEFT[b] - OTHER[b]
        want = float(far @ METRIC @ far - near @ METRIC @ near)
        assert float(got.score[b]) == pytest.approx(want)
    half = contrast(HEAD, LEFT / 2, RIGHT, OTHER)
    torch.testing.assert_close(half.left, got.left / 2)
    torch.testing.assert_close(half.bias, got.bias)
    assert got.right is None
    torch.testing.assert_close(contrast(HEAD, LEFT, OTHER, RIGHT).left, -got.left)


@pytest.mark.parametrize("read", [paper, evidence, lambda *a: evidence(*a, CENTRE)])
def test_swapping_the_pair_swaps_the_relevance(read) -> None:
    one, other = read(HEAD, LEFT, RIGHT), read(HEAD, RIGHT, LEFT)
    torch.testing.assert_close(one.left, other.right)
    torch.testing.assert_close(one.right, other.left)
    torch.testing.assert_close(one.score, other.score)


def test_every_reading_closes_its_books() -> None:
    for reading in (
        paper(HEAD, LEFT, RIGHT),
        evidence(HEAD, LEFT, RIGHT, CENTRE),
        contrast(HEAD, LEFT, RIGHT, OTHER),
    ):
        assert reading.gap.abs().max() < 1e-9


def test_every_pair_may_have_its_own_user() -> None:
    weights = drawn(B, D, seed=8).abs()
    heads = [Head(HEAD.embedding, w, HEAD.bias) for w in weights]
    together = Head(HEAD.embedding, weights, HEAD.bias)
    for read in (paper, evidence):
        got = read(together, LEFT, RIGHT)
        for b, head in enumerate(heads):
            alone = read(head, LEFT[b : b + 1], RIGHT[b : b + 1])
            torch.testing.assert_close(got.left[b], alone.left[0])
            torch.testing.assert_close(got.score[b], alone.score[0])


def test_features_of_another_model_are_refused() -> None:
    with pytest.raises(PropagationError, match=r"\(batch, 6\)"):
        paper(HEAD, LEFT[:, :4], RIGHT[:, :4])
    with pytest.raises(PropagationError, match="alike"):
        paper(HEAD, LEFT, RIGHT[:1])
    with pytest.raises(PropagationError, match=r"float64, these are torch\.float32"):
        paper(HEAD, LEFT.float(), RIGHT.float())
    with pytest.raises(PropagationError, match="centre"):
        evidence(HEAD, LEFT, RIGHT, drawn(D + 1, seed=0))
