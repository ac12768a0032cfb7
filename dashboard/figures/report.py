"""A self-contained HTML page of one explanation, for a slide deck or a mail."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from dashboard.figures.audit import REMOVALS, deletion_figure, deletion_in_words, judged
from dashboard.figures.movie_words import REMOVED, REPLACED, REPLACEMENTS, ledger_in_words
from dashboard.figures.palette import signed
from relrec_core.explanation import DeletionTest
from relrec_core.movies.explanation.result import MovieExplanation

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#23262d;background:#fcfbf8;max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font:600 1.6rem/1.3 Georgia,serif}h2{font:600 1.1rem Georgia,serif;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;text-align:left;
border-bottom:1px solid #dedad0}td:last-child,th:last-child{text-align:right;
font-variant-numeric:tabular-nums}footer{color:#6b6e76;font-size:.85rem;margin-top:2rem}
"""


def report(explanation: MovieExplanation, figure: go.Figure) -> str:
    """The sentence, the picture, the proof and the whole table in one file without links."""
    picture = figure.to_html(full_html=False, include_plotlyjs=True)
    audit, p = explanation.audit, explanation.provenance
    proof = _proof(audit.deletion, REMOVALS, REMOVED)
    if audit.replacement is not None:
        proof = _proof(audit.replacement, REPLACEMENTS, REPLACED) + proof
    rows = "".join(
        f"<tr><td>{html.escape(str(row['label']))}</td><td>{html.escape(str(row['group']))}</td>"
        f"<td>{signed(row['relevance'], 4)}</td></tr>"
        for row in explanation.to_frame().to_dict("records")
    )
    sentence = html.escape(explanation.sentence())
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{sentence}</title><style>{STYLE}</style>
<h1>{sentence}</h1>{picture}
<h2>Do the contributions equal the score?</h2>
<p>{html.escape(ledger_in_words(explanation, 4))}</p>
<h2>Does the score drop without the named reasons?</h2>{proof}
<h2>Every contribution</h2>
<table><tr><th>Reason</th><th>Group</th><th>Contribution</th></tr>{rows}</table>
<footer>Data: {html.escape(p.dataset)} ({html.escape(p.licence)}). Model run:
{html.escape(p.run)}. Method: {html.escape(p.method)}. Made with RelRec {p.code_version}.</footer>
</html>"""


def _proof(test: DeletionTest, compared: str, note: str) -> str:
    """One test: its outcome, what it did, and the picture."""
    said = f"{judged(test, compared)[1]}. {deletion_in_words(test)} {note}"
    picture = deletion_figure(test).to_html(full_html=False, include_plotlyjs=False)
    return f"<p>{html.escape(said)}</p>{picture}"
