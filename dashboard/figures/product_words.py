"""What the products page says in plain words."""

from __future__ import annotations

from typing import Literal

from dashboard.figures.heatmap import CELLS, PIXELS, SMOOTHED
from dashboard.figures.palette import plain, signed
from relrec_core.explanation import Ledger
from relrec_core.products.explanation.result import FADED, Method, ReadingName

RELATIONS = {
    "also_viewed": "Also looked at",
    "buy_after_viewing": "Bought after looking",
    "also_bought": "Also bought",
    "bought_together": "Bought together",
}
READINGS: dict[ReadingName, str] = {"evidence": "What they share", "paper": "The whole score"}
COMPARED: dict[Literal["category", "catalogue"], str] = {
    "category": "Others of its kind",
    "catalogue": "All products",
}
READING_HELP = (
    "What they share: what draws these two together beyond an average product. "
    "The whole score: everything that makes their distance, as in the paper of 2018; it fades "
    "when two products are nearly alike, because then there is no distance left to explain."
)
PRESETS = {
    "reference": "Beyond faded copies (weak traces left out)",
    "epsilon-gamma": "Supports favoured a little (gamma 0.1)",
    "paper": "One rule for all layers (epsilon)",
    "epsilon-plus-flat": "Supports only, flat below (z-plus)",
    "epsilon-gamma-box": "Supports favoured (gamma 0.25)",
}
COPIES: dict[ReadingName, str] = {
    "evidence": "the score with one in a product's place, mean of both places",
    "paper": "what they alone would give",
}
SEEN = 0.005
"""What the stabiliser took is named from here on; below it is rounding."""
_DETAIL = {
    SMOOTHED: "smoothed a little, since single pixels flicker",
    CELLS: "summed up in 16 x 16 cells",
    PIXELS: "pixel by pixel, as computed",
}


def relation_title(name: str) -> str:
    return RELATIONS.get(name, name.replace("_", " ").capitalize())


def preset_title(name: str) -> str:
    return PRESETS.get(name, name)


def method_caption(method: Method, detail: str) -> str:
    """What is shown, after the settings."""
    bias = ", biases left out" if method.ignore_bias else ""
    beyond = (
        f" beyond the average of {COMPARED[method.compared].lower()}"
        if method.reading == "evidence"
        else ""
    )
    rules = preset_title(method.preset).lower()
    faded = ""
    if method.preset == "reference":
        copies = f"the pictures blurred and {100 * FADED:.0f} % white"
        faded = f" Faded copies: {copies}; {COPIES[method.reading]}."
    return (
        f"Shown: {READINGS[method.reading].lower()}{beyond}; {rules}, stabiliser "
        f"{method.epsilon:g}{bias}; {_DETAIL[detail]}.{faded}"
    )


def legend_caption(scale: float) -> str:
    """What the colours mean."""
    return (
        f"Warm parts support the recommendation, cool parts oppose it; full colour is "
        f"{plain(scale)} of score in one of 256 cells, the same in every picture above. "
        "Point at a picture to see it without its map."
    )


def rest(preset: str) -> tuple[str, str]:
    """What takes what the pixels do not."""
    return ("faded copies", "weak traces") if preset == "reference" else ("biases", "stabiliser")


def sums_up(ledger: Ledger, preset: str) -> str:
    """The ledger in a few words."""
    constant, weak = rest(preset)
    mark = "✓" if ledger.closes() else f"(off by {ledger.gap:.2g})"
    terms = f"pixels {signed(ledger.features)}, {constant} {signed(ledger.bias)}"
    if abs(ledger.epsilon) >= SEEN:
        terms += f", {weak} {signed(ledger.epsilon)}"
    return f"{terms} = score {plain(ledger.score)} {mark}"


def planted(relation: str, cause: str, crosses: bool) -> str:
    """The known cause of a rendered catalogue's relation."""
    kinds = "two kinds that go together" if crosses else "the same kind"
    return (
        f"In this rendered catalogue we know the cause: ‘{relation_title(relation).lower()}’ joins "
        f"{kinds} with the same **{cause}**. The model was never told."
    )
