"""What is seen in a product of which a part is gone: counted, and told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relrec_core.errors import ConfigError
from relrec_core.products.data.catalogue import CATEGORY, ITEM, TITLE
from relrec_core.products.data.perturbation import blurred
from relrec_core.products.evaluation.erased_evaluation import FIRST, emblem_cells, seen_instead
from relrec_core.products.explanation.explain import Question
from relrec_core.products.explanation.remaining import Remaining, remaining
from relrec_core.products.explanation.result import GRID
from relrec_core.products.model.ranking import Candidate, Recommender
from relrec_core.products.studio import ground_truth
from relrec_core.products.studio.ground_truth import EMBLEM
from relrec_core.products.studio.painting import Label

pytestmark = pytest.mark.numerics

ASKED = 3


def without_emblem(of: Recommender, planted: ground_truth.Truth, row: int) -> torch.Tensor:
    """Features of a product, every grid cell with a pixel of its emblem blurred."""
    shows = planted.labels(str(of.catalogue.items[ITEM].iloc[row])) == Label.EMBLEM
    cell = len(shows) // GRID
    picture = of.pictures.batch([row])
    left, soft = picture.clone(), blurred(picture)
    for down in range(0, len(shows), cell):
        for across in range(0, len(shows), cell):
            part = np.s_[down : down + cell, across : across + cell]
            if shows[part].any():
                left[0, :, *part] = soft[0, :, *part]
    return of.seen(left)


def test_an_emblems_cells_are_those_with_a_pixel_of_it(recommender: Recommender) -> None:
    planted = ground_truth.load(recommender.catalogue.folder)
    for item in recommender.catalogue.items[ITEM].astype(str)[:20]:
        shows = planted.labels(item) == Label.EMBLEM
        cells = emblem_cells(planted, item)
        size = len(shows) // GRID
        large = np.kron(cells, np.ones((size, size), dtype=bool))
        assert large[shows].all()
        assert cells.sum() == sum(
            shows[r * size : (r + 1) * size, c * size : (c + 1) * size].any()
            for r in range(GRID)
            for c in range(GRID)
        )


@pytest.mark.parametrize("relation", ["also_bought", "buy_after_viewing"])
def test_what_is_seen_instead_is_counted(recommender: Recommender, relation: str) -> None:
    of, planted = recommender, ground_truth.load(recommender.catalogue.folder)
    items = of.catalogue.items
    carried = planted.attributes.loc[items[ITEM], EMBLEM].to_numpy()
    lists: dict[int, tuple[list[Candidate], list[Candidate]]] = {}
    for row in range(len(items)):
        seen = without_emblem(of, planted, row)
        query = of.query_at(row)
        lists[row] = (
            of.recommend(query, relation, n=FIRST, features=seen),
            of.recommend(query, relation, n=FIRST),
        )
    rows = {each["emblem"]: each for each in seen_instead(of, planted, relation)}
    assert set(rows) == set(carried)
    for emblem in ("star", "moon"):
        others = [row for row in lists if carried[row] != emblem]
        listed = [c for row in others for c in lists[row][0] if carried[c.row] == emblem]
        whole = [c for row in others for c in lists[row][1] if carried[c.row] == emblem]
        size, own = FIRST * len(others), [row for row in lists if carried[row] == emblem]
        found = rows[emblem]
        assert found["products"] == len(own)
        assert found["listed"] == pytest.approx(len(listed) / size)
        assert found["related"] == pytest.approx(sum(c.probability >= 0.5 for c in listed) / size)
        assert found["whole"] == pytest.approx(sum(c.probability >= 0.5 for c in whole) / size)
        none = [all(c.probability < 0.5 for c in lists[row][0]) for row in own]
        assert found["none"] == pytest.approx(np.mean(none))
        assert found["related"] <= found["most"] <= 1 and found["after"] != emblem
        assert 0.05 < found["chance"] < 0.15


@pytest.mark.parametrize("of_its_kind", [False, True])
@pytest.mark.parametrize("relation", ["also_viewed", "bought_together"])
def test_what_remains_related_is_what_the_ranking_calls_so(
    recommender: Recommender, relation: str, of_its_kind: bool
) -> None:
    of, query = recommender, recommender.query_at(ASKED)
    kind = query.category if of_its_kind else None
    user, size = of.catalogue.users[0], len(of.catalogue.items)
    seen = 0.5 * query.features + 0.5 * of.features[40:41]
    ranking = of.recommend(query, relation, user, size, category=kind, features=seen)
    whole = of.recommend(query, relation, user, size, category=kind)
    before = {c.row for c in whole if c.probability >= 0.5}
    after = {c.row for c in ranking if c.probability >= 0.5}
    found = remaining(of, Question(query, relation, user), seen, kind)
    assert (found.related, found.new) == (len(after), len(after - before))
    assert found.first == of.catalogue.items[TITLE].iloc[ranking[0].row]
    assert found.probability == pytest.approx(ranking[0].probability, rel=1e-4)
    same = remaining(of, Question(query, relation, user), query.features, kind)
    assert (same.related, same.new) == (len(before), 0)


def test_nothing_to_rank_is_refused(recommender: Recommender) -> None:
    query = recommender.query_at(ASKED)
    with pytest.raises(ConfigError, match="No product is ranked"):
        remaining(recommender, Question(query, "also_viewed"), query.features, "no such kind")
    assert "no such kind" not in set(recommender.catalogue.items[CATEGORY])


@pytest.mark.parametrize(
    ("related", "new", "said"),
    [
        (0, 0, "calls nothing related; ‘Mug’ (31%) comes nearest."),
        (1, 0, "calls 1 product related, first ‘Mug’ (31%), as before."),
        (1, 1, "calls 1 product related, first ‘Mug’ (31%), but only now: it takes"),
        (4, 4, "calls 4 products related, first ‘Mug’ (31%), all of them only now: it takes"),
        (1200, 7, "calls 1,200 products related, first ‘Mug’ (31%), 7 of them only now: it"),
    ],
)
def test_it_is_told_in_plain_words(related: int, new: int, said: str) -> None:
    told = Remaining(related=related, new=new, first="Mug", probability=0.31)
    assert said in told.sentence() and told.sentence().startswith("The network then ")
