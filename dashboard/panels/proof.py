"""The proof beside every picture: what the shares add up to, and what it is worth to name them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import escape
from dashboard.figures.audit import deletion_figure, deletion_in_words
from dashboard.figures.palette import exact, plain
from dashboard.panels.common import PERCENT, chart
from relrec_core.explanation import PROVEN, DeletionTest, ExpertAudit, Explanation, Ledger


def audit_strip(
    explanation: Explanation,
    *,
    key: str,
    shares: str = "All shares together",
    rest: tuple[str, str] = ("biases", "stabiliser"),
    things: str = "reasons",
    whole: str = "whole profile",
) -> None:
    """The proof beside the picture: the ledger, and what happens without the named reasons.

    `shares` is what the ledger's first sum is of, `rest` what took its two others, `things` are
    what the test removes, `whole` is what it removes them from.
    """
    ledger, deletion = explanation.audit.ledger, explanation.audit.deletion
    adds_up, matters = st.columns([2, 3], gap="medium")
    terms = f"{shares} {plain(ledger.features, 3)}"
    if ledger.bias or ledger.epsilon:
        terms += f", {rest[0]} {plain(ledger.bias, 3)}, {rest[1]} {exact(ledger.epsilon, 3)}"
    with adds_up:
        _sums(f"{terms}. The score {plain(ledger.score, 3)}.", [ledger])
    words = (
        f"without the {deletion.removed} strongest",
        f"without {deletion.removed} at random",
        whole,
    )
    with matters:
        _matters(f"Do the named {things} matter?", deletion, "random removals")
        chart(
            deletion_figure(deletion, words),
            key=f"{key}_deletion",
            alt=deletion_in_words(deletion, things),
        )


def experts_proof(
    audit: ExpertAudit,
    *,
    key: str,
    answer: str,
    question: str,
    others: str,
    words: tuple[str, str, str],
    alt: str,
    note: str,
) -> None:
    """The shares of the experts sum to one, and other inputs for the deciding one matter.

    Args:
        audit: to be shown.
        key: of the chart.
        answer: what the ledger's sum is, for instance "probability of a skip".
        question: whether the deciding expert mattered.
        others: what it is compared with, for instance "random swaps".
        words: names of the three bars.
        alt: the chart in words.
        note: what was exchanged for what.
    """
    with st.container(border=True):
        adds_up, matters = st.columns([2, 3], gap="medium")
        with adds_up:
            _sums(
                f"All shares together {plain(audit.shares.features, 3)}. Each expert’s answer "
                f"times its share, summed: {plain(audit.ledger.features, 3)}. The {answer}: "
                f"{plain(audit.ledger.score, 3)}.",
                [audit.shares, audit.ledger],
            )
        with matters:
            _matters(question, audit.deletion, others)
            figure = deletion_figure(audit.deletion, words, "how sure the answer stays")
            chart(figure, key=key, alt=alt)
            st.caption(escape.markdown(note))


def experts_table(explanation: Explanation, *, alone: str, answer: str) -> None:
    """Every expert's share, its own answer, and the part of the answer that is its own.

    `alone` says what an expert's own answer is, `answer` what all parts add up to.
    """
    frame = explanation.to_frame()[["expert", "attribution", "probability", "contribution"]]
    st.dataframe(
        frame.assign(
            attribution=100 * frame["attribution"], probability=100 * frame["probability"]
        ),
        hide_index=True,
        column_config={
            "expert": "Expert",
            "attribution": st.column_config.NumberColumn(
                "Share", format=PERCENT, help="How much of the decision is its own."
            ),
            "probability": st.column_config.NumberColumn("Alone", format=PERCENT, help=alone),
            "contribution": st.column_config.NumberColumn(
                "Adds", format="%.3f", help=f"Share times its answer; these add up to {answer}."
            ),
        },
        alt="Every expert with its share and what it says alone",
    )


def audit_line(explanation: Explanation, things: str = "reasons") -> None:
    """The proof in one line, for small views."""
    ledger, deletion = explanation.audit.ledger, explanation.audit.deletion
    st.caption(
        f"Proof: all shares add up to {plain(ledger.score - ledger.gap, 3)}, "
        f"the score is {plain(ledger.score, 3)}. {deletion_in_words(deletion, things)}"
    )


def _sums(words: str, ledgers: Sequence[Ledger]) -> None:
    st.markdown("##### Does it add up?")
    st.markdown(words)
    if all(ledger.closes() for ledger in ledgers):
        st.badge("Exact: nothing is left over", icon=":material/check:", color="green")
    else:
        gap = max(abs(ledger.gap) for ledger in ledgers)
        st.badge(f"Off by {gap:.2g}", icon=":material/warning:", color="red")


def _matters(question: str, test: DeletionTest, others: str) -> None:
    st.markdown(f"##### {escape.markdown(question)}")
    better = test.beaten >= PROVEN
    st.badge(
        f"Hurts more than {round(test.beaten * test.repetitions)} of {test.repetitions} {others}",
        icon=":material/check:" if better else ":material/warning:",
        color="green" if better else "orange",
    )
