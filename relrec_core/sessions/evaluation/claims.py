"""What the paper on experts claims about sessions (Afchar and Hennequin 2020)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation.claims import Claim, TableSource, Verdict, graded
from relrec_core.sessions.explanation.result import cause_title, expert_title

PAPER = "Afchar and Hennequin, RecSys 2020"
OURS = "Beyond the papers"
EXPERTS, CONTROL = "Transformer of experts", "Plain Transformer (control)"
TEN, NEW = tuple(range(10)), (301, 302, 303, 304)
SIMULATED, REAL = "simulated", "mssd-169-sessions"

Frames = Sequence[pd.DataFrame]


def _source(
    table: str, dataset: str = SIMULATED, seeds: tuple[int, ...] = (0,)
) -> tuple[TableSource, ...]:
    return (TableSource("sessions", table, dataset, seeds),)


def _close(frames: Frames) -> Verdict:
    by = frames[0].set_index("method")["accuracy"]
    last, mean = "last baseline", "mean baseline"
    baseline = max(by[name] for name in (last, mean))
    behind, ahead = by[CONTROL] - by[EXPERTS], by[EXPERTS] - baseline
    ok = behind <= 0.015 and ahead > 0.01
    return Verdict(
        "confirmed" if ok else "partly" if ahead > 0 else "not confirmed",
        f"Experts {by[EXPERTS]:.1%}, the control {by[CONTROL]:.1%}, the better baseline "
        f"{baseline:.1%} (paper: 70.9, 72.2 and 63.0%).",
    )


def _accuracies(frames: Frames) -> pd.DataFrame:
    frame = frames[0]
    names = {"accuracy": "Accuracy", "first": "First track", "maa": "MAA"}
    papers = {"paper_accuracy": "Paper", "paper_first": "Paper, first", "paper_maa": "Paper, MAA"}
    shown = {k: v for k, v in papers.items() if k in frame and frame[k].notna().any()}
    return frame[["method", *names, *shown]].rename(columns={"method": "Method", **names, **shown})


def _audits(frames: Frames) -> Verdict:
    confirmed = frames[0][frames[0]["shares"] == "all"].set_index("expert")["confirmed"]
    each = confirmed.drop(index="all tracks")
    rarest: str = each.index.tolist()[int(each.argmin())]
    return Verdict(
        graded(float(each.min()), 0.75, 0.5),
        f"Confirmed for {float(confirmed['all tracks']):.0%} of the tracks; least often where "
        f"{expert_title(rarest)} decided, {each.min():.0%}.",
    )


def _audit_rows(frames: Frames) -> pd.DataFrame:
    names = {
        "expert": "Expert",
        "confirmed": "Confirmed",
        "falls": "Less sure",
        "sure": "Sure",
        "sure_named": "Named inputs changed",
        "sure_others": "Others changed",
        "decides": "Decides",
    }
    return _titled(frames[0][frames[0]["shares"] == "all"], names)


def _flips(frames: Frames) -> Verdict:
    by = frames[0].set_index("expert").astype(float)
    acted, whole = (dict(by.loc[name]) for name in ("interaction", "all tracks"))
    heard, turned = by.loc[["context", "track general", "track musical"]], 1 - acted["none"]
    fewer = acted["none"] < heard["none"].min() and acted["mean"] < heard["mean"].min()
    return Verdict(
        graded(turned, 0.95, 0.8) if fewer else "partly",
        f"Other skips and plays in the first half turn {1 - whole['none']:.0%} of the "
        f"answers, one is enough for {whole['one']:.0%}. Where earlier actions decided, "
        f"{turned:.1%} can be turned, by {acted['mean']:.1f} tracks on average; where "
        f"context, track facts or sound did, {1 - heard['none'].max():.0%} to "
        f"{1 - heard['none'].min():.0%}, by {heard['mean'].min():.1f} or more.",
    )


def _flip_rows(frames: Frames) -> pd.DataFrame:
    sizes = {name: name.capitalize() for name in ("one", "two", "three", "more", "none", "mean")}
    return _titled(frames[0], {"expert": "Decided by", **sizes})


def _titled(frame: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Some columns under new names, and experts as the page calls them."""
    return frame.assign(expert=frame["expert"].map(expert_title))[list(names)].rename(columns=names)


def _positions(frames: Frames) -> Verdict:
    wide = frames[0].pivot(index="position", columns="method", values="accuracy")
    last = wide["last baseline"]
    falls = last.iloc[0] - last.iloc[-1]
    kept = wide[EXPERTS].iloc[0] - wide[EXPERTS].iloc[-1]
    return Verdict(
        "confirmed" if falls > 0.05 else "not confirmed",
        f"Repeating the last action is right for {last.iloc[0]:.0%} of first tracks and for "
        f"{last.iloc[-1]:.0%} of tenth ones; the experts lose {100 * kept:.1f} points on the way.",
    )


def _position_rows(frames: Frames) -> pd.DataFrame:
    wide = frames[0].pivot(index="position", columns="method", values="accuracy")
    return wide.rename_axis("Track").rename_axis(None, axis=1).reset_index()


def _simplest(frames: Frames) -> Verdict:
    of = frames[0]
    of = of[of["position"] == "all"].set_index("expert")
    top = of["top"].astype(float)
    first = str(top.sort_values().index[-1])
    spread = int((top > 0.02).sum())
    return Verdict(
        "confirmed" if first == "interaction" and spread > 2 else "partly",
        f"The expert that knows only the earlier actions decides most often "
        f"({top[first]:.0%}); {spread} of {len(top)} experts decide more than 2% of the tracks."
        if first == "interaction"
        else f"Most often decides ‘{expert_title(first)}’ ({top[first]:.0%}), not the simplest "
        "expert.",
    )


def _shares(frames: Frames) -> pd.DataFrame:
    of = frames[0][frames[0]["position"] == "all"]
    return pd.DataFrame(
        {
            "Expert": of["expert"].map(expert_title),
            "Decides": of["top"],
            "Mean share": of["mean_attribution"],
        }
    )


def _vanishes(frames: Frames) -> Verdict:
    of = frames[0]
    of = of[(of["expert"] == "interaction") & (of["position"] != "all")]
    by = of.set_index("position")["mean_attribution"]
    first, later = float(by.iloc[0]), float(by.iloc[-1])
    return Verdict(
        graded(first - later, 0.1, 0.02),
        f"Its mean share is {first:.0%} for the first track and {later:.0%} for the tenth.",
    )


def _known_truth(frames: Frames) -> Verdict:
    of = frames[0][frames[0]["cause"] == "all"].set_index("method")["known_truth"]
    others = of[[n for n in of.index if not str(n).startswith("experts")]]
    best = str(others.sort_values().index[-1])
    ours = float(of["experts"])
    return Verdict(
        "confirmed" if ours > others.max() and ours >= 0.8 else "partly",
        f"For {ours:.0%} of rightly predicted skips the deciding expert is the smallest that reads "
        f"the known cause; the best method applied to the control afterwards ({best}) finds it "
        f"for {others.max():.0%}.",
    )


def _truths(frames: Frames) -> pd.DataFrame:
    of = frames[0][frames[0]["cause"] == "all"]
    return pd.DataFrame({"Method": of["method"], "Cause found": of["known_truth"]})


def _by_cause(frames: Frames) -> Verdict:
    of = frames[0].set_index("cause").rename(index=cause_title)
    by, whole = of["known_truth"].drop(index="all").sort_values(), of.loc["all"]
    return Verdict(
        graded(float(by.iloc[0]), 0.8, 0.5),
        f"Found best: ‘{by.index[-1]}’ ({by.iloc[-1]:.0%}); worst: ‘{by.index[0]}’ "
        f"({by.iloc[0]:.0%}). Of all skips {whole['known_truth']:.1%}; {whole['accuracy']:.1%} of "
        "the tracks are predicted right.",
    )


def _causes(frames: Frames) -> pd.DataFrame:
    of = frames[0]
    names = {"known_truth": "Found", "lowest": "Lowest", "highest": "Highest"}
    shown = of.assign(Cause=of["cause"].map(cause_title), Tracks=of["tracks"].astype(int))
    return shown[["Cause", *names, "Tracks"]].rename(columns=names)


def _toy(frames: Frames) -> Verdict:
    of = frames[0]
    accuracy, expected = float(of["accuracy"].min()), of["expected_expert"]
    reached = int((expected >= 0.97).sum())
    return Verdict(
        graded(min(accuracy / 0.99, float(expected.min()) / 0.97), 1.0, 0.9),
        f"In the worst of {len(of)} trainings {accuracy:.1%} of the points are right; away from "
        f"the borders the expected expert decides at least {expected.min():.1%} of them, and 97% "
        f"or more in {reached} of {len(of)}.",
    )


def _toys(frames: Frames) -> pd.DataFrame:
    by = frames[0].groupby("task", sort=True)
    return pd.DataFrame(
        {
            "Task": list(by.groups),
            "Accuracy, worst": by["accuracy"].min().to_numpy(),
            "Expected expert": by["expected_expert"].mean().to_numpy(),
            "Worst": by["expected_expert"].min().to_numpy(),
        }
    )


def _none(frames: Frames) -> Verdict:
    raise AssertionError("a claim without sources is not judged")


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "toy",
        "Does it work where the answer is known?",
        PAPER,
        "Figure 5",
        "Toy tasks are solved nearly perfectly, and each cluster is left to the expert that needs "
        "the fewest inputs for it.",
        (
            TableSource("sessions", "toy", seeds=TEN),
            TableSource("sessions", "toy", seeds=TEN, part="points"),
        ),
        _toy,
        _toys,
    ),
    Claim(
        "close-to-control",
        "What does it cost to be explainable?",
        PAPER,
        "Table 2",
        "Experts stay about a point below the same network without them, far above baselines.",
        _source("accuracy"),
        _close,
        _accuracies,
        "Simulated sessions; the paper's numbers are of Spotify's, which cannot be handed on. Read "
        "the order, not the height.",
    ),
    Claim(
        "real-slice",
        "And on real sessions?",
        PAPER,
        "Table 2",
        "Experts stay about a point below the same network without them, far above baselines.",
        _source("accuracy", REAL, (0, 1, 2)),
        _close,
        _accuracies,
        "169 sessions with few of the columns are all there is of it here: too few to learn from, "
        "21 to test on.",
    ),
    Claim(
        "deezer",
        "And on Deezer's sessions?",
        PAPER,
        "Table 3, Figure 10",
        "The same holds for ten experts on Deezer's sessions (77.7 against 78.9%).",
        (),
        _none,
        lambda frames: frames[0],
        "That data set is private. The family of ten experts is there for data of that kind.",
    ),
    Claim(
        "audits",
        "Do the inputs that are named matter?",
        OURS,
        "the proof beside every session",
        "With other inputs for the expert that decided, the answer becomes less sure than with as "
        "many other inputs changed, for three of four tracks at least, whichever expert decided.",
        _source("audit"),
        _audits,
        _audit_rows,
        "The network that ships, on sessions that it has not seen. The expert that reads "
        "everything has nothing to be compared with; there the answer has to become less sure "
        "beyond chance.",
    ),
    Claim(
        "flips",
        "How little of the past would turn an answer?",
        OURS,
        "the smallest change beside every session",
        "Where earlier actions decided, few other skips and plays in the first half turn the "
        "answer; where other inputs did, more are needed, or none suffice.",
        _source("flips"),
        _flips,
        _flip_rows,
        "The network that ships, on sessions that it has not seen. Of each track all sets of "
        "turned tracks were tried, smaller ones first, so that each size is the smallest.",
    ),
    Claim(
        "positions",
        "Is the first track the easy one?",
        PAPER,
        "Table 2, section 4.3",
        "Repeating the last action does strikingly well on the first track, and worse later.",
        _source("position"),
        _positions,
        _position_rows,
    ),
    Claim(
        "simplest-first",
        "Which expert decides?",
        PAPER,
        "Figure 8",
        "Attribution leans strongly to the simplest expert, with earlier actions alone, without "
        "collapsing to one.",
        _source("attribution"),
        _simplest,
        _shares,
    ),
    Claim(
        "vanishing",
        "Do earlier actions matter less along the session?",
        PAPER,
        "Figure 11",
        "The expert of earlier actions decides the first tracks and soon gives way to others.",
        _source("attribution"),
        _vanishes,
        _shares,
    ),
    Claim(
        "known-truth",
        "Is the expert named the right one?",
        OURS,
        "known causes of the simulator",
        "The attribution of experts finds causes that methods applied afterwards do not.",
        _source("known-truth"),
        _known_truth,
        _truths,
    ),
    Claim(
        "causes",
        "Which causes are found, which are missed?",
        OURS,
        "known causes of the simulator",
        "Every kind of cause is found, those with two inputs at once too.",
        _source("causes", seeds=NEW),
        _by_cause,
        _causes,
        "The network that ships, on new listeners and tracks of four simulation seeds, which "
        "neither its training nor the choice of its settings has seen: together, and each.",
    ),
)
