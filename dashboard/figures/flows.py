"""What a Sankey diagram of one explanation holds: its nodes and bands, which add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from relrec_core.movies.explanation.result import FeatureRelevance, MovieExplanation
from relrec_core.movies.explanation.sentences import everyone

BASE = -1
"""Stands for the base value where a feature is named."""
THEMES, THEMES_AGAINST, MOST = 5, 2, 8
"""Themes with a node of their own, in the lane that raises and the one that lowers; and more, up to
`MOST`, while those that have none are together larger than the largest of both lanes."""
REST = "Other themes"


@dataclass(frozen=True)
class Node:
    """A bar of the diagram: its column (0 is left), its lane and its signed sum."""

    label: str
    column: int
    relevance: float
    raises: bool
    feature: int | None = None
    count: int = 1


@dataclass(frozen=True)
class FlowBand:
    """A flow from one node to another, by their places in the list."""

    source: int
    target: int
    relevance: float
    feature: int | None


@dataclass
class Diagram:
    """Nodes, lane by lane and from top to bottom in each column, and the bands between them."""

    nodes: list[Node] = field(default_factory=list)
    bands: list[FlowBand] = field(default_factory=list)

    def add(self, node: Node) -> int:
        """Add a node; its number, by which flows name it."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def column(self, number: int) -> list[Node]:
        """The nodes of a column, from the top down."""
        return [node for node in self.nodes if node.column == number]


def by_theme(
    explanation: MovieExplanation, shown: int = 6, opposing: int = 3, lit: int | None = None
) -> Diagram:
    """Features and base value, themes, movie: every column adds up to the score, lane by lane.

    The strongest `shown` supports and `opposing` features against have a node each, and so has the
    feature `lit`; the others are summed up by theme. A movie's contribution is split over its
    genres in equal parts.
    """
    diagram = Diagram()
    largest = max((max(t.raises, -t.lowers) for t in explanation.themes), default=0.0)
    for raises, features, most, themes in (
        (True, explanation.supports, shown, THEMES),
        (False, explanation.opposition, opposing, THEMES_AGAINST),
    ):
        based = explanation.base if (explanation.base > 0) == raises else 0.0
        named = [f for i, f in enumerate(features) if i < most or f.feature == lit]
        if features or based:
            start = Node(everyone(explanation), 0, based, raises, BASE) if based else None
            _lane(diagram, raises, start, features, named, themes, largest)
    return diagram


def _lane(
    diagram: Diagram,
    raises: bool,
    start: Node | None,
    features: Sequence[FeatureRelevance],
    named: Sequence[FeatureRelevance],
    most: int,
    largest: float,
) -> None:
    """Add one lane: what raises the score, or what lowers it."""
    own, heading = _themes(features, most, largest)
    total = (start.relevance if start else 0.0) + sum(own.values())
    end = diagram.add(Node("", 2, total, raises))
    if start:
        left, middle = diagram.add(start), diagram.add(replace(start, column=1))
        for source, target in ((left, middle), (middle, end)):
            diagram.bands.append(FlowBand(source, target, start.relevance, BASE))
    parts = {f.feature: _summed(f, heading) for f in features}
    places = {name: diagram.add(Node(name, 1, sum_, raises)) for name, sum_ in own.items()}
    lefts = [(Node(f.label, 0, f.relevance, raises, f.feature), parts[f.feature]) for f in named]
    alone = {f.feature for f in named}
    for name, middle in places.items():
        diagram.bands.append(FlowBand(middle, end, own[name], None))
        others = [p[name] for k, p in parts.items() if k not in alone and name in p]
        if others:
            noun = "other" if any(name in parts[k] for k in alone) else "reason"
            label = f"{name}: {len(others)} {noun}{'s' if len(others) > 1 else ''}"
            node = Node(label, 0, sum(others), raises, count=len(others))
            lefts.append((node, {name: sum(others)}))
    for node, shares in sorted(lefts, key=lambda left: _middle(left[1], list(own))):
        left = diagram.add(node)
        for name, part in shares.items():
            diagram.bands.append(FlowBand(left, places[name], part, node.feature))


def _middle(shares: dict[str, float], order: Sequence[str]) -> float:
    """Where a reason's themes lie on average: reasons in this order cross each other least."""
    whole = sum(map(abs, shares.values()))
    return sum(abs(part) * order.index(name) for name, part in shares.items()) / whole


def _themes(
    features: Iterable[FeatureRelevance], most: int, largest: float
) -> tuple[dict[str, float], dict[str, str]]:
    """Sums of the strongest themes and of the rest, and which of these each theme goes to."""
    sums: dict[str, float] = defaultdict(float)
    for f in features:
        for name, part in f.parts.items():
            sums[name] += part
    ordered = sorted(sums, key=lambda name: -abs(sums[name]))
    while most < MOST and abs(sum(sums[name] for name in ordered[most:])) > largest:
        most += 1
    single = ordered if len(ordered) == most + 1 else ordered[:most]
    heading = {name: name if name in single else REST for name in ordered}
    own: dict[str, float] = defaultdict(float)
    for name in ordered:
        own[heading[name]] += sums[name]
    return dict(own), heading


def _summed(feature: FeatureRelevance, heading: dict[str, str]) -> dict[str, float]:
    """Parts of a contribution by the themes that have a node."""
    found: dict[str, float] = defaultdict(float)
    for name, part in feature.parts.items():
        found[heading[name]] += part
    return dict(found)


def strongest(explanation: MovieExplanation, shown: int = 6, lit: int | None = None) -> Diagram:
    """The paper's picture: the strongest supports one by one, and what they add up to."""
    diagram = Diagram()
    named = [
        f for f in explanation.features if f in explanation.supports[:shown] or lit == f.feature
    ]
    for raises in (True, False):
        lane = [f for f in named if (f.relevance > 0) == raises and f.relevance]
        if lane:
            end = diagram.add(Node("", 1, sum(f.relevance for f in lane), raises))
            for f in lane:
                left = diagram.add(Node(f.label, 0, f.relevance, raises, f.feature))
                diagram.bands.append(FlowBand(left, end, f.relevance, f.feature))
    return diagram
