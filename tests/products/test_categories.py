"""What categories add to a score is counted, calibrated, and added everywhere, exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dashboard.figures.product_words import ledger_in_words
from relrec_core import neighbours
from relrec_core.errors import CheckpointError
from relrec_core.products.data.catalogue import CATEGORY, Catalogue
from relrec_core.products.data.split import TEST, TRAIN, VALIDATION, Split
from relrec_core.products.explanation.batch import ProductBatch
from relrec_core.products.explanation.counterfactual import Displaced, smallest_change
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, Method, recommended
from relrec_core.products.explanation.standing import kept_out, standing
from relrec_core.products.model.categories import CATEGORY_POINTS, PRIOR, Categories, log_odds
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.training import calibration
from relrec_core.products.training.train import Config
from relrec_core.runs.directory import Run
from tests.products.conftest import executed, settings

pytestmark = pytest.mark.numerics

ASKED = 3


@pytest.fixture(scope="module")
def run(small_studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "products" / "categories"
    chosen = settings(small_studio, epochs=1, category=True, split_by="items")
    return executed(folder, chosen)


@pytest.fixture(scope="module")
def of(run: Run, catalogue: Catalogue) -> Recommender:
    return Recommender.of(run, run.settings(Config), catalogue)


def points(of: Recommender, relation: str, one: int, other: int) -> float:
    """s of two products, looked up by the names of their categories."""
    table, kinds = of.distances.categories, of.catalogue.items[CATEGORY]
    assert table is not None
    a, b = (table.names.index(kinds[row]) for row in (one, other))
    return float(table.table[of.relation(relation), a, b])


def test_log_odds_are_those_of_counted_pairs(catalogue: Catalogue) -> None:
    split, kinds = Split(catalogue, "items", 0), catalogue.items[CATEGORY].tolist()
    found, own = log_odds(catalogue, split), split.training_items().tolist()
    assert found.names == tuple(sorted(set(kinds)))
    count, few = len(found.names), range(0, len(found.names), 3)
    code = [found.names.index(kind) for kind in kinds]
    size = [sum(code[row] == a for row in own) for a in range(count)]
    everything = len(own) * (len(own) - 1) / 2
    for number in range(len(split.relations)):
        pairs = split.positives(TRAIN)
        pairs = pairs.where(pairs.relation == number)
        rows = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))

        def counted(a: int, b: int, rows: list[tuple[int, int]] = rows) -> int:
            return sum({code[i], code[j]} == {a, b} for i, j in rows)

        def chance(a: int, b: int, total: int = len(rows)) -> float:
            of = size[a] * (size[a] - 1) / 2 if a == b else size[a] * size[b]
            return total * of / everything

        ends = [sum((code[i] == a) + (code[j] == a) for i, j in rows) for a in range(count)]
        expected = [
            sum(chance(a, b) * (2 if a == b else 1) for b in range(count)) for a in range(count)
        ]
        often = [(ends[a] + PRIOR) / (expected[a] + PRIOR) for a in range(count)]
        kinds_of = [(a, b) for a in range(count) for b in range(a, count)]
        for alike in (True, False):
            group = [(a, b) for a, b in kinds_of if (a == b) is alike]
            # pairs of two categories stand twice in the table, half a pair is put to either side
            twice = 2
            over = sum(twice * counted(a, b) for a, b in group) + 0.5
            under = sum(twice * chance(a, b) * often[a] * often[b] for a, b in group) + 0.5
            for a, b in ((a, b) for a, b in group if a in few):
                m = often[a] * often[b] * over / under
                s = np.log((counted(a, b) + PRIOR * m) / (chance(a, b) + PRIOR))
                assert found.table[number, a, b] == pytest.approx(s, rel=1e-9, abs=1e-9)
                assert found.table[number, b, a] == found.table[number, a, b]


def test_factors_are_the_most_likely_ones_within_their_bounds() -> None:
    chance = np.random.default_rng(0)
    d, s = chance.gamma(2, 2, 4000), chance.standard_normal(4000)
    holds = (chance.random(4000) < 1 / (1 + np.exp(-(1.5 - 0.5 * d + 2 * s)))).astype(float)
    a, c, q = calibration.factors(d, s, holds)

    def loss(a: float, c: float, q: float) -> float:
        g = q - a * d + c * s
        unit = (a * d.std()) ** 2 + (c * s.std()) ** 2
        return float(np.mean(np.logaddexp(0, g) - g * holds) + calibration.PULL / 2 * unit)

    for step in (1e-3, -1e-3):
        others = (a + step, c, q), (a, c + step, q), (a, c, q + step)
        assert all(loss(a, c, q) < loss(*other) for other in others)
    assert (a, c, q) == pytest.approx((0.5, 2, 1.5), abs=0.3)
    a, c, _ = calibration.factors(d, s, 1 - holds)  # near is unrelated, and likely is unlikely
    assert (a, c) == (pytest.approx(calibration.LEAST), 0.0)


def test_only_distances_change_their_scale(catalogue: Catalogue, recommender: Recommender) -> None:
    import copy

    split, distances = Split(catalogue, "items", 0), copy.deepcopy(recommender.distances)
    x, before = recommender.features, copy.deepcopy(recommender.distances)
    odds = log_odds(catalogue, split)
    found = calibration.learn(distances, x, catalogue, split, 0, odds)
    pairs = split.balanced(VALIDATION, 0)
    s = odds.of_pairs(catalogue, pairs)
    left, right, relation = (torch.from_numpy(v) for v in (pairs.left, pairs.right, pairs.relation))
    d = (before.bias[relation] - before.logits(x, left, right, relation)).double().numpy()
    g = distances.logits(x, left, right, relation).double().numpy()
    for number in range(len(split.relations)):
        on = pairs.relation == number
        a, c, q = calibration.factors(d[on], s[on], pairs.holds[on].astype(float))
        np.testing.assert_allclose(g[on], q - a * d[on], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.table[number], c * odds.table[number])
    assert torch.equal(distances.directions, before.directions)


def test_the_card_measures_what_is_ranked_by(of: Recommender, run: Run) -> None:
    split = Split(of.catalogue, "items", 0)
    pairs = split.balanced(TEST, 0)
    right = []
    for i, j, r, holds in zip(pairs.left, pairs.right, pairs.relation, pairs.holds, strict=True):
        relation = of.relations[r]
        g = of.head(relation).logit(of.features[i : i + 1], of.features[j : j + 1])
        right.append((float(g) + points(of, relation, i, j) >= 0) == holds)
    assert run.card().metrics["test_accuracy"] == pytest.approx(np.mean(right), abs=2 / len(right))


@pytest.mark.parametrize("relation", ["also_viewed", "bought_together"])
def test_recommendations_and_places_count_categories(of: Recommender, relation: str) -> None:
    query, items = of.query_at(ASKED), of.catalogue.items
    ranking = of.recommend(query, relation, n=len(items))
    head, x = of.head(relation), of.features
    plain = head.logit(x[ASKED : ASKED + 1].expand_as(x), x)
    for candidate in ranking:
        g = float(plain[candidate.row]) + points(of, relation, ASKED, candidate.row)
        assert candidate.logit == pytest.approx(g, rel=1e-4, abs=1e-4)
    assert [c.logit for c in ranking] == sorted((c.logit for c in ranking), reverse=True)
    asked = Question(query, relation)
    for place, candidate in enumerate(ranking, start=1):
        at = standing(of, asked, candidate.row)
        assert at.place == place and at.logit == pytest.approx(candidate.logit, rel=1e-4, abs=1e-4)
    given = [points(of, relation, ASKED, c.row) for c in ranking]
    assert len(set(given)) > 1


def test_a_picture_of_no_known_category_gets_nothing(of: Recommender) -> None:
    query = of.brought(Image.new("RGB", (32, 32), "teal"))
    assert of.given(query, "also_viewed") == pytest.approx(np.zeros(len(of.features)))
    unknown = Categories(("Cap",), np.ones((1, 1, 1)))
    places = unknown.places(["Cap", "", "Mug"])
    assert unknown.points(0, places, places[0]).tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("reading", ["evidence", "paper"])
def test_categories_have_a_line_of_their_own_and_stay_when_pixels_go(
    of: Recommender, reading: str
) -> None:
    explainer = Explainer(of)
    asked = Question(of.query_at(ASKED), "also_viewed", None, Method(reading=reading))  # type: ignore[arg-type]
    rows = [c.row for c in of.recommend(asked.query, "also_viewed", n=3)]
    table, plain = of.distances.categories, []
    of.distances.categories = None
    try:
        plain = explainer.relevance(asked, rows)
    finally:
        of.distances.categories = table
    for found, without in zip(explainer.relevance(asked, rows), plain, strict=True):
        s = points(of, "also_viewed", ASKED, found.row)
        assert s != 0 and found.ledger.base == pytest.approx(s, rel=1e-5)
        assert found.ledger.closes(1e-4)
        assert found.ledger.score == pytest.approx(without.ledger.score + s, rel=1e-4, abs=1e-5)
        assert found.logit == pytest.approx(without.logit + s, rel=1e-4, abs=1e-5)
        np.testing.assert_array_equal(found.left, without.left)
    made = explainer.explain(asked, found, repetitions=3)
    assert made.audit.deletion.score == pytest.approx(made.score, rel=1e-4, abs=1e-4)
    nothing = np.zeros((1, 2 * GRID * GRID), dtype=np.bool_)
    gone = explainer._rescore(asked, found, None, lambda: None, nothing)
    alone = explainer._rescore(asked, without, None, lambda: None, nothing)
    assert gone - alone == pytest.approx(s, rel=1e-4)
    said = f"{'−' if s < 0 else '+'}{abs(s):.2f}"
    assert f"The categories add {said}." in made.sentence()
    assert f", the two categories {said}" in ledger_in_words(made)


def test_a_contrast_counts_both_categories(of: Recommender) -> None:
    explainer, asked = Explainer(of), Question(of.query_at(ASKED), "bought_together")
    ranking = of.recommend(asked.query, "bought_together", n=len(of.features))
    first, last = ranking[0], ranking[-1]
    contrast = explainer.contrast(asked, first.row, last.row)
    assert contrast.ledger.closes(1e-4)
    margin = first.logit - last.logit
    assert contrast.ledger.score == pytest.approx(margin, rel=1e-3, abs=1e-4)
    apart = [points(of, "bought_together", ASKED, c.row) for c in (first, last)]
    assert contrast.ledger.base == pytest.approx(apart[0] - apart[1], rel=1e-5, abs=1e-6)
    made = explainer.explain(asked, contrast, other=last.row, repetitions=2)
    assert made.audit.deletion.score == pytest.approx(margin, rel=1e-3, abs=1e-4)
    assert ("The categories add" in kept_out(made, 1)) is (contrast.ledger.base != 0)


@pytest.mark.parametrize("picture", ["query", "recommended"])
def test_smallest_changes_leave_categories_as_they_are(of: Recommender, picture: str) -> None:
    asked = Question(of.query_at(ASKED), "also_viewed", None, recommended(True))
    first = of.recommend(asked.query, "also_viewed", n=1)[0]
    (relevance,) = Explainer(of).relevance(asked, [first.row])
    told = smallest_change(of, asked, relevance, Displaced(1, None, picture, alone=False))  # type: ignore[arg-type]
    assert told.place == 1 and told.probability == pytest.approx(first.probability, rel=1e-4)


def test_rows_of_everything_sum_with_their_categories(of: Recommender, run: Run) -> None:
    for row in ProductBatch(run, of, 1).table(0).to_pylist():
        parts = sum(row[name] for name in ("pixels", "categories", "bias", "epsilon"))
        assert parts == pytest.approx(row["score"], rel=1e-3, abs=1e-4)
        assert row["categories"] != 0


def test_an_index_finds_what_categories_bring_near() -> None:
    chance = np.random.default_rng(0)
    latents = chance.standard_normal((6000, 4)).astype(np.float32)
    index, ones = neighbours.Index.build(latents, threads=1), np.ones(4, np.float32)
    found = []
    for row in range(40):
        d = np.square(latents - latents[row]).sum(axis=1)
        far = np.where(d >= np.sort(d)[-10], 1000.0, 0.0).astype(np.float32)
        rows, less = index.nearest(latents[row], ones, 5, far)
        assert set(rows) == set(np.argsort(d - far, kind="stable")[:5])
        np.testing.assert_allclose(less, (d - far)[rows], rtol=1e-5)
        some = np.where(np.arange(6000) % 50 == row, 0.5, 0.0).astype(np.float32)
        rows, less = index.nearest(latents[row], ones, 5, some)
        np.testing.assert_allclose(less, (d - some)[rows], rtol=1e-4, atol=1e-5)
        found.append(np.isin(np.argsort(d - some, kind="stable")[:5], rows).mean())
    assert np.mean(found) >= neighbours.WANTED_RECALL - 0.05


def test_an_index_does_not_take_near_for_a_person_to_be_near_for_everybody() -> None:
    chance = np.random.default_rng(1)
    latents = chance.standard_normal((6000, 4)).astype(np.float32)
    index = neighbours.Index.build(latents, threads=1)
    mine = np.array([1, 1, 1, 0.01], dtype=np.float32)  # the last hardly counts for this person
    for row in range(20):
        d = np.square(latents - latents[row]) @ mine
        beyond = np.square(latents - latents[row]).sum(axis=1) > 9
        given = np.where(beyond, 0.3, 0.0).astype(np.float32)
        rows, _ = index.nearest(latents[row], mine, 5, given)
        assert set(rows) == set(np.argsort(d - given, kind="stable")[:5])


def test_a_checkpoint_whose_table_does_not_fit_is_refused(
    run: Run, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors, about = run.read_checkpoint()
    cut = dict(tensors) | {CATEGORY_POINTS: tensors[CATEGORY_POINTS][:, 1:]}
    monkeypatch.setattr(Run, "read_checkpoint", lambda self: (cut, about))
    with pytest.raises(CheckpointError, match="points of categories shaped"):
        Recommender.of(run, run.settings(Config), catalogue)
