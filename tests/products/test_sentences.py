"""A product's headline names areas only where the map and its test bear them out."""

from __future__ import annotations

import numpy as np
import pytest

from relrec_core.explanation import DeletionTest, Ledger
from relrec_core.products.explanation.sentences import because, rather

GRID = np.zeros((16, 16))
GRID[0, 0] = 1.0


def proof(beaten: float) -> DeletionTest:
    return DeletionTest(
        removed=9,
        score=10.0,
        after_top=2.0,
        after_random=9.0,
        low=8.0,
        high=10.0,
        beaten=beaten,
        repetitions=19,
    )


@pytest.mark.parametrize(
    ("features", "beaten", "names", "said"),
    [
        (5.9, None, True, "The map explains 59% of the score."),
        (5.9, 1.0, True, "The map explains 59% of the score."),
        (5.9, 18 / 19, True, "the deletion test does not confirm these areas"),
        (23.0, 1.0, True, "The map sums to +23.00, the score is +10.00."),
        (23.0, 0.5, True, "The map sums to +23.00, the score is +10.00. It marks"),
        (0.5, 1.0, False, "the map explains less than half of the score: 5%"),
        (-1.2, 1.0, False, "its contributions sum to −1.20"),
    ],
)
def test_a_headline_says_what_its_map_is_worth(
    features: float, beaten: float | None, names: bool, said: str
) -> None:
    ledger = Ledger(score=10.0, features=features, bias=10.0 - features)
    test = None if beaten is None else proof(beaten)
    passed = features > 5 and (beaten is None or beaten == 1)
    for told in (
        because("Mug", 0.93, "Cap", GRID, GRID, ledger, test),
        rather("Mug", "Bowl", "Cap", GRID, ledger, test),
    ):
        assert said in told
        assert ("because of the upper left" in told) is passed
        assert ("upper left" in told) is names


def test_what_does_not_match_is_not_called_recommended() -> None:
    ledger = Ledger(score=10.0, features=9.0, bias=1.0)
    told = because("Mug", 0.003, "grey.png", GRID, GRID, ledger, proof(1.0))
    assert told == "‘Mug’ does not match ‘grey.png’ (probability 0%)."


@pytest.mark.parametrize(
    ("features", "confirmed", "said"),
    [
        (6.0, True, "because of the upper left of its picture and the upper left of ‘Cap’. The map "
         "explains 60% of the score. The categories add +3.50."),
        (6.0, False, "deletion test does not confirm these areas."),
        (2.0, True, "but the map explains less than half of the score: 20%. The categories add"),
        (-1.0, True, "its contributions sum to −1.00. The categories add +3.50."),
    ],
)  # fmt: skip
def test_what_categories_add_is_not_the_maps(features: float, confirmed: bool, said: str) -> None:
    ledger = Ledger(score=10.0, features=features, base=3.5, bias=6.5 - features)
    told = because("Mug", 0.93, "Cap", GRID, GRID, ledger, proof(1.0 if confirmed else 0.5))
    assert said in told and "The categories add +3.50." in told
