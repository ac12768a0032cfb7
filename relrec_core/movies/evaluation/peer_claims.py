"""What is claimed of recommenders without attributes: how well they recommend, how they explain."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation.claims import Claim, Outcome, TableSource, Verdict
from relrec_core.movies.evaluation.linear_explanations import AIMS
from relrec_core.movies.evaluation.own_claims import AIMS as CHANGES
from relrec_core.movies.evaluation.own_claims import OURS
from relrec_core.movies.evaluation.starts import JOINED, NAME

CLOSE = 0.98
"""From this share of the best on, a method is nearly level."""
RANDOM = "RecoNet"
BESIDE = ("ALS", "EASE", "EDLAE", "SLIM")
"""Peers whose scores are explained as exactly."""
MEASURES = ("recall_50", "pooled_recall_50")
SEEDS = (0, 1, 2)

Frames = Sequence[pd.DataFrame]


def _beside(frames: Frames) -> pd.DataFrame:
    """The start from factors, alone and joined, and rows of `recall` that are explained alike."""
    started, others = frames
    plain = others[(others["attributes"] == "without") & others["method"].isin([RANDOM, *BESIDE])]
    return pd.concat([started, plain], ignore_index=True)


def _started(frames: Frames) -> Verdict:
    frame = _beside(frames).set_index("method")[list(MEASURES)]
    rows = {str(name): row.to_dict() for name, row in frame.iterrows()}
    ours, factors, random = (rows.pop(name) for name in (JOINED, NAME, RANDOM))
    best = {m: str(frame[m].drop([JOINED, NAME, RANDOM]).idxmax()) for m in MEASURES}
    ratios = [float(ours[m] / rows[best[m]][m]) for m in MEASURES]
    status: Outcome = "not confirmed"
    if min(ratios) >= CLOSE:
        status = "confirmed" if min(ratios) >= 1 else "partly"
    user, pooled = MEASURES
    return Verdict(
        status,
        f"Of the movies that a user liked {ours[user]:.2%} are among its first 50, of all liked "
        f"movies together {ours[pooled]:.2%}. From factors alone it is {factors[user]:.2%} and "
        f"{factors[pooled]:.2%}, from random weights alone {random[user]:.2%} and "
        f"{random[pooled]:.2%}; the best of the others reach {rows[best[user]][user]:.2%} "
        f"({best[user]}) and {rows[best[pooled]][pooled]:.2%} ({best[pooled]}).",
    )


def _starts(frames: Frames) -> pd.DataFrame:
    frame = _beside(frames)
    shown = pd.DataFrame(
        {
            "Method": frame["method"].replace(RANDOM, "RecoNet, random start"),
            "Recall@50": frame["recall_50"],
            "Deviation": frame["recall_50_sd"],
            "Pooled": frame["pooled_recall_50"],
            "Deviation, pooled": frame["pooled_recall_50_sd"],
        }
    )
    return shown.sort_values("Recall@50", ascending=False)


def _linear(frames: Frames) -> Verdict:
    frame = frames[0].set_index("recommender")
    others = frame.drop("RecoNet")
    exact = bool((others["closes"] == 1).all())
    passed = float(others[["removed", "replaced"]].to_numpy().min())
    bounded = float(others[[f"{aim}_bounded" for aim in AIMS]].to_numpy().min())
    status: Outcome = "not confirmed"
    if exact and bounded == 1:
        status = "confirmed" if passed >= 0.95 else "partly"
    said = ", ".join(f"{name} {row['first_set_mean']:.1f}" for name, row in others.iterrows())
    proven = ", ".join(f"{name} {row['first_proven']:.0%}" for name, row in others.iterrows())
    return Verdict(
        status,
        f"Contributions and base value sum to the score in {others['closes'].min():.0%} of the "
        f"explanations (largest difference {others['gap'].max():.0e}). With the strongest reasons "
        f"removed {others['removed'].min():.0%} to {others['removed'].max():.0%} pass the deletion "
        f"test, replaced {others['replaced'].min():.0%} to {others['replaced'].max():.0%}. As many "
        f"liked movies displace the best movie: {said}; proven smallest for {proven}, with both "
        f"bounds for {bounded:.0%}.",
    )


def _linear_rows(frames: Frames) -> pd.DataFrame:
    frame = frames[0]
    parts = [
        pd.DataFrame(
            {
                "Recommender": frame["recommender"],
                "Change": CHANGES[aim],
                "Smallest set": frame[f"{aim}_set_mean"],
                "In order of relevance": frame[f"{aim}_relevance_mean"],
                "Proven": frame[f"{aim}_proven"],
                "Proven within 2 s": frame[f"{aim}_proven_in_time"],
                "Milliseconds, median": frame[f"{aim}_ms_median"],
            }
        )
        for aim in AIMS
    ]
    return pd.concat(parts, ignore_index=True)


LIMITS = (
    "Per user is the mean over users, pooled the share of all hidden movies. Epochs are chosen on "
    "the development movies, none at all among them; size, steps and the ridge of the start were "
    "settled on those of one split, as was what is joined. The other rows are those of the table "
    "above, on the same splits; times are left out, as they were measured apart."
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "film-starts",
        "Does it keep up without attributes?",
        OURS,
        "MovieLens 100K, three splits",
        "Without attributes, two RecoNets joined into one, of which one started from the ratings’ "
        "factors, recommend as well as the best peer that is explained as exactly.",
        tuple(TableSource("movies", table, "ml-100k", SEEDS) for table in ("starts", "recall")),
        _started,
        _starts,
        LIMITS,
    ),
    Claim(
        "film-starts-1m",
        "And on the larger set?",
        OURS,
        "MovieLens 1M, three splits",
        "Without attributes, two RecoNets joined into one, of which one started from the ratings’ "
        "factors, recommend as well as the best peer that is explained as exactly.",
        tuple(TableSource("movies", table, "ml-1m", SEEDS) for table in ("starts", "recall")),
        _started,
        _starts,
        LIMITS,
    ),
    Claim(
        "film-linear",
        "Are other recommenders explained as well?",
        OURS,
        "EASE, item-item cosine and ALS, best movies of a sample of users",
        "Their contributions sum to the score, pass the same tests, and their smallest changes are "
        "found with what is proven of them.",
        (TableSource("movies", "linear", "ml-100k"),),
        _linear,
        _linear_rows,
        "A sample of 40 users. ALS solves for the user again after each change: sets are tried one "
        "by one, the small ones first. Times are the processor’s, on one core that other programs "
        "shared.",
    ),
)
