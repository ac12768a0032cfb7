"""Pictures of stored evaluations, one a claim."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.charts import READABLE, grouped, lines, ranked
from dashboard.figures.palette import ACCENT, NEUTRAL, OPPOSITION, SUPPORT
from dashboard.figures.shares import ShareBand, share_bars
from dashboard.figures.toy import toy_figure
from relrec_core.products.explanation.result import SHOWN
from relrec_core.sessions.explanation.result import expert_title

Frames = Sequence[pd.DataFrame]


def _recalls(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Method", "Recall@50", ["RecoNet"], "Paper")


def _cold(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    by = numbers.set_index("Known movies")
    series = [(name, by[name].dropna()) for name in by.columns]
    return lines(series, "Known movies", "Recall@50")


def _cold_start(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    of = frames[0][frames[0]["known_films"] == 3]
    names = of["method"] + of["attributes"].map({"with": ", with attributes"}).fillna("")
    by = of.assign(name=names).pivot(index="k", columns="name", values="recall")
    order = by.iloc[-1].sort_values(ascending=False).index[:READABLE]
    return lines([(str(n), by[n]) for n in order], "k, with 3 known movies", "Recall@k")


def _deletion(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    frame = frames[0][frames[0]["model"] == "RecoNet"].set_index("removed")
    titles = (("top", "Strongest first"), ("random", "At random"))
    return lines(
        [(title, frame[f"{name}_mean"]) for name, title in titles],
        "Features removed",
        "Change of the score",
        [(frame[f"{name}_low"], frame[f"{name}_high"]) for name, _ in titles],
    )


def _distribution(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    frame = frames[1][frames[1]["model"] == "RecoNet"]
    centres = (frame["low"] + frame["high"]) / 2
    figure = go.Figure()
    for name, title, colour in (
        ("random", "A random feature removed", OPPOSITION),
        ("top", "The strongest removed", SUPPORT),
    ):
        figure.add_trace(
            go.Bar(
                x=centres,
                y=frame[name],
                name=title,
                marker={"color": colour, "line": {"width": 0}},
                opacity=0.65,
                hovertemplate="change %{x:.2f}: %{y} users<extra></extra>",
            )
        )
    figure.update_layout(
        height=330,
        barmode="overlay",
        bargap=0,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": {"text": "Change of the score"}},
        yaxis={"title": {"text": "Users"}},
        legend={"orientation": "h", "y": 1.0, "x": 0, "yanchor": "bottom"},
    )
    return figure


def _lime(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    frame = frames[0].set_index("removed")
    titles = (("reconet", "RecoNet"), ("lime", "LIME"))
    return lines(
        [(title, frame[f"{name}_mean"]) for name, title in titles],
        "Features removed",
        "Change of the score",
        [(frame[f"{name}_low"], frame[f"{name}_high"]) for name, _ in titles],
    )


def _agreement(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return grouped(
        numbers, "Method", ["Rank correlation", "Same among the first 5"], "Agreement, 1 is full"
    )


def _hits(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Method", "HR@10", ["NCF of experts"], "Paper HR@10")


def _shares(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return grouped(numbers, "Expert", ["Decides", "Mean share"], "Share of decisions")


def _by_relation(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    relations = [c for c in numbers.columns if c != "Method"]
    wide = numbers.set_index("Method")[relations].T.rename_axis("Relation").reset_index()
    return grouped(wide, "Relation", list(numbers["Method"]), "Accuracy")


def _by_categories(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    said = numbers.set_index("Method")
    means = said.map(lambda value: float(value.split(" ± ")[0])).reset_index()
    return _by_relation(frames, means)


def _dimensions(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    table = numbers.assign(D=[f"D = {d}" for d in numbers["D"]])
    return grouped(table, "D", ["Accuracy"], "Accuracy")


def _gains(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Map", "SRG", [SHOWN])


def _curves(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    frame = frames[0][frames[0]["occlusion"] == "blur"]
    series = []
    for name in frame["method"].unique():
        if str(name).startswith("LRP, paper, epsilon "):
            of = frame[frame["method"] == name].set_index("removed")
            series.append((str(name).removeprefix("LRP, paper, ").split(" (")[0], of["logit_most"]))
    random = frame[frame["method"] == frame["method"].iloc[0]].set_index("removed")
    series.append(("at random", random["logit_random"]))
    return lines(series[:READABLE], "Share of the cells blurred, most relevant first", "Score")


def _located(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    best = numbers.head(14)
    return ranked(best, "Map", "Times chance", [SHOWN])


def _recommended(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    shares = ["Above zero", "Confirmed", "Opposition raises"]
    return grouped(numbers, str(numbers.columns[0]), shares, "Share of the recommendations")


def _tastes(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Taste", "Rank correlation", list(numbers["Taste"]))


def _guided(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    figure = grouped(numbers, "Network", ["validation", "test"], "Accuracy")
    least = float(np.floor(numbers[["validation", "test"]].to_numpy().min() * 100 - 1) / 100)
    figure.update_layout(yaxis={"range": [least, 1.0], "rangemode": "normal"})
    return figure


def _toy(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return toy_figure(frames[1])


def _accuracies(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Method", "Accuracy", ["Transformer of", "GRU of"], "Paper")


def _confirmed(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Expert", "Confirmed", ["all tracks"])


def _flips(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    rows = [(str(r[0]), f"mean {r[-1]:.1f}") for r in numbers.itertuples(index=False)]
    looks = {
        "One": (SUPPORT, ""),
        "Two": ("#b04f7e", "/"),
        "Three": (ACCENT, "."),
        "More": (OPPOSITION, "x"),
        "None": (NEUTRAL, ""),
    }
    bands = [ShareBand(name, *look, numbers[name].tolist()) for name, look in looks.items()]
    return share_bars(rows, bands)


def _elsewhere(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    rows = [(str(r[0]), "") for r in numbers.itertuples(index=False)]
    looks = {
        "Any one of them": (SUPPORT, ""),
        "Context and hour": (ACCENT, "/"),
        "None": (NEUTRAL, ""),
    }
    bands = [ShareBand(name, *look, numbers[name].tolist()) for name, look in looks.items()]
    return share_bars(rows, bands)


def _positions(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    by = numbers.set_index("Track")
    return lines([(str(name), by[name]) for name in by.columns], "Track", "Accuracy")


def _along(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    of = frames[0][frames[0]["position"] != "all"].copy()
    of["position"] = of["position"].astype(int)
    wide = of.pivot(index="position", columns="expert", values="mean_attribution")
    wide.columns = [expert_title(str(name)) for name in wide.columns]
    strongest = wide.mean().sort_values(ascending=False).index[:READABLE]
    return lines([(str(e), wide[e]) for e in strongest], "Track", "Mean share")


def _truths(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Method", "Cause found", ["experts"])


def _causes(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Cause", "Found", list(numbers["Cause"]))


def _directions(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    by = numbers.set_index("Method").groupby("Changed", sort=False)
    shares = {f"{of}, {how}": part[of] for of in ("Named", "All") for how, part in by}
    wide = pd.DataFrame(shares).rename_axis("Method").reset_index()
    return grouped(wide, "Method", list(shares), "Moves as named")


def _reasons(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    shares = ["Each reason", "Weighted by size", "All at once"]
    return grouped(numbers, "Method", shares, "Moves as named")


def _popularity(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return ranked(numbers, "Measured", "Share", list(numbers["Measured"]))


def _smallest(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return grouped(numbers, "Change", ["Smallest set", "In order of relevance"], "Liked movies")


def _displacing(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    """Of the first question, the first place, every recommender."""
    of = numbers[numbers["Change"] == numbers["Change"].iloc[0]]
    return grouped(of, "Recommender", ["Smallest set", "In order of relevance"], "Liked movies")


def _cells(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    sizes = ["Smallest set", "In order of relevance", "At random"]
    return grouped(numbers, "Relation", sizes, "Grid cells")


def _instead(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    """Of the relation in which another emblem is seen most."""
    most = numbers["Relation"].iloc[int(numbers["Called related"].to_numpy().argmax())]
    of = numbers[numbers["Relation"] == most]
    return grouped(of, "Emblem", ["Listed", "Called related", "Chance"], "Share of the first ten")


def _strategies(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return grouped(numbers, "Maps", ["With the mark", "Of all marked"], "Share")


def _sane(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    return grouped(numbers, "Map", ["All randomised", "Max-sensitivity"], "Lower is better")


def _displaced(frames: Frames, numbers: pd.DataFrame) -> go.Figure:
    """How often an answer leaves the first five without the first 1 to 5 reasons of a method."""
    of = numbers[numbers["Removed"] == "1 to 5"]
    gone = "Leaves the first five"
    return ranked(
        of.assign(**{gone: 1 - of["POS@5"]}), "Method", gone, ["Exact share", "Smallest set"]
    )


PICTURES: dict[str, Callable[[Frames, pd.DataFrame], go.Figure]] = {
    "recall-1m": _recalls,
    "recall-100k": _recalls,
    "layer": _recalls,
    "attributes": _recalls,
    "cold-start": _cold_start,
    "short-history": _cold,
    "deletion": _deletion,
    "significance": _distribution,
    "lime": _lime,
    "lime-time": _agreement,
    "film-directions": _directions,
    "film-popularity": _popularity,
    "film-counterfactuals": _smallest,
    "film-starts": _recalls,
    "film-starts-1m": _recalls,
    "film-linear": _displacing,
    "film-fidelity": _displaced,
    "film-own-fidelity": _displaced,
    "film-experts": _hits,
    "film-content": _hits,
    "film-deciders": _shares,
    "end-to-end-photos": _by_relation,
    "unseen-photos": _by_relation,
    "categories-photos": _by_categories,
    "end-to-end-studio": _by_relation,
    "dimensions": _dimensions,
    "perturbation": _gains,
    "perturbation-photos": _gains,
    "epsilon": _curves,
    "localisation": _located,
    "recommendations": _recommended,
    "recommendations-photos": _recommended,
    "product-counterfactuals": _cells,
    "sanity": _sane,
    "erased": _instead,
    "strategies": _strategies,
    "product-directions": _reasons,
    "tastes": _tastes,
    "guided": _guided,
    "toy": _toy,
    "close-to-control": _accuracies,
    "real-slice": _accuracies,
    "audits": _confirmed,
    "flips": _flips,
    "elsewhere": _elsewhere,
    "session-directions": _reasons,
    "positions": _positions,
    "simplest-first": _shares,
    "vanishing": _along,
    "known-truth": _truths,
    "causes": _causes,
}
"""Key of a claim -> its picture, from its stored frames and the numbers shown beside it."""
