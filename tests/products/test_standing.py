"""Any product has a place, or a sentence that says why it has none, and can be explained."""

from __future__ import annotations

import pytest

from relrec_core.products.data.catalogue import CATEGORY
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.standing import UnlistedExplanation, kept_out, standing
from relrec_core.products.model.ranking import Recommender

ASKED = 3


@pytest.mark.parametrize("of_its_kind", [False, True])
@pytest.mark.parametrize("with_user", [False, True])
@pytest.mark.parametrize("relation", ["also_viewed", "bought_together"])
def test_places_are_those_of_the_whole_ranking(
    recommender: Recommender, relation: str, with_user: bool, of_its_kind: bool
) -> None:
    items, query = recommender.catalogue.items, recommender.query_at(ASKED)
    user = recommender.catalogue.users[0] if with_user else None
    category = query.category if of_its_kind else None
    ranking = recommender.recommend(query, relation, user, len(items), category=category)
    question = Question(query, relation, user)
    found = [standing(recommender, question, row, category) for row in range(len(items))]
    places = {row: at.place for row, at in enumerate(found) if at.excluded is None}
    assert places == {c.row: place for place, c in enumerate(ranking, start=1)}
    assert {at.among for at in found} == {len(ranking)}
    for candidate in ranking:
        assert found[candidate.row].logit == pytest.approx(candidate.logit, rel=1e-4, abs=1e-5)


def test_what_is_left_out_says_why(recommender: Recommender) -> None:
    categories, query = recommender.catalogue.items[CATEGORY], recommender.query_at(ASKED)
    kind = query.category
    same = next(r for r in range(len(categories)) if categories[r] == kind and r != ASKED)
    other = next(c for c in categories if c != kind)
    together, viewed = Question(query, "bought_together"), Question(query, "also_viewed")
    assert recommender.crosses("bought_together") and not recommender.crosses("also_viewed")
    for question, row, category, said in (
        (viewed, ASKED, None, "is not recommended: it is the product that was asked about ("),
        (viewed, same, other, f"the settings ask for products of the kind ‘{other}’ only"),
        (
            together,
            same,
            None,
            f"‘bought together’ joins products of two kinds, and both are ‘{kind}’",
        ),
    ):
        at = standing(recommender, question, row, category)
        assert at.place is None and said in at.sentence("Mug", "Cup")


def test_the_last_is_explained_like_the_first_and_told_as_what_it_is(
    recommender: Recommender,
) -> None:
    explainer, question = (
        Explainer(recommender),
        Question(recommender.query_at(ASKED), "also_viewed"),
    )
    ranking = recommender.recommend(question.query, "also_viewed", n=len(recommender.features))
    third, last = ranking[2].row, ranking[-1].row
    (relevance,) = explainer.relevance(question, [last])
    found = UnlistedExplanation.of(
        explainer.explain(question, relevance), standing(recommender, question, last), listed=3
    )
    assert found.audit.ledger.closes(1e-4) and "was recommended" not in found.sentence()
    assert f"stands at place {len(ranking)} of {len(ranking)} for" in found.sentence()
    assert UnlistedExplanation.model_validate_json(found.to_json()) == found
    contrast = explainer.explain(question, explainer.contrast(question, third, last), other=last)
    margin = ranking[2].logit - ranking[-1].logit
    assert contrast.audit.ledger.score == pytest.approx(margin, rel=1e-3, abs=1e-4)
    told = kept_out(contrast, 3)
    assert told.startswith(f"Number 3, ‘{contrast.item_title}’")
    assert f"scores {contrast.audit.ledger.score:.2f} points more" in told
