"""What is claimed of products that training never saw."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation.claims import Claim, TableSource, Verdict
from relrec_core.products.evaluation.claims import OURS, PHOTOS

RULE, DRAWN = "Rule that sees only categories", "Pictures, distances drawn to zero"
ALONE, BOTH = "Categories, counted and calibrated", "Pictures and categories"
NETWORK = "Network trained end to end, first split"
ALL, PAIRS = "all", "test pairs"
WANTED = 0.74
LEVEL = 0.005
"""How far behind is still level."""

Frames = Sequence[pd.DataFrame]


def _rows(frames: Frames) -> pd.DataFrame:
    """Of both tables: accuracies by method, relation and split of the products."""
    of, before = (frame[frame["pairs_of"] == PAIRS] for frame in frames)
    own = before["trunk"] == "end to end"
    before = before[own & (before["split"] == "items") & (before["category"] == ALL)]
    return pd.concat([before.assign(method=NETWORK, seed=0), of], ignore_index=True)


def _means(frames: Frames) -> pd.DataFrame:
    """Mean accuracy over the splits, method x relation."""
    rows = _rows(frames)
    return rows.pivot_table(index="method", columns="relation", values="accuracy", sort=False)


def _judge(frames: Frames) -> Verdict:
    by, rows = _means(frames), _rows(frames)
    own = by.loc[BOTH].to_dict()
    other = by.loc[[NETWORK, RULE]].max().to_dict()
    relations = [str(name) for name in by.columns]
    behind = [r.replace("_", " ") for r in relations if own[r] < other[r] - LEVEL]
    gain = own[ALL] - other[ALL]
    alone, network, rule = by.loc[[DRAWN, NETWORK, RULE], ALL].tolist()
    deviation = rows[(rows["relation"] == ALL) & (rows["method"] == BOTH)]["accuracy"].std()
    by_relation = f"not for {', '.join(behind)}" if behind else "for every relation"
    good = own[ALL] >= WANTED and not behind
    return Verdict(
        "confirmed" if good else "partly" if gain > LEVEL else "not confirmed",
        f"Of balanced test pairs {own[ALL]:.1%} are classified correctly by pictures and "
        f"categories (wanted {WANTED:.0%}; deviation {deviation:.1%} over "
        f"{rows['seed'].nunique()} splits), {alone:.1%} by the same "
        f"pictures alone, {network:.1%} by the network that is trained end to end, "
        f"{rule:.1%} by a rule that sees only categories. Both together are at least "
        f"level with the better of the latter two {by_relation}.",
    )


def _numbers(frames: Frames) -> pd.DataFrame:
    of = _rows(frames)
    by = of.groupby(["method", "relation"], sort=False)["accuracy"]
    said = by.agg(_with_deviation).unstack("relation")
    wide = said.loc[of["method"].unique(), of["relation"].unique()]
    wide.columns = [str(name).replace("_", " ") for name in wide.columns]
    return wide.rename_axis("Method").reset_index()


def _with_deviation(values: pd.Series[float]) -> str:
    more = f" ± {values.std():.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{more}"


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "categories-photos",
        "And with what the catalogue says of their categories?",
        OURS,
        "an option of the training",
        "How often products of two categories are related adds to what their pictures show.",
        (
            TableSource("products", "unseen", PHOTOS, seeds=(0, 1, 2)),
            TableSource("products", "accuracy", PHOTOS),
        ),
        _judge,
        _numbers,
        "Pairs with a product that training never saw. Distances are learned on features of a "
        "network that knows photos, as they are, and calibrated on the products kept for "
        "validation. The option is off unless it is asked for, as in the paper’s table.",
    ),
)
