"""The Sankey diagram of one explanation: features on the left, the film on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.palette import faded, of, signed
from relrec_core.movies.explain import FeatureRelevance, MovieExplanation

LONGEST_LABEL = 22
LINK, LINK_REST, LINK_LIT, LINK_DIM = 0.45, 0.25, 0.85, 0.14
ROW_PIXELS, GAP_PIXELS, LANE_PIXELS = 26, 17, 120
TOP, BOTTOM, SIDE = 46, 30, 6
LABELS_END = 0.5


@dataclass(frozen=True)
class Flow:
    """One band of the diagram: a feature, or all further ones of its group and sign."""

    label: str
    group: str
    relevance: float
    feature: int | None
    count: int


def flows(
    explanation: MovieExplanation, shown: int = 6, opposing: int = 3, lit: int | None = None
) -> list[Flow]:
    """The bands from top to bottom: supports by group, then opposition by group.

    The strongest `shown` supports and `opposing` features against have a band each, and so has
    the feature `lit`; the others are summed up by group. All bands sum to the feature shares.
    """
    lanes = ((explanation.supports, shown), (explanation.opposition, opposing))
    return [flow for lane, most in lanes for flow in _lane(lane, most, lit)]


def _lane(features: Sequence[FeatureRelevance], most: int, lit: int | None) -> list[Flow]:
    named = [f for i, f in enumerate(features) if i < most or f.feature == lit]
    rest = [f for f in features if f not in named]
    groups = list(dict.fromkeys(f.group for f in sorted(features, key=_group_order)))
    result = []
    for group in groups:
        result += [
            Flow(f.label, group, f.relevance, f.feature, 1) for f in named if f.group == group
        ]
        others = [f for f in rest if f.group == group]
        if others:
            label = _summary(len(others), group, more=any(f.group == group for f in named))
            result.append(Flow(label, group, sum(f.relevance for f in others), None, len(others)))
    return result


def _summary(count: int, group: str, more: bool) -> str:
    noun = "personal facts" if group == "Person" else group.lower()
    if count == 1:
        noun = noun.removesuffix("s")
    return f"{count} more {noun}" if more else f"{count} {noun}"


def _group_order(feature: FeatureRelevance) -> tuple[int, str]:
    return {"Watched films": 0, "Person": 2}.get(feature.group, 1), feature.group


def sankey(
    explanation: MovieExplanation,
    shown: int = 6,
    opposing: int = 3,
    lit: int | None = None,
    everything: bool = True,
) -> go.Figure:
    """Draw an explanation to scale: widths are relevance, and the bands add up to their ends.

    With `everything` the bands hold all shares, so that the ends add up to the score; without it
    only the reasons drawn one by one.
    """
    bands = flows(explanation, shown, opposing, lit)
    if not everything:
        bands = [b for b in bands if b.count == 1 and b.feature is not None]
    lanes = [[b for b in bands if b.relevance >= 0], [b for b in bands if b.relevance < 0]]
    height = TOP + BOTTOM + LANE_PIXELS + ROW_PIXELS * len(bands)
    inner = height - TOP - BOTTOM
    centres = _centres([abs(b.relevance) for b in bands], inner)
    ends = [
        _end(lane, centres[i : i + len(lane)], inner, sum(abs(b.relevance) for b in bands))
        for lane, i in ((lanes[0], 0), (lanes[1], len(lanes[0])))
        if lane
    ]
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": [""] * (len(bands) + len(ends)),
                "x": [LABELS_END] * len(bands) + [0.999] * len(ends),
                "y": centres + [end.centre for end in ends],
                "color": [of(b.relevance) for b in bands] + [of(end.total) for end in ends],
                "line": {"width": 0},
                "thickness": 10,
                "pad": GAP_PIXELS,
                "customdata": [_hover(b) for b in bands] + [end.words for end in ends],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
            link={
                "source": list(range(len(bands))),
                "target": [len(bands) + (len(ends) - 1 if b.relevance < 0 else 0) for b in bands],
                "value": [abs(b.relevance) for b in bands],
                "color": [faded(of(b.relevance), _opacity(b, lit)) for b in bands],
                "customdata": [_hover(b) for b in bands],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        ),
        layout={"height": height, "margin": {"l": SIDE, "r": SIDE, "t": TOP, "b": BOTTOM}},
    )
    for band, centre in zip(bands, centres, strict=True):
        strong = band.feature is not None and band.feature == lit
        text = f"{_short(band.label)}  <b>{signed(band.relevance)}</b>"
        _write(figure, LABELS_END - 0.015, 1 - centre, f"<b>{text}</b>" if strong else text)
    for end in ends:
        above = end.total >= 0
        name = f"<b>{_short(explanation.title)}</b><br>" if above else ""
        side = "bottom" if above else "top"
        edge = end.centre - end.half if above else end.centre + end.half
        _write(figure, 1.0, 1 - edge, f"{name}{end.words}", anchor=side)
    return figure


@dataclass(frozen=True)
class _End:
    """Where a lane arrives: its sum, its middle and half its height (0 to 1 from the top)."""

    total: float
    centre: float
    half: float
    words: str


def _end(lane: Sequence[Flow], centres: Sequence[float], inner: float, everything: float) -> _End:
    total = sum(b.relevance for b in lane)
    room = 1 - GAP_PIXELS * (len(centres) - 1) / inner if centres else 1
    half = 0.5 * abs(total) / everything * room if everything else 0.0
    centre = half if total >= 0 else 1 - half
    words = f"{'for' if total >= 0 else 'against'} <b>{signed(total)}</b>"
    return _End(total, min(max(centre, 0.001), 0.999), half, words)


def _write(figure: go.Figure, x: float, y: float, text: str, anchor: str = "middle") -> None:
    figure.add_annotation(
        x=x,
        y=y,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor=anchor,
        text=text,
        showarrow=False,
        align="right",
        font={"size": 12.5},
    )


def _opacity(band: Flow, lit: int | None) -> float:
    if lit is not None:
        return LINK_LIT if band.feature == lit else LINK_DIM
    return LINK if band.feature is not None else LINK_REST


def _short(label: str) -> str:
    """Without the year if that is enough to fit, else cut."""
    if len(label) > LONGEST_LABEL and label.endswith(")") and label[-6:-1].strip("(").isdigit():
        label = label[:-6].rstrip()
    cut = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"
    return escape.plotly(cut)


def _hover(band: Flow) -> str:
    return f"{escape.plotly(band.label)}: {signed(band.relevance, 4)}"


def _centres(sizes: Sequence[float], inner: float) -> list[float]:
    """Middles of the bands from 0 (top) to 1, to scale, with gaps of GAP_PIXELS."""
    total = sum(sizes)
    gap = GAP_PIXELS / inner
    scale = (1 - gap * (len(sizes) - 1)) / total if total else 0.0
    centres, at = [], 0.0
    for size in sizes:
        centres.append(min(0.9995, max(0.0005, at + scale * size / 2)))
        at += scale * size + gap
    return centres


def described(explanation: MovieExplanation, shown: int = 6) -> str:
    """The picture in words, for those who do not see it."""
    parts = [f"{f.label} {signed(f.relevance)}" for f in explanation.supports[:shown]]
    text = f"Sankey diagram of what led to {explanation.title}. Strongest supports: "
    text += "; ".join(parts) if parts else "none"
    against = [f"{f.label} {signed(f.relevance)}" for f in explanation.opposition[:3]]
    return text + (f". Against: {'; '.join(against)}." if against else ".")
