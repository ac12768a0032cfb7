"""What the paper on experts claims about films (Afchar and Hennequin 2020, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation.claims import Claim, TableSource, Verdict, graded

PAPER = "Afchar and Hennequin, RecSys 2020"

Frames = Sequence[pd.DataFrame]


def _experts(frames: Frames) -> Verdict:
    rows = frames[0].set_index("method")["hit_rate_10"]
    experts, control = rows["NCF of experts"], rows["Plain NCF (control)"]
    best = rows.idxmax()
    return Verdict(
        graded(experts / control, 0.96, 0.9),
        f"The experts rank the movie that was watched among the first 10 of 101 for {experts:.1%} "
        f"of users, the control without experts for {control:.1%} (paper: 67.8% and 71.5%); "
        f"the best here is {best} with {rows.max():.1%}.",
    )


def _hits(frames: Frames) -> pd.DataFrame:
    frame = frames[0]
    shown = {"Method": frame["method"], "HR@10": frame["hit_rate_10"], "NDCG@10": frame["ndcg_10"]}
    if frame["paper_hit_rate_10"].notna().any():
        shown["Paper HR@10"] = frame["paper_hit_rate_10"]
    return pd.DataFrame(shown).sort_values("HR@10", ascending=False)


def _deciders(frames: Frames) -> Verdict:
    frame = frames[0].set_index("expert")
    taste = float(frame["top_share"]["taste"])
    generic = 1 - taste
    return Verdict(
        graded(generic / 0.66, 0.8, 0.3),
        f"For {generic:.0%} of the movies the first three experts decide, which know the movie, "
        f"the user or both only in general terms (paper: 66%); {taste:.0%} are left to taste.",
    )


def _shares(frames: Frames) -> pd.DataFrame:
    frame = frames[0]
    return pd.DataFrame(
        {
            "Expert": frame["expert"].replace("film", "movie"),
            "Decides": frame["top_share"],
            "Mean share": frame["mean_share"],
            "HR@10 alone": frame["alone_hit_rate_10"],
        }
    )


def _content(frames: Frames) -> Verdict:
    rows = frames[0].set_index("method")["hit_rate_10"]
    content, control = rows["NCF of content alone"], rows["Plain NCF (control)"]
    return Verdict(
        graded(1 - content / control, 0.25, 0.1),
        f"A network that reads only attributes ranks the movie that was watched among the first 10 "
        f"of 101 for {content:.1%} of users, one that knows each user and movie for "
        f"{control:.1%} (paper: 38.6% and 71.5%).",
    )


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "film-experts",
        "What does it cost to let experts decide?",
        PAPER,
        "Table 1",
        "Experts come within a few per cent of the same network without them.",
        (TableSource("movies", "experts", "ml-1m"),),
        _experts,
        _hits,
    ),
    Claim(
        "film-content",
        "Is it enough to know the genres and the age?",
        PAPER,
        "Table 1",
        "A model that reads only content falls far behind.",
        (TableSource("movies", "experts", "ml-1m"),),
        _content,
        _hits,
    ),
    Claim(
        "film-deciders",
        "Which expert decides about movies?",
        PAPER,
        "Figure 6",
        "66% of the movies are decided by the three experts that can be put into words.",
        (TableSource("movies", "deciders", "ml-1m"),),
        _deciders,
        _shares,
    ),
)
