"""What the products page says in plain words."""

from __future__ import annotations

from typing import Literal

from dashboard.figures.heatmap import CELLS, PIXELS, SMOOTHED
from dashboard.figures.palette import plain, signed
from relrec_core.products.data.images import WHITENED
from relrec_core.products.explanation.result import Method, ProductExplanation, ReadingName

RELATIONS = {
    "also_viewed": "Also viewed",
    "buy_after_viewing": "Bought after viewing",
    "also_bought": "Also bought",
    "bought_together": "Bought together",
}
READINGS: dict[ReadingName, str] = {"evidence": "Shared features", "paper": "The whole score"}
COMPARED: dict[Literal["category", "catalogue"], str] = {
    "category": "Products of its kind",
    "catalogue": "All products",
}
READING_HELP = (
    "Shared features: what draws these two together beyond an average product. "
    "The whole score: everything that makes their distance, as in the paper of 2018; it says "
    "little when two products are nearly alike, since then there is no distance to explain."
)
DISTRIBUTED = "Each picture’s contribution is what the method computes; the map distributes it: "
FOCUS = "it goes where a pixel and its surroundings both raise the score"
SIGNED_HELP = (
    "Every pixel’s contribution as the method computes it, raising or lowering the score. Off, the "
    "same sum is placed where a pixel and its surroundings both raise it: near a cause the signs "
    "of single pixels cancel, and blurring what is marked as lowering the score rarely raises it."
)
PRESETS = {
    "reference": "Relative to a blurred baseline",
    "epsilon-gamma": "Positive contributions favoured a little (gamma 0.1)",
    "paper": "One rule for all layers (epsilon)",
    "epsilon-plus-flat": "Positive contributions only, first layers flat (z-plus)",
    "epsilon-gamma-box": "Positive contributions favoured (gamma 0.25)",
}
BASELINES: dict[ReadingName, str] = {
    "evidence": "the score with one in a product’s place, mean of both places",
    "paper": "what the baselines alone would give",
}
CATEGORIES = "The two categories"
"""What adds to a score beside the pictures, where the model was trained so."""
SEEN = 0.005
"""What is not attributed is named from here on; below it is rounding."""
_DETAIL = {
    SMOOTHED: "smoothed a little, since single pixels are noisy",
    CELLS: "summed up in 16 x 16 cells",
    PIXELS: "pixel by pixel, as computed",
}


def relation_title(name: str) -> str:
    """What a relation is called on screen."""
    return RELATIONS.get(name, name.replace("_", " ").capitalize())


def preset_title(name: str) -> str:
    """What a preset of rules is called on screen."""
    return PRESETS.get(name, name)


def method_caption(method: Method, detail: str) -> str:
    """What is shown, after the settings."""
    bias = ", bias terms ignored" if method.ignore_bias else ""
    beyond = (
        f" beyond the average of {COMPARED[method.compared].lower()}"
        if method.reading == "evidence"
        else ""
    )
    rules = preset_title(method.preset).lower()
    placed = f"; the sum of each picture is distributed: {FOCUS}" if method.one_sided else ""
    baseline = ""
    if method.preset == "reference":
        made = f"the picture blurred and {100 * WHITENED:.0f}% white"
        baseline = f" Baseline: {made}; {BASELINES[method.reading]}."
    return (
        f"Shown: {READINGS[method.reading].lower()}{beyond}; {rules}{bias}{placed}; "
        f"{_DETAIL[detail]}.{baseline}"
    )


def legend_caption(scale: float, method: Method) -> str:
    """What the colours mean."""
    sides = "Warm areas raise the score, cool areas lower it"
    if method.one_sided:
        sides = (
            "Warm areas raise the score; none is marked as lowering it, since blurring such areas "
            "rarely raises it"
        )
    return (
        f"{sides}; darkest colour = {plain(scale)} points per grid cell, the same in every picture "
        "above. Point at a picture to see it without its heatmap."
    )


def score_line(method: Method, categories: bool = False) -> str:
    """What the score is, in a line; `categories` where they count besides the pictures."""
    if method.reading == "paper":
        return "**Score:** the network’s answer in points; at 0 the probability is 50%."
    average = COMPARED[method.compared].lower()
    more = ", and what their categories add" if categories else ""
    return (
        f"**Score:** how much more the two have in common than the average of {average}{more}, in "
        "points. The percentage in brackets is the probability of the recommendation."
    )


def contribution(total: float) -> str:
    """Of one picture's map."""
    return f"contribution of this picture: {signed(total)}"


def ledger_in_words(explanation: ProductExplanation, digits: int = 2) -> str:
    """'Contribution of both pictures +19.03, blurred baseline +7.53. Score 32.20.'"""
    ledger = explanation.audit.ledger
    whose = "the first picture" if explanation.reading == "contrast" else "both pictures"
    terms = [f"Contribution of {whose} {signed(ledger.features, digits)}"]
    reference = explanation.provenance.parameters["preset"] == "reference"
    if ledger.base:
        terms.append(f"{CATEGORIES.lower()} {signed(ledger.base, digits)}")
    if ledger.bias:
        name = "blurred baseline" if reference else "bias terms"
        terms.append(f"{name} {signed(ledger.bias, digits)}")
    if abs(ledger.epsilon) >= SEEN:
        terms.append(f"not attributed {signed(ledger.epsilon, digits)}")
    return f"{', '.join(terms)}. Score {plain(ledger.score, digits)}."


PLACES = "larger drop than at {} random places"
"""What passing the deletion test means, see `figures.audit.judged`."""
AREAS = ("strongest areas blurred", "same shape elsewhere", "original")
"""The three rows of the deletion test, from the bottom."""


def blurring(explanation: ProductExplanation) -> str:
    """What the deletion test does, exactly."""
    where, mean = "In one picture at a time", " Scores are means over the two pictures."
    if explanation.reading == "contrast":
        where, mean = "In the first picture", ""
    return (
        f"{where}, the strongest grid cells that together carry three quarters of its support are "
        "blurred, with soft edges; then the same shape at random places of the same picture, "
        f"turned or mirrored.{mean}"
    )


def blurring_in_words(explanation: ProductExplanation) -> str:
    """The deletion test and its outcome in words."""
    test = explanation.audit.deletion
    return (
        f"{blurring(explanation)} Score {plain(test.score)}; strongest areas blurred "
        f"{plain(test.after_top)}; the same shape elsewhere {plain(test.after_random)} on average, "
        f"95% between {plain(test.low)} and {plain(test.high)}."
    )


COLOURED = "Since it is a colour, the pictures keep theirs, and the heatmap is drawn as lines."


def known_cause(relation: str, cause: str, crosses: bool) -> str:
    """The known cause of a rendered catalogue's relation."""
    kinds = "two kinds that go together" if crosses else "the same kind"
    return (
        f"In this rendered catalogue we know the correct answer: ‘"
        f"{relation_title(relation).lower()}’ joins {kinds} with the same **{cause}**. The model "
        "learned it from pictures and pairs only."
    )
