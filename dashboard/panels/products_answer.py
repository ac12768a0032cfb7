"""The answer on the products page: the recommendations, the picked one large, its proof."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard import escape, links
from dashboard.components.picture import Look, mapped
from dashboard.components.picture_buttons import Item, picture_buttons
from dashboard.components.pictures import close_by, figure, pictures
from dashboard.components.save_picture import save_drawing
from dashboard.figures import product_words as words
from dashboard.figures.heatmap import Panel, data_url, shared_scale
from dashboard.figures.pinned_products import ProductCase
from dashboard.figures.product_sheet import product_report, sheet
from dashboard.figures.report import source
from dashboard.glossary import meaning
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import (
    Asked,
    product_candidates,
    product_explanation,
    product_picture,
    product_relevance,
)
from dashboard.panels.common import slug
from dashboard.panels.downloads import Files, address, files
from dashboard.panels.pinned import pin_button
from dashboard.panels.product_gallery import LARGE
from dashboard.panels.product_proof import product_proof, product_proof_line
from dashboard.panels.products import Choice, by_colour, cause_note
from relrec_core.products.data.catalogue import ITEM, TITLE
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.explanation.result import PairRelevance, ProductExplanation
from relrec_core.products.explanation.sentences import MATCH, because, explains
from relrec_core.products.model.ranking import Candidate, Recommender

ROLES = ("You look at", "Recommended")


@dataclass(frozen=True, eq=False)
class Shown:
    """The recommendations on screen, and the one that is picked."""

    explainer: Explainer
    key: ModelKey
    choice: Choice
    candidates: list[Candidate]
    relevances: list[PairRelevance]
    picked: int
    look: Look
    headline: st.delta_generator.DeltaGenerator

    @property
    def of(self) -> Recommender:
        return self.explainer.recommender

    @property
    def asked(self) -> Asked:
        return self.choice.asked

    @property
    def candidate(self) -> Candidate:
        return self.candidates[self.picked]

    @property
    def relevance(self) -> PairRelevance:
        return self.relevances[self.picked]

    def title(self, row: int) -> str:
        return str(self.of.catalogue.items[TITLE].iloc[row])

    def address(self, row: int) -> str:
        """The product's picture."""
        catalogue = self.of.catalogue
        return product_picture(catalogue, catalogue.content_hash, row, LARGE)

    def panels(self, of: int | None = None) -> tuple[Panel, Panel]:
        """Both pictures with their maps, of the picked recommendation or of another."""
        found = self.relevances[self.picked if of is None else of]
        return panels(self, found)


def panels(shown: Shown, found: PairRelevance) -> tuple[Panel, Panel]:
    """Both pictures of one recommendation with their maps."""
    detail, query = shown.choice.settings.detail, shown.asked.question.query
    theirs = shown.of.catalogue.picture(found.row, LARGE)
    right = found.right if found.right is not None else 0 * found.left
    return (
        Panel(shown.choice.picture, found.left, query.title, detail, found.ledger.score),
        Panel(theirs, right, shown.title(found.row), detail, found.ledger.score),
    )


def show(explainer: Explainer, key: ModelKey, choice: Choice, presentation: bool) -> Shown:
    """The sentence, both pictures large, and the list to pick from."""
    settings, asked = choice.settings, choice.asked
    candidates = product_candidates(
        explainer, asked.question, key, asked.text, settings.n, settings.category
    )
    if not candidates:
        st.info("There is nothing to recommend of this kind. Choose another one in the settings.")
        st.stop()
    rows = tuple(c.row for c in candidates)
    with st.spinner("Reading the pictures …", show_time=False):
        relevances = product_relevance(explainer, asked.question, key, asked.text, rows)
    picked = _picked(explainer.recommender, candidates)
    headline = st.empty()
    shown = Shown(explainer, key, choice, candidates, relevances, picked, Look(1.0), headline)
    every = [shown.panels(i) for i in range(len(candidates))]
    scale = shared_scale(every[picked])
    answer, others = (
        (st.container(), st.container()) if presentation else st.columns([2.05, 1], gap="medium")
    )
    with answer:
        place = st.container(key="product_answer")
        look = _look(scale)
    ours, theirs = every[picked]
    told = because(
        theirs.title,
        shown.candidate.probability,
        ours.title,
        ours.cells,
        theirs.cells,
        shown.relevance.ledger,
    )
    headline.markdown(f"### {escape.markdown(_found(candidates, told))}")
    encoded = data_url(choice.picture)
    with place:
        _large(shown, every[picked], look, encoded, presentation)
    with others, st.container(key="product_list"):
        _list(shown, every, look, encoded)
    with answer:
        shown_how = words.method_caption(settings.method, settings.detail)
        st.caption(f"{words.legend_caption(scale, settings.method)} {shown_how}")
        cause_note(shown.of, asked.question.relation)
    return Shown(explainer, key, choice, candidates, relevances, picked, look, headline)


def _large(
    shown: Shown, pair: tuple[Panel, Panel], look: Look, encoded: str, presentation: bool
) -> None:
    """Both pictures under their maps; `encoded` is the address of the first."""
    coloured = by_colour(shown.of, shown.asked.question.relation)
    figures = []
    for panel, role, at in zip(
        pair, ROLES, (encoded, shown.address(shown.candidate.row)), strict=True
    ):
        picture = mapped(panel, look.scale, address=at, numbers=True, coloured=coloured)
        below = [] if presentation else close_by(panel, at)
        note = words.contribution(panel.total)
        figures.append(figure(picture, role, panel.title, note, below))
    pictures(figures, look, key="product_pictures")


def _found(candidates: list[Candidate], told: str) -> str:
    """The sentence, after a warning where not even the first recommendation matches."""
    nothing = candidates[0].probability < MATCH
    return f"Nothing in this catalogue matches. {told}" if nothing else told


def _picked(of: Recommender, candidates: list[Candidate]) -> int:
    """Which recommendation is shown large; the address holds its id."""
    ids = [str(of.catalogue.items[ITEM].iloc[c.row]) for c in candidates]
    asked = links.adopt("picked").get("picked")
    if asked is not None:
        st.session_state["picked"] = asked[0] if asked else ids[0]
        if asked and asked[0] not in ids:
            st.warning("The product of this link is not among the recommendations.")
    picked = st.session_state.get("picked")
    place = ids.index(picked) if picked in ids else 0
    st.session_state["picked"] = ids[place]
    links.publish("picked", ids[place] if place else None)
    return place


def _look(scale: float) -> Look:
    with st.container(key="product_look"):
        strength, originals = st.columns([2, 1], vertical_alignment="bottom")
        percent = strength.slider(
            "Heatmap opacity",
            0,
            100,
            80,
            step=5,
            format="%d %%",
            key="strength",
            bind="query-params",
        )
        plain = originals.toggle("Originals", key="originals", bind="query-params")
    return Look(scale, percent / 100, plain)


def _list(shown: Shown, every: list[tuple[Panel, Panel]], look: Look, encoded: str) -> None:
    items = []
    ids, question = shown.of.catalogue.items[ITEM], shown.asked.question
    row, coloured = question.query.row, by_colour(shown.of, question.relation)
    for candidate, found, pair in zip(shown.candidates, shown.relevances, every, strict=True):
        known = shown.of.known(question.query, question.relation, candidate.row)
        items.append(
            Item(
                str(ids.iloc[candidate.row]),
                f"{candidate.probability:.0%} · {pair[1].title}",
                [
                    mapped(panel, look.scale, address=address, coloured=coloured)
                    for panel, address in zip(
                        pair, (encoded, shown.address(candidate.row)), strict=True
                    )
                ],
                [
                    explains(found.ledger),
                    *_related(known, sure=shown.of.catalogue.rendered and row is not None),
                ],
            )
        )
    st.markdown("##### Recommendations")
    picture_buttons(
        items,
        str(ids.iloc[shown.candidate.row]),
        look,
        key="recommended",
        label="Recommendations: pick one to see it large",
        layout="list",
        on_picked=lambda item: st.session_state.update(picked=item),
    )


def _related(known: bool, *, sure: bool) -> list[str]:
    """Whether the catalogue relates the two; that it does not is only said if it is sure."""
    if known:
        return ["✓ related in the catalogue"]
    return ["✗ not related in the catalogue"] if sure else []


def proof(shown: Shown, presentation: bool) -> ProductExplanation:
    """What the numbers add up to, and what happens without the strongest cells."""
    place = st.empty()
    with place:
        explanation = product_explanation(
            shown.explainer,
            shown.asked.question,
            shown.relevance,
            shown.key,
            shown.asked.text,
            shown.candidate.row,
        )
    told = _found(shown.candidates, explanation.sentence())
    shown.headline.markdown(f"### {escape.markdown(told)}")
    if presentation:
        product_proof_line(explanation)
        return explanation
    with st.container(border=True):
        product_proof(explanation, key="product")
    every_cell(explanation, shown.panels(), shown, shown.look.scale, key="product")
    return explanation


def case(explanation: ProductExplanation, shown: Shown) -> ProductCase:
    """What is shown, to be pinned."""
    coloured = by_colour(shown.of, explanation.relation)
    return ProductCase(explanation, address(), shown.panels(), coloured)


def every_cell(
    explanation: ProductExplanation,
    panels: tuple[Panel, ...],
    shown: Shown,
    scale: float,
    *,
    key: str,
) -> None:
    """The exact table, and everything to take away."""
    table, save = st.columns([3.4, 1])
    with table, st.expander(f"Every grid cell ({len(explanation.cells)}), strongest first"):
        st.dataframe(
            explanation.to_frame(),
            hide_index=True,
            key=f"{key}_cells",
            height=300,
            column_config={
                "picture": "Picture",
                "row": st.column_config.NumberColumn("Row", help="From the top, 16 rows."),
                "column": st.column_config.NumberColumn("Column", help="From the left."),
                "relevance": st.column_config.NumberColumn(
                    "Contribution", format="%+.4f", help=meaning("contribution")
                ),
            },
            alt="Every cell of both pictures with its signed contribution, strongest first",
        )
    with save:
        popover = st.popover(
            "Download",
            icon=":material/download:",
            width="stretch",
            key=f"{key}_downloads",
            on_change="rerun",
        )
        if explanation.other_title is None:
            pin_button(case(explanation, shown))
    if popover.open:
        drawn = [
            (panel, f"{role}: {panel.title}") for panel, role in zip(panels, ROLES, strict=False)
        ]
        coloured = by_colour(shown.of, explanation.relation)
        footer = source(explanation.provenance)
        picture = sheet(explanation.sentence(), drawn, scale, footer, coloured)
        with popover:
            _downloads(explanation, picture, panels, key)


def _downloads(
    explanation: ProductExplanation, picture: str, panels: tuple[Panel, ...], key: str
) -> None:
    parts = [explanation.query_title, explanation.item_title, explanation.relation]
    name = slug(" ".join(parts))[:80]
    about = {
        "query": explanation.query_title,
        "item": explanation.item_title,
        "user": explanation.user or "everybody",
        "method": explanation.provenance.method,
        "unit": "points of the score",
    }
    save_drawing(picture, key=f"{key}_picture", name=name)
    made = Files(
        lambda: explanation,
        explanation.to_frame,
        about,
        lambda link: product_report(explanation, picture, panels, link),
    )
    files(made, name, key)
