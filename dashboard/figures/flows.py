"""What a Sankey diagram of one explanation holds: its nodes and bands, which add up."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from dashboard.figures.palette import counted
from relrec_core.movies.explanation.result import FeatureRelevance, MovieExplanation
from relrec_core.movies.explanation.sentences import everyone

BASE = -1
"""Stands for the base value where a feature is named."""
THEMES, THEMES_AGAINST, MOST = 5, 2, 8
"""Themes with a node of their own, in the lane that raises and the one that lowers; and more, up to
`MOST`, while those that have none are together larger than the largest of both lanes."""
REST = "Other themes"
OPENED = 10
"""Reasons of an opened theme that have a node each; the others are summed up by decade."""
_DECADE = re.compile(r"\((\d{3})\d\)$")


@dataclass(frozen=True)
class Node:
    """A bar of the diagram: its column (0 is left), its lane and its signed sum.

    `theme` is what a click on it opens.
    """

    label: str
    column: int
    relevance: float
    raises: bool
    feature: int | None = None
    count: int = 1
    theme: str = ""


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


@dataclass(frozen=True)
class View:
    """How much of a diagram is drawn one by one.

    The strongest `shown` supports and `opposing` features against have a node each, and so has the
    feature `lit`; with a theme `opened` its own strongest reasons have one instead, and every other
    theme is one flow.
    """

    shown: int = 6
    opposing: int = 3
    lit: int | None = None
    opened: str = ""


def by_theme(explanation: MovieExplanation, view: View | None = None) -> Diagram:
    """Features and base value, themes, movie: every column adds up to the score, lane by lane.

    What has no node of its own is summed up by theme. A movie's contribution is split over its
    genres in equal parts.
    """
    diagram, view = Diagram(), view or View()
    largest = max((max(t.raises, -t.lowers) for t in explanation.themes), default=0.0)
    for raises, features, most, themes in (
        (True, explanation.supports, view.shown, THEMES),
        (False, explanation.opposition, view.opposing, THEMES_AGAINST),
    ):
        based = explanation.base if (explanation.base > 0) == raises else 0.0
        named = [f for i, f in enumerate(features) if i < most or f.feature == view.lit]
        if features or based:
            start = Node(everyone(explanation), 0, based, raises, BASE) if based else None
            lane = _Lane(raises, features, *_themes(features, themes, largest))
            lefts = lane.opened(view) if view.opened else lane.lefts(named)
            _add(diagram, lane, start, lefts)
    return diagram


def themes_of(explanation: MovieExplanation) -> list[str]:
    """The themes that have a node, those that raise first."""
    nodes = by_theme(explanation).column(1)
    return list(dict.fromkeys(node.theme for node in nodes if node.theme))


Left = tuple[Node, dict[str, float]]
"""A node on the left, and how much of it flows to which theme."""


@dataclass(frozen=True)
class _Lane:
    """What raises the score, or what lowers it: sums of themes, and the theme each goes to."""

    raises: bool
    features: Sequence[FeatureRelevance]
    own: dict[str, float]
    heading: dict[str, str]

    def parts(self) -> dict[int, dict[str, float]]:
        """Of every feature by the themes that have a node."""
        return {f.feature: _summed(f, self.heading) for f in self.features}

    def lefts(self, named: Sequence[FeatureRelevance]) -> list[Left]:
        """The named features one by one, the others as one flow a theme."""
        parts, alone = self.parts(), {f.feature for f in named}
        found: list[Left] = [
            (Node(f.label, 0, f.relevance, self.raises, f.feature), parts[f.feature]) for f in named
        ]
        for name in self.own:
            others = [p[name] for k, p in parts.items() if k not in alone and name in p]
            if others:
                noun = "other" if any(name in parts[k] for k in alone) else "reason"
                found.append(
                    self._together(name, f"{_bare(name)}: {counted(len(others), noun)}", others)
                )
        return found

    def opened(self, view: View) -> list[Left]:
        """The reasons of one theme, each with its part there; every other theme as one flow."""
        parts, found = self.parts(), []
        for name in self.own:
            mine = [(f, parts[f.feature][name]) for f in self.features if name in parts[f.feature]]
            if name != view.opened:
                sizes = [part for _, part in mine]
                label = f"{_bare(name)}: {counted(len(mine), 'reason')}"
                found.append(self._together(name, label, sizes))
                continue
            mine.sort(key=lambda one: -abs(one[1]))
            rest: dict[str, list[tuple[FeatureRelevance, float]]] = defaultdict(list)
            for i, (f, part) in enumerate(mine):
                alone = i < OPENED or f.feature == view.lit
                rest[f.label if alone else _decade(f)].append((f, part))
            for heading, members in rest.items():
                f, part = members[0]
                if len(members) == 1:
                    found.append((Node(f.label, 0, part, self.raises, f.feature), {name: part}))
                else:
                    label = f"{heading}: {counted(len(members), 'other')}"
                    found.append(self._together(name, label, [part for _, part in members]))
        return found

    def _together(self, name: str, label: str, sizes: list[float]) -> Left:
        total = sum(sizes)
        node = Node(label, 0, total, self.raises, count=len(sizes), theme=name)
        return node, {name: total}


def _bare(name: str) -> str:
    """A theme's name without the year at its end, so that there is room for a number."""
    return re.sub(r" \(\d{4}\)$", "", name)


def _decade(feature: FeatureRelevance) -> str:
    """The decade of a movie by the year in its title."""
    found = _DECADE.search(feature.label)
    return f"{found.group(1)}0s" if found else "No year"


def _add(diagram: Diagram, lane: _Lane, start: Node | None, lefts: list[Left]) -> None:
    """Add one lane: its end, the base value where it is of this lane, themes and what is left."""
    own = lane.own
    total = (start.relevance if start else 0.0) + sum(own.values())
    end = diagram.add(Node("", 2, total, lane.raises))
    if start:
        left, middle = diagram.add(start), diagram.add(replace(start, column=1))
        for source, target in ((left, middle), (middle, end)):
            diagram.bands.append(FlowBand(source, target, start.relevance, BASE))
    places = {
        name: diagram.add(Node(name, 1, sum_, lane.raises, theme=name))
        for name, sum_ in own.items()
    }
    for name, middle in places.items():
        diagram.bands.append(FlowBand(middle, end, own[name], None))
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
