"""Self-contained HTML pages of one explanation, to print or to mail: no script, no links."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Protocol

import plotly.graph_objects as go

from dashboard.figures.audit import deletion_figure, deletion_in_words, judged
from dashboard.figures.movie_words import REASON_TESTS, changed, ledger_in_words, note
from dashboard.figures.palette import signed
from dashboard.figures.still import still
from relrec_core.explanation import DeletionTest, Provenance
from relrec_core.movies.explanation.result import MovieExplanation

ROWS = 10
"""Of a table; what is left out is summed up."""
HALF = 430
"""Width of a picture that has another, or words, beside it, in pixels."""
JOINED = "joined"
"""A table of which all columns but the first are numbers."""
STYLE = """
body{font:15px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;color:#14161b;
background:#fcfbf8;max-width:52rem;margin:1.5rem auto;padding:0 1rem}
h1{font:600 1.5rem/1.3 Georgia,serif;margin:0 0 .6rem}
h2{font:600 1.1rem/1.3 Georgia,serif;margin:1.4rem 0 .4rem;break-after:avoid}
p{margin:.4rem 0}svg{width:100%;height:auto;display:block}
section,tr,svg{break-inside:avoid}
.beside{display:grid;grid-template-columns:1fr 1fr;gap:1.2rem;align-items:start}
.beside.wide{grid-template-columns:1.6fr 1fr}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{padding:.2rem .5rem;text-align:left;border-bottom:1px solid #dedad0}
td:last-child,th:last-child,
.joined td:not(:first-child),.joined th:not(:first-child){text-align:right;
font-variant-numeric:tabular-nums}td:last-child{white-space:nowrap}
.joined td:first-child{width:44%}
footer{color:#5d6068;font-size:.8rem;margin-top:1.4rem;overflow-wrap:anywhere}
@media(max-width:40rem){.beside,.beside.wide{grid-template-columns:1fr}}
@page{size:A4;margin:13mm}
@media print{body{background:none;margin:0;padding:0;max-width:none;font-size:12.5px;
print-color-adjust:exact;-webkit-print-color-adjust:exact}h1{font-size:1.35rem}
.beside{grid-template-columns:1fr 1fr}.beside.wide{grid-template-columns:1.6fr 1fr}}
"""


class Told(Protocol):
    """What says its answer in a sentence, and where it comes from."""

    @property
    def provenance(self) -> Provenance:
        """Where it comes from."""
        ...

    def sentence(self) -> str:
        """The explanation in words."""
        ...

    def to_json(self) -> str:
        """All of it."""
        ...


def source(p: Provenance) -> str:
    """Where an explanation comes from, in a line."""
    licence = p.licence[:1].upper() + p.licence[1:].rstrip(".")
    return (
        f"Data: {p.dataset}. {licence}. Model run: {p.run}. Method: {p.method}. "
        f"RelRec {p.code_version}."
    )


def page(explanation: Told, body: Sequence[str], link: str) -> str:
    """The sentence, these parts below it, and where it comes from.

    Args:
        explanation: with its proof.
        body: HTML.
        link: address of the view.
    """
    foot = footer(explanation.provenance, link)
    return document(explanation.sentence(), [*body, f"<footer>{foot}</footer>"])


def document(sentence: str, body: Sequence[str]) -> str:
    """A whole page with this sentence on top."""
    said = html.escape(sentence)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{said}</title><style>{STYLE}</style>
<h1>{said}</h1>
{"".join(body)}
</html>"""


def footer(provenance: Provenance, link: str) -> str:
    """Where an explanation comes from, and where it is found again."""
    return f"{html.escape(source(provenance))}<br>{html.escape(link)}"


def section(title: str, *body: str) -> str:
    """A heading and what stays with it on one sheet."""
    return f"<section><h2>{html.escape(title)}</h2>{''.join(body)}</section>"


def paragraph(words: str) -> str:
    """A paragraph of HTML; the words are escaped."""
    return f"<p>{html.escape(words)}</p>"


def beside(*parts: str, wide: bool = False) -> str:
    """Side by side where there is room, in equal parts or the first one wide."""
    columns = "".join(f"<div>{part}</div>" for part in parts)
    return f'<div class="beside{" wide" if wide else ""}">{columns}</div>'


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Texts in rows below headings; numbers are in the last column, but for `JOINED`."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in headings)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f'<table class="{kind}"><tr>{head}</tr>{body}</table>'


def strongest(
    words: Iterable[Sequence[str]], values: Iterable[float], shown: int = ROWS, digits: int = 4
) -> list[list[str]]:
    """The strongest contributions, and the sum of the others: together the sum of all."""
    ordered = sorted(zip(words, values, strict=True), key=lambda row: -abs(row[1]))
    shown += len(ordered) == shown + 1  # the sum of one other would take its place
    named = [[*words, signed(value, digits)] for words, value in ordered[:shown]]
    rest = [value for _, value in ordered[shown:]]
    if rest:
        blank = [""] * (len(ordered[0][0]) - 1)
        total = signed(sum(rest), digits)
        named.append([f"{len(rest)} others together", *blank, total])
    return named


def report(explanation: MovieExplanation, figure: go.Figure, words: str, link: str) -> str:
    """The sentence, the picture, the proof and the strongest reasons in one file."""
    audit = explanation.audit
    tests = {"Replaced": audit.replacement, "Removed": audit.deletion}
    proofs = [_proof(name, test, explanation) for name, test in tests.items() if test is not None]
    frame = explanation.to_frame()
    named = zip(map(str, frame["label"]), map(str, frame["group"]), strict=True)
    parts = (
        still(figure, words),
        section(
            "Do the contributions equal the score?", paragraph(ledger_in_words(explanation, 4))
        ),
        section("Does the score drop without the named reasons?", beside(*proofs)),
        section(
            "The strongest contributions",
            table(("Reason", "Group", "Contribution"), strongest(named, frame["relevance"])),
        ),
    )
    return page(explanation, parts, link)


def _proof(name: str, test: DeletionTest, explanation: MovieExplanation) -> str:
    """One test: its outcome, what it did, and the picture."""
    change = REASON_TESTS[name]
    words = deletion_in_words(test)
    picture = still(deletion_figure(test, changed(test, change)), words, HALF)
    said = f"{judged(test, change.compared)[1]}. {words} {note(change, explanation)}"
    return f"<strong>{change.title}</strong>{picture}{paragraph(said)}"
