"""What the paper on products claims (Bharadhwaj 2018), and what the known causes add."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relrec_core.evaluation import directions
from relrec_core.evaluation.claims import Claim, Outcome, TableSource, Verdict, graded
from relrec_core.products.data.recomposed import CUTS
from relrec_core.products.evaluation import map_claims

PAPER = "Bharadhwaj, EARS 2018"
OURS = "Beyond the papers"
NOTICEABLE = 0.001
NETWORK, FROZEN = "Siamese network", "Distances on untouched features"
STUDIO, PHOTOS = "studio", "ikea-rooms"

Frames = Sequence[pd.DataFrame]


def _source(table: str, dataset: str = STUDIO) -> tuple[TableSource, ...]:
    return (TableSource("products", table, dataset),)


def _overall(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of all categories on test pairs, of the first split of the table."""
    first = str(frame["split"].iloc[0])
    return frame.query(f"category == 'all' and pairs_of == 'test pairs' and split == '{first}'")


def _value(frame: pd.DataFrame, method: str, relation: str = "all") -> float:
    of = frame[(frame["method"] == method) & (frame["relation"] == relation)]
    end_to_end = of[of["trunk"] == "end to end"]
    return float((end_to_end if len(end_to_end) else of)["accuracy"].iloc[0])


def _end_to_end(frames: Frames) -> Verdict:
    frame = _overall(frames[0])
    ours, frozen = _value(frame, NETWORK), _value(frame, FROZEN)
    rule = _value(frame, "Rule that sees only categories")
    better = ours - frozen
    return Verdict(
        "confirmed" if better > 0.01 else "partly" if better > -0.005 else "not confirmed",
        f"End to end {ours:.1%} of balanced test pairs are classified correctly; distances learned "
        f"on features as they were {frozen:.1%}; a rule that sees only categories {rule:.1%}.",
    )


def _unseen(frames: Frames) -> Verdict:
    of = frames[0]
    of = of[(of["category"] == "all") & (of["split"] == "items")]
    of = of[of["pairs_of"] == "test pairs"]
    ours = _value(of, NETWORK)
    rule = _value(of, "Rule that sees only categories")
    return Verdict(
        graded(ours, 0.9, max(rule, 0.6)),
        f"On pairs with a product that training never saw, {ours:.1%} are classified correctly, by "
        f"distances on features as they were {_value(of, FROZEN):.1%}; a rule that sees only "
        f"categories reaches {rule:.1%}.",
    )


def _accuracies(frames: Frames) -> pd.DataFrame:
    return _by_relation(_overall(frames[0]))


def _accuracies_unseen(frames: Frames) -> pd.DataFrame:
    of = frames[0]
    of = of[(of["category"] == "all") & (of["split"] == "items")]
    return _by_relation(of[of["pairs_of"] == "test pairs"])


def _by_relation(of: pd.DataFrame) -> pd.DataFrame:
    shown = of[(of["trunk"] == "end to end") | (of["method"] != NETWORK)]
    wide = shown.pivot_table(index="method", columns="relation", values="accuracy", sort=False)
    wide.columns = [str(name).replace("_", " ") for name in wide.columns]
    return wide.rename_axis("Method").reset_index()


def _by_dimension(frame: pd.DataFrame) -> pd.Series[float]:
    of = _overall(frame)
    of = of[(of["method"] == NETWORK) & (of["relation"] == "all")]
    return of.set_index("dim")["accuracy"].sort_index()


def _dimensions(frames: Frames) -> Verdict:
    by = _by_dimension(frames[0])
    few, enough, many = float(by[10]), float(by[100]), float(by[500])
    gain, more = enough - few, many - enough
    ok = gain > 0.005 and more < max(gain, 0.005)
    return Verdict(
        "confirmed" if ok else "partly" if gain > 0 else "not confirmed",
        f"From 10 dimensions to 100 accuracy goes from {few:.1%} to {enough:.1%}, with 500 it is "
        f"{many:.1%}.",
    )


def _dimension_rows(frames: Frames) -> pd.DataFrame:
    by = _by_dimension(frames[0])
    return pd.DataFrame({"D": by.index, "Accuracy": by.to_numpy()})


def _tastes(frames: Frames) -> Verdict:
    frame = frames[0]
    by = frame.groupby("cause", sort=False)["correlation"].mean()
    own = frame.loc[frame["population"] == 0, "correlation"]
    return Verdict(
        graded(float(by.min()), 0.8, 0.5),
        f"Weights learned from purchases rank users' known tastes correctly: rank "
        f"correlation {by.min():.2f} to {by.max():.2f}, by taste, over "
        f"{frame['population'].nunique()} times {frame['users'].iloc[0]:.0f} users; over those "
        f"of the catalogue itself {own.min():.2f} to {own.max():.2f}.",
    )


def _taste_rows(frames: Frames) -> pd.DataFrame:
    by = frames[0].groupby("cause", sort=False)["correlation"].agg(["mean", "min", "max"])
    return by.reset_index().set_axis(["Taste", "Rank correlation", "Lowest", "Highest"], axis=1)


def _guided(frames: Frames) -> Verdict:
    of = frames[0][(frames[0]["part"] == "test") & (frames[0]["relation"] == "all")]
    by = of.groupby("network", sort=False)["accuracy"].mean()
    before, guided, plain = by.iloc[0], by.iloc[1], by.iloc[2]
    status: Outcome = "not confirmed"
    if guided - before > NOTICEABLE:
        status = "confirmed" if guided - plain > NOTICEABLE else "partly"
    return Verdict(
        status,
        f"On test pairs accuracy goes from {before:.2%} to {guided:.2%}; as many epochs without "
        f"guidance give {plain:.2%}.",
    )


def _guided_rows(frames: Frames) -> pd.DataFrame:
    of = frames[0][frames[0]["relation"] == "all"]
    wide = of.pivot_table(index="network", columns="part", values="accuracy", sort=False)
    return wide.rename_axis("Network").rename_axis(None, axis=1).reset_index()


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "end-to-end-photos",
        "Does end-to-end training help, on real photos?",
        PAPER,
        "Table 1",
        "Training end to end gives better results than distances on features of a fixed network.",
        _source("accuracy", PHOTOS),
        _end_to_end,
        _accuracies,
        "The paper's set (Amazon, 55 to 91% by category and relation) cannot be handed on; these "
        "are 2,190 products of a furnishing catalogue, its pairs split at random.",
    ),
    Claim(
        "unseen-photos",
        "And for products that training never saw?",
        OURS,
        "a split by products",
        "What was learned carries over to products that training never saw.",
        _source("accuracy", PHOTOS),
        _unseen,
        _accuracies_unseen,
        "Which rooms a product is shown in is hardly to be seen on its photo.",
    ),
    Claim(
        "end-to-end-studio",
        "Does end-to-end training help, on rendered products?",
        PAPER,
        "Table 1",
        "Training end to end gives better results than distances on features of a fixed network.",
        _source("accuracy"),
        _end_to_end,
        _accuracies,
        "The trunk learns from nothing here, so untouched features are random ones. The network "
        "that ships learned on, from pictures that lack something; its card has its accuracy.",
    ),
    Claim(
        "dimensions",
        "How many dimensions does a distance need?",
        PAPER,
        "Table 1",
        "100 dimensions are better than 10, and 500 hardly better than 100.",
        _source("accuracy", PHOTOS),
        _dimensions,
        _dimension_rows,
        "Other D than 100 are learned on the features of the network trained with 100.",
    ),
    Claim(
        "perturbation",
        "Does the score depend on the pixels that are named?",
        PAPER,
        "Figure 3",
        "Perturbing the pixels that relevance names makes the prediction fall.",
        _source("perturbation"),
        map_claims.perturbation,
        map_claims.gain_rows,
    ),
    Claim(
        "perturbation-photos",
        "And on real photos, with VGG-16?",
        PAPER,
        "Figure 3",
        "Perturbing the pixels that relevance names makes the prediction fall.",
        _source("perturbation", PHOTOS),
        map_claims.perturbation,
        map_claims.gain_rows,
        "Pairs that training never saw; the network’s convolutions stay as ImageNet left them.",
    ),
    Claim(
        "epsilon",
        "Does epsilon matter?",
        PAPER,
        "Figure 3",
        "How steeply the curve falls depends on epsilon.",
        _source("perturbation"),
        map_claims.epsilons,
        map_claims.gain_rows,
    ),
    Claim(
        "localisation",
        "Do maps find the cause?",
        OURS,
        "known causes of the rendered catalogue",
        "The recommended map puts its support on the known correct answer, more than "
        "gradient methods do.",
        _source("localisation"),
        map_claims.localisation,
        map_claims.located_rows,
    ),
    Claim(
        "recommendations",
        "Does the explanation carry the score?",
        OURS,
        "what the products page shows",
        "What the page shows explains the recommendation, and its areas matter more than others.",
        _source("recommendations"),
        map_claims.recommendations,
        map_claims.recommendation_rows,
        map_claims.OTHER_PLACES,
    ),
    Claim(
        "recommendations-photos",
        "And on photos?",
        OURS,
        "what the products page shows",
        "What the page shows explains recommendations of photos, too, whatever they show.",
        tuple(TableSource("products", "recommendations", f"{PHOTOS}-{cut}") for cut in CUTS),
        map_claims.recommendations,
        map_claims.photo_rows,
        f"{map_claims.OTHER_PLACES} Three catalogues composed from one: its photos as they are, "
        "without their pale margin, and details of them, each with relations of its own; VGG-16, "
        "the convolutions as they were.",
    ),
    Claim(
        "sanity",
        "Do maps depend on what was learned?",
        OURS,
        "sanity checks (Adebayo et al. 2018, Yeh et al. 2019)",
        "With random weights the map is another one, and noise that nobody sees hardly changes it.",
        _source("sanity"),
        map_claims.sanity,
        map_claims.sanity_rows,
        "The map of the picture that was asked about. Spearman’s rank correlation after the last "
        "convolutions were randomised; the largest of 6 changes by noise, for the map’s norm.",
    ),
    Claim(
        "product-counterfactuals",
        "How little must be missing?",
        OURS,
        "the smallest change beside every recommendation",
        "Few cells of the picture that was asked about decide: with them blurred, another product "
        "is recommended; in order of relevance it takes fewer than at random.",
        _source("counterfactuals"),
        map_claims.smallest,
        map_claims.smallest_rows,
        "Out of the first three. Every set was blurred and the whole catalogue ranked again; among "
        "the first places scores are often close, so that little suffices.",
    ),
    Claim(
        "erased",
        "What does the network see where the cause was?",
        OURS,
        "products with their emblem erased",
        "Without its emblem a product is not taken for one with another: of the first ten, no more "
        "than chance are called related and carry one particular other emblem.",
        _source("erased"),
        map_claims.erased,
        map_claims.erased_rows,
        "Every product of the shown catalogue, its emblem’s grid cells blurred as the deletion "
        "test does it, the catalogue ranked again. In training the network saw products of another "
        "catalogue with their emblem blurred alike. Listed: of the first ten, after another emblem "
        "was erased; called related: of the ten, with a probability of 50% or more besides; at "
        "most: after one particular emblem was erased.",
    ),
    Claim(
        "strategies",
        "Does it show what a model should not look at?",
        OURS,
        "spectral relevance analysis (Lapuschkin et al. 2019)",
        "Where a model follows an artefact, the maps that mark it form a group of their own.",
        (TableSource("products", "strategies", ""),),
        map_claims.strategies,
        map_claims.strategy_rows,
        "A drawn catalogue of 240 products: a third of one kind has a watermark, and these are "
        "related to one another. The network is a small one that learned from it.",
    ),
    Claim(
        "product-directions",
        "Does the probability move as the named areas say?",
        OURS,
        "what the products page shows",
        "The areas that are named raise the score: with one of them blurred, the probability of "
        "the recommendation falls.",
        _source("directions"),
        map_claims.areas,
        directions.rows,
        "Of 20 first recommendations. Named are the cells of each picture that carry three "
        "quarters of its support, those that the deletion test takes away; other methods name as "
        "many. LIME asks 500 times a picture. Changes are of the score of the pair, in points.",
    ),
    Claim(
        "tastes",
        "Do personal weights mean anything?",
        PAPER,
        "Equation 1",
        "Distances can be personalised: each user weighs what products share in their own way.",
        _source("tastes"),
        _tastes,
        _taste_rows,
        "The paper reports no number for it; the studio's users have known tastes.",
    ),
    Claim(
        "guided",
        "Can explanations improve the model?",
        PAPER,
        "Section 4",
        "Giving more weight to regions with relevant pixels should improve predictions.",
        _source("guided"),
        _guided,
        _guided_rows,
        "The paper announces it and reports no result. One training: how much chance moves these "
        "numbers is not known.",
    ),
)
