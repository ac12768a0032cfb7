"""What is claimed of RecoNet's reasons beyond the paper: that the answer changes as they say."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation.claims import Claim, Outcome, TableSource, Verdict, graded
from relrec_core.evaluation.directions import GRADIENT, beside

OURS = "Beyond the papers"
BEYOND = "Contributions beyond the average user"
ASKED = {"the page": BEYOND, "LIME": "LIME, replacing reasons", "gradient x input": GRADIENT}
"""What is compared on the same users, and its row in the table."""
REASONS = ("named", "every")
CALLED = {
    BEYOND: "This dashboard",
    "Relevance as in the paper": "The paper’s",
    "LIME, replacing reasons": "LIME, replacing",
    "LIME, removing reasons": "LIME, removing",
}
"""Rows of the table as they are shown."""

Frames = Sequence[pd.DataFrame]


def _rows(frame: pd.DataFrame, users: str, reasons: str) -> pd.DataFrame:
    return frame[(frame["users"] == users) & (frame["reasons"] == reasons)].set_index("method")


def _directions(frames: Frames) -> Verdict:
    named, every = (_rows(frames[0], "all users", of) for of in ("named", "every"))
    ours, all_ours, paper = (
        rows.loc[method].to_dict()
        for rows, method in (
            (named, BEYOND),
            (every, BEYOND),
            (every, "Relevance as in the paper"),
        )
    )
    status: Outcome = graded(float(min(ours["replaced"], ours["removed"])), 0.95, 0.75)
    if min(all_ours["replaced"], all_ours["removed"]) < 0.75:
        status = "partly" if status == "confirmed" else status
    asked = {name: _sampled(frames[0], method) for name, method in ASKED.items()}
    rivals = {name: shares for name, shares in asked.items() if name != "the page"}
    least = {name: min(shares) for name, shares in asked.items()}
    others = " and ".join(f"{name} {a:.1%} and {b:.1%}" for name, (a, b) in rivals.items())
    head = beside(status, least["the page"], {name: least[name] for name in rivals})
    return Verdict(
        status,
        f"{head}: replaced by the average user, {ours['replaced']:.1%} of the "
        f"{ours['count']:,.0f} reasons that the page names for {ours['viewers']:.0f} users move "
        f"the score as named ({ours['replaced_weighted']:.1%} weighted by size); removed, "
        f"{ours['removed']:.1%} ({ours['removed_weighted']:.1%}). Of those named for the same "
        f"{frames[0].loc[frames[0]['users'] == 'sample', 'viewers'].iloc[0]:.0f} users, replaced "
        f"and removed, by {others}. Of all features with their sign "
        f"{all_ours['replaced']:.1%} and {all_ours['removed']:.1%} do (with the paper’s relevance "
        f"{paper['replaced']:.1%} and {paper['removed']:.1%}). Replacing fits by construction; "
        f"removing does not: of all features that raise the score "
        f"{all_ours['supports_removed']:.1%} lower it when they are removed.",
    )


def _sampled(frame: pd.DataFrame, method: str) -> tuple[float, float]:
    """Shares of the reasons named for the sample that are true, replaced and removed."""
    row = _rows(frame, "sample", "named").loc[method].to_dict()
    return float(row["replaced"]), float(row["removed"])


def _direction_rows(frames: Frames) -> pd.DataFrame:
    of = frames[0][frames[0]["users"] == "sample"]
    named, every = (of[of["reasons"] == reasons].set_index("method") for reasons in REASONS)
    parts = [
        pd.DataFrame(
            {
                "Method": named.index.map(lambda name: CALLED.get(name, name)),
                "Changed": change,
                "Named": named[change].to_numpy(),
                "All": every[change].to_numpy(),
                "All, weighted by size": every[f"{change}_weighted"].to_numpy(),
            }
        )
        for change in ("replaced", "removed")
    ]
    return pd.concat(parts, ignore_index=True)


def _popular(frames: Frames) -> Verdict:
    row = frames[0].iloc[0]
    return Verdict(
        graded(float(row["base_share"]), 0.5, 0.33),
        f"At the median {row['base_share']:.0%} of a user’s best score is the base value, what the "
        f"average user gets; for {row['own_share']:.0%} of {row['viewers']:.0f} users it is less "
        f"than half. For {row['popular']:.0%} the best movie is among the ten best of the average "
        f"user. Of the contributions beyond it {row['against']:.0%} lower the score.",
    )


def _popular_rows(frames: Frames) -> pd.DataFrame:
    row = frames[0].iloc[0]
    words = {
        "base_share": "Base value, median share of the score",
        "own_share": "Users whose score is less than half base value",
        "popular": "Users whose best movie the average user gets too",
        "against": "Features that lower the score",
        "six_themes": "Six strongest genres, share of what movies add",
        "six_movies": "Six strongest movies, share of what movies add",
    }
    return pd.DataFrame({"Measured": words.values(), "Share": [row[key] for key in words]})


AIMS = {
    "first": "Not first any more",
    "top": "Out of the first ten",
    "into": "From place 15 into the first ten",
}


def _smallest(frames: Frames) -> Verdict:
    first, top, into = (frames[0].set_index("aim").loc[aim].to_dict() for aim in AIMS)
    return Verdict(
        graded(float(min(first["proven_in_time"], top["proven_in_time"])), 0.9, 0.5),
        f"Leaving out {first['set_median']:.0f} liked movies at the median (mean "
        f"{first['set_mean']:.1f}; in order of relevance {first['relevance_mean']:.1f}) displaces "
        f"the best movie from the first place: proven smallest for {first['proven']:.1%} of "
        f"{first['viewers']:.0f} users, {first['ms_median']:.0f} ms at the median. Out of the "
        f"first ten takes {top['set_mean']:.1f} (in order of relevance "
        f"{top['relevance_mean']:.1f}), proven for {top['proven_in_time']:.0%} of "
        f"{top['viewers']:.0f} users within two seconds. To bring the movie at place 15 into the "
        f"first ten takes {into['set_mean']:.1f} more liked movies, proven for "
        f"{into['proven_in_time']:.0%}.",
    )


def _smallest_rows(frames: Frames) -> pd.DataFrame:
    of = frames[0]
    return pd.DataFrame(
        {
            "Change": of["aim"].map(AIMS),
            "Smallest set": of["set_mean"],
            "In order of relevance": of["relevance_mean"],
            "Proven": of["proven"],
            "Proven within 2 s": of["proven_in_time"],
            "Milliseconds, median": of["ms_median"],
            "Milliseconds, largest": of["ms_max"],
        }
    )


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "film-directions",
        "Does the score move as the named reasons say?",
        OURS,
        "best movie of every user",
        "A reason that is named raises or lowers the score: without it, the score moves the other "
        "way.",
        (TableSource("movies", "directions", "ml-100k"),),
        _directions,
        _direction_rows,
        "Named are six reasons that raise and three that lower the score; all are all features "
        "with their sign. The table is of the same 100 users for every method; LIME is asked "
        "twice, with reasons replaced and removed. The gradient of the mean has the zero of "
        "removal.",
    ),
    Claim(
        "film-popularity",
        "How much of a recommendation is popularity?",
        OURS,
        "best movie of every user",
        "Most of a score is what any user would get; it has to be told apart from the user’s own "
        "taste.",
        (TableSource("movies", "base", "ml-100k"),),
        _popular,
        _popular_rows,
        "The average user is the mean of all users’ pooled profiles.",
    ),
    Claim(
        "film-counterfactuals",
        "On how few liked movies does a recommendation hang?",
        OURS,
        "best movie of every user",
        "The smallest set of liked movies without which the answer is another is found, proven to "
        "be the smallest, and verified on the profile that is made again.",
        (TableSource("movies", "counterfactuals", "ml-100k"),),
        _smallest,
        _smallest_rows,
        "Of the first place all users, of the rest a sample of 100. Times are the processor’s, on "
        "one core. Removed from the profile, not from training: the model stays as it is.",
    ),
)
