"""The table of products never seen holds what its methods say, and its claim reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.figures.evidence import PICTURES as FIGURES
from relrec_core.evaluation.measure import evaluate
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import TEST, Split
from relrec_core.products.evaluation import baselines
from relrec_core.products.evaluation.evaluate import TABLES
from relrec_core.products.evaluation.study import Study
from relrec_core.products.evaluation.unseen_claims import (
    ALL,
    ALONE,
    BOTH,
    CLAIMS,
    DRAWN,
    NETWORK,
    PAIRS,
    RULE,
)
from relrec_core.products.evaluation.unseen_evaluation import FEW, FIRM
from relrec_core.products.training.probe import Lesson


def test_rows_are_the_accuracies_of_their_methods(
    catalogue: Catalogue, small_studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    study = Study(str(small_studio), seeds=(0, 1), quick=True)
    frame = evaluate("unseen", TABLES, study).frame
    assert set(frame["method"]) == {RULE, DRAWN, ALONE, BOTH}
    assert not frame["accuracy"].isna().any()
    for seed in (0, 1):
        split = Split(catalogue, "items", seed)
        test = split.balanced(TEST, seed)
        x = study.untouched(seed)
        learned = baselines.metric(x, split, 8, seed, Lesson(FEW, seed, FIRM))
        for method, calls in (
            (RULE, baselines.category_rule(catalogue, split, test, seed)),
            (DRAWN, baselines.calls(learned, x, test)),
        ):
            right = calls == test.holds
            of = frame.query(f"seed == {seed} and pairs_of == '{PAIRS}' and method == '{method}'")
            found = of.set_index("relation")["accuracy"]
            assert found[ALL] == pytest.approx(right.mean())
            for number, name in enumerate(split.relations):
                assert found[name] == pytest.approx(right[test.relation == number].mean())
    (claim,) = CLAIMS
    frames = [frame, network(dict.fromkeys(found.index, 0.5))]
    numbers = claim.numbers(frames)
    mean = frame[(frame["pairs_of"] == PAIRS) & (frame["relation"] == ALL)]
    both = mean.loc[mean["method"] == BOTH, "accuracy"].to_numpy()
    said = numbers.set_index("Method").loc[BOTH, ALL]
    assert said == f"{both.mean():.3f} ± {np.std(both, ddof=1):.3f}"
    assert numbers.set_index("Method").loc[NETWORK, ALL] == "0.500"
    assert FIGURES[claim.key](frames, numbers).data


def network(accuracy: dict[str, float]) -> pd.DataFrame:
    """Rows of the table of accuracies, some of them not of pairs that were never seen."""
    rows = [
        {"relation": r, "accuracy": v + worse, "split": split, "trunk": trunk}
        for r, v in accuracy.items()
        for split, trunk, worse in (
            ("items", "end to end", 0.0),
            ("pairs", "end to end", 0.2),
            ("items", "untouched", -0.2),
        )
    ]
    return pd.DataFrame(rows).assign(pairs_of=PAIRS, category="all", method="Siamese network")


@pytest.mark.parametrize(
    ("both", "status"),
    [
        ({"all": 0.75, "a": 0.8, "b": 0.7}, "confirmed"),
        ({"all": 0.75, "a": 0.8, "b": 0.6}, "partly"),
        ({"all": 0.73, "a": 0.8, "b": 0.7}, "partly"),
        ({"all": 0.715, "a": 0.8, "b": 0.7}, "not confirmed"),
    ],
)
def test_it_is_confirmed_only_where_it_is_level_for_every_relation(
    both: dict[str, float], status: str
) -> None:
    rule = {"all": 0.715, "a": 0.8, "b": 0.6}
    rows = [
        {"seed": seed, "pairs_of": PAIRS, "method": m, "relation": r, "accuracy": v + sign}
        for seed, sign in ((0, -0.01), (1, 0.01))
        for m, of in {RULE: rule, DRAWN: rule, BOTH: both}.items()
        for r, v in of.items()
    ]
    before = network({"all": 0.69, "a": 0.7, "b": 0.68})
    verdict = CLAIMS[0].judge([pd.DataFrame(rows), before])
    assert verdict.status == status
    assert ("not for b" in verdict.sentence) is (both["b"] == 0.6)
