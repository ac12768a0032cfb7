"""What the stored tables say of maps: faithful, near the cause, true to what is shown?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from relrec_core.evaluation import directions
from relrec_core.evaluation.claims import Outcome, Verdict, graded
from relrec_core.products.data.recomposed import CUTS
from relrec_core.products.explanation.result import CHOSEN, FOCUSED, GRID, SHOWN

OTHERS = ("Integrated gradients", "DeepLift", "Saliency", "Grad-CAM")
ABOVE_ZERO, ABSORBED, CONFIRMED = 0.98, 0.15, 0.85
"""Shares of recommendations whose maps sum to more than zero, of the score that no map has, and of
deletion tests that are passed: what is to be reached."""
PURE = 0.9
"""Share of groups that has the watermark, and of what has it that is in these groups."""
UNLIKE, STEADY = 0.2, 0.25
"""Rank correlation with the map of a randomised network, and max-sensitivity, at most."""
FEW_FAIL, LISTED = 0.05, 3
"""Share of recommendations for which no set of cells is found, and the length of their list."""

Frames = Sequence[pd.DataFrame]

OTHER_PLACES = (
    "Confirmed: blurring the cells that carry three quarters of a picture’s support, with soft "
    "edges, lowers the score more than blurring their shape at any of 19 random places of the same "
    "picture; of maps that know nothing one in twenty passes."
)


def _gains(frame: pd.DataFrame, how: str) -> pd.DataFrame:
    """One row a method: SRG with its bounds."""
    of = frame[(frame["occlusion"] == how) & (frame["removed"] == 0)]
    return of.set_index("method")[["srg", "srg_low", "srg_high"]]


def perturbation(frames: Frames) -> Verdict:
    """Does the score fall sooner in the map's order? SRG and its band, EARS'18 section 3.3."""
    by = {how: _gains(frames[0], how) for how in ("blur", "noise")}
    rows = {how: gains.loc[CHOSEN] for how, gains in by.items()}
    clear = sum(bool(row["srg_low"] > 0) for row in rows.values())
    beaten = int((by["blur"]["srg"] > rows["blur"]["srg"]).sum())
    status: Outcome = ("not confirmed", "partly", "confirmed")[clear]
    though = f", though {beaten} of {len(by['blur']) - 1} other maps do better" if beaten else ""
    how = {"blur": "blurred", "noise": "replaced by noise"}
    words = [f"{how[name]} {row['srg']:.1f}" for name, row in rows.items()]
    bands = [f"{row['srg_low']:.1f} to {row['srg_high']:.1f}" for row in rows.values()]
    return Verdict(
        status,
        f"{status.capitalize()}{though}: the area between taking the least and the most relevant "
        f"cells first is, by the map that the page shows, {words[0]} (95% band {bands[0]}), "
        f"{words[1]} ({bands[1]}); a random order has 0.",
    )


def gain_rows(frames: Frames) -> pd.DataFrame:
    """SRG of each map under both ways to occlude, best first."""
    blur, noise = (_gains(frames[0], how) for how in ("blur", "noise"))
    found = pd.DataFrame({"SRG": blur["srg"], "From": blur["srg_low"], "To": blur["srg_high"]})
    found["SRG, noise"] = noise["srg"]
    found = found.rename(index={CHOSEN: SHOWN}).sort_values("SRG", ascending=False)
    return found.rename_axis("Map").reset_index()


def epsilons(frames: Frames) -> Verdict:
    """Which epsilon has the most faithful map, EARS'18 figure 3."""
    gains = _gains(frames[0], "blur")["srg"]
    by = {
        float(str(n).split("epsilon ")[1].split(" ")[0]): float(gains[n])
        for n in gains.index
        if str(n).startswith("LRP, paper, epsilon ")
    }
    best = max(by, key=lambda e: by[e])
    spread = max(by.values()) - min(by.values())
    return Verdict(
        "confirmed" if spread > 0.1 * max(by.values()) else "partly",
        f"With blurred cells the gain goes from {min(by.values()):.1f} to "
        f"{max(by.values()):.1f}, best at epsilon {best:g}.",
    )


def _located(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean over relations, by method."""
    columns = ["share_over_area", "pointing_inside", "pointing"]
    return frame.groupby("method", sort=False)[columns].mean()


def localisation(frames: Frames) -> Verdict:
    """How much of the map lies where the planted cause is, against other methods."""
    frame = frames[0]
    wide = frame.pivot(index="relation", columns="method", values="share_over_area")
    rivals = [c for c in wide.columns if str(c).startswith(OTHERS)]
    ours = wide[CHOSEN]
    won = (ours >= wide[rivals].max(axis=1)).mean()
    shown, mean = _located(frame).loc[CHOSEN], _located(frame)["share_over_area"]
    ahead, status = int((mean > mean[CHOSEN]).sum()), graded(float(won), 1.0, 0.5)
    though = f", though {ahead} of {len(mean) - 1} other maps do better" if ahead else ""
    return Verdict(
        status,
        f"{status.capitalize()}{though}: the map that the page shows puts {ours.min():.1f} to "
        f"{ours.max():.1f} times as much of its support on the known correct answer as chance "
        f"would; it beats every gradient method of the comparison for {won:.0%} of the relations. "
        f"Its strongest point lies on the cause in {shown['pointing_inside']:.0%}, on it or at "
        f"most 3% of the picture away in {shown['pointing']:.0%}.",
    )


def located_rows(frames: Frames) -> pd.DataFrame:
    """How near each map is to the planted cause, best first."""
    found = _located(frames[0])
    found = found.rename(index={CHOSEN: SHOWN}).reset_index()
    found.columns = ["Map", "Times chance", "Points inside", "Pointing game"]
    return found.sort_values("Times chance", ascending=False)


def recommendations(frames: Frames) -> Verdict:
    """Do the maps of what is recommended add up, and pass their deletion test?

    Of several catalogues the worst one decides each of the three.
    """
    every = pd.DataFrame([frame.set_index("relation").loc["all"] for frame in frames])
    above, absorbed, passed = (
        every["pixels_above_zero"].min(),
        every["absorbed"].max(),
        every["confirmed"].min(),
    )
    held = [above >= ABOVE_ZERO, absorbed <= ABSORBED, passed >= CONFIRMED]
    worst = f", in the worst of {len(frames)} catalogues," if len(frames) > 1 else ""
    opposing = every["pictures_with_opposition"]
    raises = (every["opposition_raises"] * opposing).sum() / opposing.sum()
    return Verdict(
        "confirmed" if all(held) else "partly" if any(held) else "not confirmed",
        f"Of {every['recommendations'].sum():.0f} first recommendations{worst} {above:.0%} "
        f"have maps that sum to more than zero (wanted {ABOVE_ZERO:.0%}); baseline, biases and "
        f"stabiliser together take {absorbed:.1%} of the score at the median (wanted at "
        f"most {ABSORBED:.0%}); the areas named matter more than their shape at all of 19 other "
        f"places in {passed:.0%} (wanted {CONFIRMED:.0%}). Blurring what signed maps mark "
        f"as lowering the score raises it in {raises:.0%} of the pictures, so the page marks no "
        "such areas.",
    )


def recommendation_rows(frames: Frames) -> pd.DataFrame:
    """The same for each relation."""
    of = frames[0].drop(columns=["cells_removed", "pictures_with_opposition"])
    of["relation"] = of["relation"].str.replace("_", " ")
    names = ["Relation", "Recommendations", "Above zero", "Explained", "Not in the map"]
    return of.set_axis([*names, "Confirmed", "Opposition raises"], axis=1)


def photo_rows(frames: Frames) -> pd.DataFrame:
    """The same for each catalogue of photos, by the cut of its pictures."""
    rows = [recommendation_rows([frame]).iloc[:1] for frame in frames]
    found = pd.concat(rows, ignore_index=True).rename(columns={"Relation": "Photos"})
    return found.assign(Photos=list(CUTS))


def areas(frames: Frames) -> Verdict:
    """Whether the areas that the map marks lower the score when they are erased."""
    return directions.verdict(frames[0], SHOWN, "grid cells", "pictures", decides="together")


def smallest(frames: Frames) -> Verdict:
    """How few cells displace a recommendation, beside orders of cells."""
    of = frames[0].set_index("relation").loc["all"]
    fewer = of["mean_at_random"] - of["mean_by_relevance"]
    return Verdict(
        "confirmed" if of["none"] <= FEW_FAIL and fewer > 0 else "partly",
        f"For {1 - of['none']:.0%} of {of['recommendations']:.0f} first recommendations a set of "
        f"at most half of the {GRID**2} cells was found without which they leave the top "
        f"{LISTED}; one cell is enough for {of['one']:.0%}, four for {of['up_to_four']:.0%}, and "
        f"{of['proven']:.0%} are proven smallest. On average it takes {of['mean']:.1f} cells, in "
        f"order of relevance without putting any back {of['mean_by_relevance']:.1f}, at random "
        f"{of['mean_at_random']:.1f}.",
    )


def smallest_rows(frames: Frames) -> pd.DataFrame:
    """The same for each relation."""
    of = frames[0].assign(relation=frames[0]["relation"].str.replace("_", " "))
    names = ["Relation", "Recommendations", "One cell", "Up to four", "None", "Proven", "Median"]
    return of.set_axis([*names, "Smallest set", "In order of relevance", "At random"], axis=1)


def erased(frames: Frames) -> Verdict:
    """Is one particular other emblem seen more often than at chance where the own is erased?"""
    words, held = [], []
    for relation, rows in frames[0].groupby("relation", sort=False):
        worst = rows.iloc[int((rows["related"] - rows["chance"]).to_numpy().argmax())]
        held.append(worst["related"] <= worst["chance"])
        none = np.average(rows["none"], weights=rows["products"])
        words.append(
            f"‘{str(relation).replace('_', ' ')}’: for {none:.0%} of {rows['products'].sum()} "
            f"products nothing among the first ten is called related then; {worst['related']:.1%} "
            f"of the first ten are called related and carry the {worst['emblem']}, the most of "
            f"any other emblem (chance {worst['chance']:.0%})"
        )
    return Verdict(
        "confirmed" if all(held) else "partly" if any(held) else "not confirmed",
        f"With the cells of its emblem blurred, {'; '.join(words)}.",
    )


def erased_rows(frames: Frames) -> pd.DataFrame:
    """By relation and by the emblem that is seen instead."""
    of = frames[0].assign(relation=frames[0]["relation"].str.replace("_", " "))
    of = of.drop(columns=["products", "none", "whole"])
    names = ["Relation", "Emblem", "Listed", "Called related", "At most", "After", "Chance"]
    return of.set_axis(names, axis=1)


def strategies(frames: Frames) -> Verdict:
    """Is the planted watermark a group of its own, and does the ranking follow it?"""
    of = frames[0]
    (pure, found), (pure_all, found_all) = (
        _marking(of[(of["kind"] == "all") == among_all]) for among_all in (False, True)
    )
    shares = [
        float(of.groupby("catalogue")[f"marked_listed{name}"].first().mean())
        for name in ("", "_without_mark", "_without_others")
    ]
    held = [min(pure, found) >= PURE, min(pure_all, found_all) >= PURE, shares[1] < shares[2] / 2]
    return Verdict(
        "confirmed" if all(held) else "partly" if any(held) else "not confirmed",
        f"In {of['catalogue'].nunique()} catalogues that nothing was chosen on: among the maps of "
        f"one kind, a third of which has the watermark, {found:.0%} of those with it are in groups "
        f"that mostly have it, and of these groups {pure:.0%} have it; among the maps of all kinds "
        f"{found_all:.0%}, and {pure_all:.0%}. Of the first three recommendations for marked "
        f"products {shares[0]:.0%} are marked; with the watermark blurred {shares[1]:.0%}, with "
        f"the opposite corner blurred {shares[2]:.0%}.",
    )


def _marking(of: pd.DataFrame) -> tuple[float, float]:
    """Of the groups that mostly have the watermark: how much of them, and how much of it."""
    groups = of[of["purity"] > 1 / 2]
    count = groups["recommendations"].sum()
    pure = (groups["purity"] * groups["recommendations"]).sum() / count if count else 0.0
    return float(pure), float(groups["of_marked"].sum() / of["catalogue"].nunique())


def strategy_rows(frames: Frames) -> pd.DataFrame:
    """For each catalogue, and maps of one kind or of all: how the watermark's groups stand out."""
    rows = []
    for (catalogue, kind), of in frames[0].groupby(["catalogue", "kind"], sort=False):
        pure, found = _marking(of)
        listed = [of[f"marked_listed{name}"].iloc[0] for name in ("", "_without_mark")]
        rows.append([f"Catalogue {catalogue}, {kind}", len(of), pure, found, *listed])
    names = ["Groups", "With the mark", "Of all marked", "Marked listed", "With it blurred"]
    return pd.DataFrame(rows, columns=["Maps", *names])


def sanity(frames: Frames) -> Verdict:
    """Does the page's map depend on what was learned, and little on noise?"""
    of = frames[0].set_index("method")
    ours, others = of.loc[FOCUSED], of.drop(index=FOCUSED)
    held = [abs(ours["randomised_100%"]) <= UNLIKE, ours["max_sensitivity"] <= STEADY]
    least = float(others["max_sensitivity"].min())
    calmest = str(others["max_sensitivity"].idxmin())
    return Verdict(
        "confirmed" if all(held) else "partly" if any(held) else "not confirmed",
        f"Of {ours['pairs']:.0f} first recommendations: with all convolutions randomised the "
        f"page’s map has a rank correlation of {ours['randomised_100%']:.2f} with that "
        f"of the trained network (wanted at most {UNLIKE}; "
        f"with the last third {ours['randomised_33%']:.2f}); 2% noise changes it by up to "
        f"{ours['max_sensitivity']:.2f} of its norm (wanted at most {STEADY}); the calmest other "
        f"is {calmest} with {least:.2f}.",
    )


def sanity_rows(frames: Frames) -> pd.DataFrame:
    """Both checks of every method."""
    of = frames[0].drop(columns="pairs").replace({"method": {FOCUSED: SHOWN}})
    names = ["Last third", "Last two thirds", "All randomised", "Max-sensitivity"]
    return of.set_axis(["Map", *names], axis=1)
