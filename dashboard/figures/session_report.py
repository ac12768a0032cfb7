"""A self-contained HTML page of one session's explanation, for a slide deck or a mail."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.palette import plain
from dashboard.figures.report import STYLE
from dashboard.figures.session_words import SWAPS, flip_in_words, flip_words
from dashboard.figures.sessions import timeline
from relrec_core.sessions.explanation.result import SessionExplanation, expert_title


def session_report(explanation: SessionExplanation, bars: go.Figure, tree: go.Figure) -> str:
    """The sentence, the pictures, the proof and the table in one file without links."""
    audit, p = explanation.audit, explanation.provenance
    first = timeline(explanation).to_html(full_html=False, include_plotlyjs=True)
    pictures = [f.to_html(full_html=False, include_plotlyjs=False) for f in (bars, tree)]
    title = expert_title(explanation.focused.top)
    proof = deletion_figure(audit.deletion, flip_words(audit.deletion, title), "confidence")
    rows = "".join(
        f"<tr><td>{html.escape(expert_title(str(row.expert)))}</td><td>{html.escape(str(row.reads))}</td>"
        f"<td>{row.probability:.1%}</td><td>{row.attribution:.1%}</td></tr>"
        for row in explanation.to_frame().itertuples()
    )
    sentence = html.escape(explanation.sentence())
    test = audit.deletion
    tested = f"{judged(test, SWAPS)[1]}. {flip_in_words(test, title)}"
    flip = explanation.flip
    turned = (
        "" if flip is None else f"<p>{html.escape(flip.sentence())} {html.escape(flip.proof())}</p>"
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{sentence}</title><style>{STYLE}</style>
<h1>{sentence}</h1><p>{html.escape(explanation.title)}. {html.escape(p.dataset)}.</p>
{turned}{first}<h2>Who decided, track by track</h2>{pictures[0]}
<h2>The experts, track {explanation.focused.position}</h2>{pictures[1]}
<h2>Do the contributions equal the score?</h2><p>Shares of all experts
{plain(audit.shares.features, 4)}; the experts' answers, each times its share,
{plain(audit.ledger.features, 4)}; predicted {plain(audit.ledger.score, 4)}.</p>
<h2>Does the answer depend on {html.escape(title)}?</h2><p>{html.escape(tested)}</p>
{proof.to_html(full_html=False, include_plotlyjs=False)}
<h2>Every expert</h2><table><tr><th>Expert</th><th>Reads</th><th>Alone it says skip</th>
<th>Share</th></tr>{rows}</table>
<footer>Data: {html.escape(p.dataset)} ({html.escape(p.licence)}). Model run:
{html.escape(p.run)}. Method: {html.escape(p.method)}. Made with RelRec {p.code_version}.</footer>
</html>"""
