"""The proof beside every picture: what the contributions sum to, and whether naming them holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import escape
from dashboard.figures.audit import REMOVALS, deletion_figure, deletion_in_words, judged
from dashboard.figures.palette import plain
from dashboard.glossary import meaning
from dashboard.panels.common import PERCENT, chart
from relrec_core.explanation import DeletionTest, ExpertAudit, Explanation, Ledger

LOOKS = {
    True: (":material/check:", "green"),
    False: (":material/warning:", "orange"),
    None: (":material/remove:", "gray"),
}


@dataclass(frozen=True)
class ExpertsWords:
    """What a proof of experts is called.

    Args:
        answer: what the ledger's sum is, for instance "probability of a skip".
        question: whether the deciding expert mattered.
        compared: what passing the test means, as for `judged`.
        rows: names of the three rows.
        alt: the chart in words.
        note: what was exchanged for what.
    """

    answer: str
    question: str
    compared: str
    rows: tuple[str, str, str]
    alt: str
    note: str


def experts_proof(audit: ExpertAudit, words: ExpertsWords, *, key: str) -> None:
    """The shares of the experts sum to one, and other inputs for the deciding one matter."""
    with st.container(border=True):
        adds_up, matters = st.columns([2, 3], gap="medium")
        with adds_up:
            sums(
                f"Shares of all experts {plain(audit.shares.features, 3)}. Each expert’s answer "
                f"times its share, summed: {plain(audit.ledger.features, 3)}. The {words.answer}: "
                f"{plain(audit.ledger.score, 3)}.",
                [audit.shares, audit.ledger],
            )
        with matters:
            st.markdown(f"##### {escape.markdown(words.question)}", help=meaning("deletion test"))
            verdict(audit.deletion, words.compared)
            figure = deletion_figure(audit.deletion, words.rows, "confidence")
            chart(figure, key=key, alt=words.alt)
            st.caption(escape.markdown(words.note))


def experts_table(
    explanation: Explanation, title: Callable[[str], str], *, alone: str, answer: str
) -> None:
    """Every expert's share, its own answer, and the part of the answer that is its own.

    `title` says what an expert is called, `alone` what its own answer is, `answer` what all parts
    add up to.
    """
    frame = explanation.to_frame()[["expert", "attribution", "probability", "contribution"]]
    st.dataframe(
        frame.assign(
            expert=frame["expert"].map(title),
            attribution=100 * frame["attribution"],
            probability=100 * frame["probability"],
        ),
        hide_index=True,
        column_config={
            "expert": "Expert",
            "attribution": st.column_config.NumberColumn(
                "Share", format=PERCENT, help="How much of the decision is its own."
            ),
            "probability": st.column_config.NumberColumn("Alone", format=PERCENT, help=alone),
            "contribution": st.column_config.NumberColumn(
                "Contribution",
                format="%.3f",
                help=f"Share times its answer; these add up to {answer}.",
            ),
        },
        alt="Every expert with its share and what it says alone",
    )


def audit_line(explanation: Explanation, words: str = "") -> None:
    """The proof in one line, for small views; `words` say what the test did."""
    audit = explanation.audit
    ledger = audit.ledger
    st.caption(
        f"Proof: all terms sum to {plain(ledger.score - ledger.gap, 3)}, the score is "
        f"{plain(ledger.score, 3)}. {judged(audit.deletion)[1]}. "
        f"{words or deletion_in_words(audit.deletion)}"
    )


def sums(words: str, ledgers: Sequence[Ledger]) -> None:
    """Do the contributions equal the score?"""
    st.markdown("##### Do the contributions equal the score?", help=meaning("contribution"))
    st.markdown(words)
    closing(ledgers)


def closing(ledgers: Sequence[Ledger]) -> None:
    """Whether the sums match, as a badge."""
    if all(ledger.closes() for ledger in ledgers):
        st.badge("Sum matches the score", icon=":material/check:", color="green")
    else:
        gap = max(abs(ledger.gap) for ledger in ledgers)
        st.badge(f"Off by {gap:.2g}", icon=":material/warning:", color="red")


def verdict(test: DeletionTest, compared: str = REMOVALS) -> None:
    """Confirmed or not, as a badge, and compared with what."""
    confirmed, words = judged(test, compared)
    said, _, beaten = words.partition(": ")
    icon, colour = LOOKS[confirmed]
    st.badge(said, icon=icon, color=colour)  # type: ignore[arg-type]
    if beaten:
        st.caption(f"{beaten[:1].upper()}{beaten[1:]}.")
