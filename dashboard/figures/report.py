"""A self-contained HTML page of one explanation, for a slide deck or a mail."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from dashboard.figures.audit import deletion_figure, deletion_in_words
from dashboard.figures.palette import exact, plain, signed
from relrec_core.explanation import Explanation

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#23262d;background:#fcfbf8;max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font:600 1.6rem/1.3 Georgia,serif}h2{font:600 1.1rem Georgia,serif;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;text-align:left;
border-bottom:1px solid #dedad0}td:last-child,th:last-child{text-align:right;
font-variant-numeric:tabular-nums}footer{color:#6b6e76;font-size:.85rem;margin-top:2rem}
"""


def report(explanation: Explanation, figure: go.Figure) -> str:
    """The sentence, the picture, the proof and the whole table in one file without links."""
    picture = figure.to_html(full_html=False, include_plotlyjs=True)
    deletion = explanation.audit.deletion
    proof = deletion_figure(deletion).to_html(full_html=False, include_plotlyjs=False)
    ledger, p = explanation.audit.ledger, explanation.provenance
    frame = explanation.to_frame()
    rows = "".join(
        f"<tr><td>{html.escape(str(row.label))}</td><td>{html.escape(str(row.group))}</td>"
        f"<td>{signed(row.relevance, 4)}</td></tr>"
        for row in frame.itertuples()
    )
    sentence = html.escape(explanation.sentence())
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{sentence}</title><style>{STYLE}</style>
<h1>{sentence}</h1>{picture}
<h2>Does it add up?</h2><p>All shares {plain(ledger.features, 4)}, biases {plain(ledger.bias, 4)},
stabiliser {exact(ledger.epsilon, 4)}; the score is {plain(ledger.score, 4)}.</p>
<h2>Do the named reasons matter?</h2><p>{html.escape(deletion_in_words(deletion))}</p>{proof}
<h2>Every share</h2><table><tr><th>Feature</th><th>Group</th><th>Share</th></tr>{rows}</table>
<footer>Data: {html.escape(p.dataset)} ({html.escape(p.licence)}). Model run:
{html.escape(p.run)}. Method: {html.escape(p.method)}. Made with RelRec {p.code_version}.</footer>
</html>"""
