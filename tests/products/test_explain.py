"""Explanations of products: their books close, their cells add up, their proof is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from relrec_core import neighbours
from relrec_core.errors import ConfigError
from relrec_core.lrp import evidence
from relrec_core.lrp.presets import PRESETS
from relrec_core.products.data.perturbation import blurred, erased
from relrec_core.products.explanation.attribution import METHODS, attribute
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, Method, ProductExplanation, pooled
from relrec_core.products.explanation.tracing import baseline
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import ground_truth

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def explainer(recommender: Recommender) -> Explainer:
    return Explainer(recommender)


def question(of: Recommender, row: int = 3, **method: object) -> Question:
    return Question(of.query_at(row), "also_viewed", None, Method(**method))  # type: ignore[arg-type]


def alike(one: np.ndarray, other: np.ndarray) -> None:  # type: ignore[type-arg]
    """Single precision keeps three digits where the stabiliser is 1e-6 (`lrp.propagate`)."""
    assert np.linalg.norm(one - other) <= 1e-2 * np.linalg.norm(other)
    assert np.linalg.norm(other) > 0


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("reading", ["evidence", "paper"])
def test_pixels_biases_and_epsilon_sum_to_the_score(
    explainer: Explainer, preset: str, reading: str
) -> None:
    asked = question(explainer.recommender, preset=preset, reading=reading)
    for found in explainer.relevance(asked, [9, 40, 41]):
        assert found.ledger.closes(1e-4)
        assert found.right is not None
        pixels = np.stack([found.left, found.right]).astype(float)
        rounding = 1e-5 * np.abs(pixels).sum()  # of sums of 6,144 in single precision, by pairs
        assert pixels.sum() == pytest.approx(found.ledger.features, rel=0, abs=rounding)


def test_what_remains_is_what_baselines_give(explainer: Explainer) -> None:
    of = explainer.recommender
    head = of.head("also_viewed")
    x, y = of.features[3:4], of.features[40:41]
    copy_x, copy_y = (of.seen(baseline(of, of.pictures.batch([row]))) for row in (3, 40))

    asked = question(of, preset="reference")
    (found,) = explainer.relevance(asked, [40])
    ours, theirs = explainer.centres(asked, [40])
    remaining = [
        evidence(head, *pair, ours, theirs).score / 2 for pair in ((copy_x, y), (x, copy_y))
    ]
    assert found.ledger.bias == pytest.approx(float(sum(remaining)), rel=1e-3, abs=1e-4)

    (found,) = explainer.relevance(question(of, preset="reference", reading="paper"), [40])
    between = (head.latents(copy_x - copy_y) * head.weights * head.latents(x - y)).sum()
    assert found.ledger.bias == pytest.approx(head.bias - float(between), rel=1e-3, abs=1e-4)
    assert found.ledger.score == pytest.approx(found.logit, rel=1e-4)


def test_one_product_is_explained_alike_alone_and_among_others(explainer: Explainer) -> None:
    asked = question(explainer.recommender)
    together = explainer.relevance(asked, [9, 40])
    (alone,) = explainer.relevance(asked, [40])
    assert together[1].right is not None and alone.right is not None
    alike(together[1].left, alone.left)
    alike(together[1].right, alone.right)


def test_swapping_the_pair_swaps_the_maps(explainer: Explainer) -> None:
    of = explainer.recommender
    (one,) = explainer.relevance(question(of, 3), [40])
    (other,) = explainer.relevance(question(of, 40), [3])
    assert one.right is not None
    alike(one.left, other.right)
    alike(one.right, other.left)
    assert one.logit == pytest.approx(other.logit, rel=1e-4, abs=1e-4)


def test_the_explanation_carries_its_proof_and_survives_json(explainer: Explainer) -> None:
    of = explainer.recommender
    asked = question(of, focused=False)
    (found,) = explainer.relevance(asked, [40])
    made = explainer.explain(asked, found, repetitions=4)
    assert ProductExplanation.from_json(made.to_json()) == made
    frame = made.to_frame()
    assert len(frame) == 2 * GRID * GRID
    assert frame["relevance"].sum() == pytest.approx(made.audit.ledger.features, rel=1e-4, abs=1e-5)
    deletion = made.audit.deletion
    assert deletion.score == pytest.approx(made.score, rel=1e-4, abs=1e-5)
    assert made.item_title in made.sentence() and f"{made.probability:.0%}" in made.sentence()
    # By hand: what carries three quarters of one picture's support goes, the other picture stays.
    head, after, removed = of.head("also_viewed"), [], 0
    ours, theirs = explainer.centres(asked, [40])
    pictures = {"query": asked.query.picture, "recommended": of.pictures.batch([40])}
    for damaged in pictures:
        cells = frame[(frame["picture"] == damaged) & (frame["relevance"] > 0)]
        reached = cells["relevance"].cumsum() >= 0.75 * cells["relevance"].sum()
        strongest = cells.head(int(reached.to_numpy().argmax()) + 1)
        removed += len(strongest)
        keep = torch.ones(1, GRID, GRID, dtype=torch.bool)
        for cell in strongest.itertuples():
            keep[0, int(cell.row) - 1, int(cell.column) - 1] = False
        seen = {
            name: of.seen(erased(x, keep, blurred(x), soft=True) if name == damaged else x)
            for name, x in pictures.items()
        }
        y, z = (head.latents(seen[name])[0] for name in pictures)
        after.append(float(2 * ((y - ours) * (z - theirs[0])).sum()))
    assert deletion.removed == removed
    assert deletion.after_top == pytest.approx(sum(after) / 2, rel=1e-3, abs=1e-4)


def test_contrast_is_the_difference_of_the_distances(explainer: Explainer) -> None:
    of = explainer.recommender
    asked = question(of)
    found = explainer.contrast(asked, 40, 90)
    head, x = of.head("also_viewed"), of.features
    gap = head.distance(x[3:4], x[90:91]) - head.distance(x[3:4], x[40:41])
    assert found.ledger.score == pytest.approx(float(gap), rel=1e-4, abs=1e-5)
    assert found.right is None and found.ledger.closes(1e-4)
    made = explainer.explain(asked, found, other=90, repetitions=3)
    assert made.reading == "contrast" and len(made.cells) == GRID * GRID


def test_regions_of_both_pictures_add_up(explainer: Explainer) -> None:
    found = explainer.correspondence(question(explainer.recommender), 40, cells=4)
    assert found.regions.shape == (4, 4, 4, 4)
    total = float(found.regions.sum()) + found.absorbed
    assert total == pytest.approx(found.score, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_two_maps(explainer: Explainer, name: str) -> None:
    before = [p.clone() for p in explainer.recommender.trunk.parameters()]
    left, right = attribute(explainer, question(explainer.recommender), 40, name)
    assert left.shape == right.shape == (32, 32)
    assert np.isfinite(left).all() and np.isfinite(right).all() and np.abs(right).sum() > 0
    after = explainer.recommender.trunk.parameters()
    assert all(
        torch.equal(a, b) and not b.requires_grad for a, b in zip(before, after, strict=True)
    )


def test_an_unknown_method_is_named(explainer: Explainer) -> None:
    with pytest.raises(ConfigError, match="no method 'magic'"):
        attribute(explainer, question(explainer.recommender), 40, "magic")


def test_recommendations_are_the_nearest_by_hand(recommender: Recommender) -> None:
    of, users = recommender, recommender.catalogue.users
    for user in (None, users[0]):
        for relation in of.relations:
            query = of.query_at(17)
            got = of.recommend(query, relation, user, n=5)
            head = of.head(relation, user)
            crossing = of.crosses(relation)
            category = of.catalogue.items["category"]
            distances = [
                (float(head.distance(of.features[17:18], of.features[j : j + 1])), j)
                for j in range(len(of.features))
                if j != 17 and not (crossing and category.iloc[j] == category.iloc[17])
            ]
            expected = [j for _, j in sorted(distances)[:5]]
            assert [c.row for c in got] == expected
            for c in got:
                assert c.probability == pytest.approx(1 / (1 + np.exp(-c.logit)))


def test_which_relations_are_between_categories(recommender: Recommender) -> None:
    found = {name: recommender.crosses(name) for name in recommender.relations}
    assert found == {
        "also_bought": True,
        "also_viewed": False,
        "bought_together": True,
        "buy_after_viewing": False,
    }


def test_a_picture_that_somebody_brings_is_a_query(recommender: Recommender) -> None:
    picture = recommender.catalogue.picture(5, 32)
    query = recommender.brought(picture)
    assert query.row is None
    np.testing.assert_allclose(
        query.features.numpy(), recommender.features[5:6].numpy(), rtol=1e-3, atol=1e-4
    )
    (first,) = recommender.recommend(query, "also_viewed", n=1)
    assert first.row == 5
    wide = recommender.brought(Image.new("RGB", (300, 20), "red"))
    assert wide.picture.shape == (1, 3, 32, 32)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda of: of.query("nothing"), "no product 'nothing'"),
        (lambda of: of.recommend(of.query_at(0), "likes"), "no relation 'likes'"),
        (lambda of: of.recommend(of.query_at(0), "also_viewed", "nobody"), "no user 'nobody'"),
    ],
)
def test_what_is_unknown_is_named(recommender: Recommender, call, sentence: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=sentence):
        call(recommender)


def test_an_index_knows_its_recall_and_keeps_it() -> None:
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(60, 12))
    latents = (centres[chance.integers(60, size=6000)] + chance.normal(size=(6000, 12)) / 4).astype(
        np.float32
    )
    index = neighbours.Index.build(latents, threads=1)
    ones = np.ones(12, np.float32)
    hits = []
    for row in chance.integers(6000, size=100):
        true, _ = neighbours.nearest(latents, latents[row], ones, 10)
        found, d = index.nearest(latents[row], ones, 10)
        assert (np.diff(d) >= 0).all() and found[0] == row
        hits.append(np.isin(true, found).mean())
    assert index.recall >= neighbours.WANTED_RECALL and np.mean(hits) > 0.9
    weights = chance.random(12).astype(np.float32)
    true, _ = neighbours.nearest(latents, latents[7], weights, 5)
    found, _ = index.nearest(latents[7], weights, 5)
    assert np.isin(true, found).mean() > 0.5


def test_nearest_of_nothing_and_of_few() -> None:
    latents = np.eye(4, dtype=np.float32)
    rows, d = neighbours.nearest(latents, latents[0], np.ones(4, np.float32), 9, np.array([2, 0]))
    assert rows.tolist() == [0, 2] and d.tolist() == [0.0, 2.0]
    rows, _ = neighbours.nearest(latents, latents[0], np.ones(4, np.float32), 3, np.array([], int))
    assert not len(rows)


def test_cells_are_sums_of_their_pixels() -> None:
    pixels = np.random.default_rng(0).normal(size=(37, 37))
    got = pooled(pixels, 5)
    assert got.sum() == pytest.approx(pixels.sum())
    assert got[0, 0] == pytest.approx(pixels[:8, :8].sum())


def test_the_planted_cause_of_the_shown_relation_is_known(
    small_studio: Path, recommender: Recommender
) -> None:
    planted = ground_truth.load(small_studio)
    item = str(recommender.catalogue.items["item_id"].iloc[0])
    mask = planted.cause_mask(item, "also_viewed", recommender.pictures.side)
    assert mask.shape == (32, 32) and 0 < mask.mean() < 1
