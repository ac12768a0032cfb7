"""LIME beside the exact contributions: run on demand in a thread of its own, cancellable."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.figures.agreement import agreement
from dashboard.loaders.common import ModelKey
from dashboard.panels.common import chart
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import lime_slide
from dashboard.turns import heavy
from relrec_core.errors import ProfileError, RelRecError, border
from relrec_core.movies.explanation import surrogates
from relrec_core.movies.explanation.result import MovieExplanation, Reference
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.movies.model.relevance import Doubles

REPEATS = 50
CHANGED: dict[Reference, str] = {
    "average": "replaced by the average user",
    "none": "missing",
}
"""What LIME does with the parts of the profile: the base is that of our own contributions."""


@dataclass
class Job:
    """One LIME computation in the background."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    asked_at: float = field(default_factory=time.monotonic)
    result: surrogates.Surrogate | None = None
    error: str = ""
    thread: threading.Thread | None = None

    @property
    def ended(self) -> bool:
        """Whether LIME has an answer, or gave up."""
        return self.thread is not None and not self.thread.is_alive()

    def _unwanted(self) -> None:
        if self.cancelled.is_set():
            raise surrogates.ComparisonCancelled

    def start(
        self, recommender: Recommender, profile: Profile, explanation: MovieExplanation
    ) -> None:
        """Let LIME work beside the page."""

        def work() -> None:
            rescored = partial(
                recommender.scorer.score_of_kept,
                profile.features,
                item=explanation.item,
                average=_average(recommender, explanation),
            )
            n = len(profile.features)
            try:
                with (
                    border(lambda why: ProfileError(f"LIME found no answer: {why}.")),
                    heavy(self._unwanted) as between,
                ):

                    def stop() -> bool:
                        between()  # raises where nobody wants the answer any more
                        return False

                    self.result = surrogates.lime_of(rescored, n, cancelled=stop)
            except RelRecError as error:
                self.error = str(error)

        self.thread = threading.Thread(target=work, name="lime", daemon=True)
        self.thread.start()


Jobs = dict[object, Job]


def lime_panel(
    recommender: Recommender, key: ModelKey, profile: Profile, explanation: MovieExplanation
) -> None:
    """Start, watch, cancel and compare."""
    changed = CHANGED[explanation.reference]
    st.markdown(
        "LIME is a well-known method that treats the model as a black box: it asks the model "
        f"{surrogates.LIME_SAMPLES:,} times with random parts of the profile {changed} and fits "
        "a line to the answers. RelRec reads the contributions off the model itself."
    )
    asked = (key, tuple(profile.features.tolist()), explanation.item, explanation.reference)
    jobs: Jobs = st.session_state.setdefault("lime_jobs", {})
    _lime(jobs, asked, recommender, key, profile, explanation)


@st.fragment
def _lime(
    jobs: Jobs,
    asked: object,
    recommender: Recommender,
    key: ModelKey,
    profile: Profile,
    explanation: MovieExplanation,
) -> None:
    job = jobs.get(asked)
    if job is not None and not job.ended:
        _watch(job, recommender, profile, explanation)
        return
    if job is not None and job.error:
        st.warning(escape.markdown(job.error), icon=":material/info:")
    if job is None or job.result is None:
        st.button(
            "Run LIME on this recommendation",
            icon=":material/play_arrow:",
            on_click=_ask,
            args=(jobs, asked),
        )
        return
    _compared(job.result, recommender, key, profile, explanation)


def _ask(jobs: Jobs, asked: object) -> None:
    for other in jobs.values():
        other.cancelled.set()
    jobs[asked] = Job()


@st.fragment(run_every=0.5)
def _watch(
    job: Job, recommender: Recommender, profile: Profile, explanation: MovieExplanation
) -> None:
    if job.ended:
        st.rerun()
    waited = time.monotonic() - job.asked_at
    st.progress(min(0.95, waited / (waited + 2)), text=f"LIME is at work: {waited:.0f} s")
    if st.button("Cancel", icon=":material/stop:", key="lime_cancel"):
        job.cancelled.set()
    if job.thread is None:  # only now that it can be seen
        job.start(recommender, profile, explanation)


def _average(recommender: Recommender, explanation: MovieExplanation) -> Doubles | None:
    return recommender.average_user if explanation.reference == "average" else None


def _compared(
    result: surrogates.Surrogate,
    recommender: Recommender,
    key: ModelKey,
    profile: Profile,
    explanation: MovieExplanation,
) -> None:
    times, average = [], _average(recommender, explanation)
    for _ in range(REPEATS):
        started = time.perf_counter()
        exact = recommender.scorer.relevance(
            profile.features, [explanation.item], average
        ).features[:, 0]
        times.append(time.perf_counter() - started)
    seconds = float(np.median(times))
    found = surrogates.compare(exact, seconds, result)
    slow, fast, agree, top = st.columns(4)
    slow.metric("LIME", f"{result.seconds:.2f} s", help="Measured just now, once.")
    fast.metric(
        "RelRec",
        f"{seconds * 1e6:.0f} µs",
        f"{found.ratio:,.0f} times faster",
        help=f"Measured just now, median of {REPEATS}.",
    )
    agree.metric("Agreement", f"{found.spearman:.2f}", help="Spearman's rank correlation.")
    top.metric(
        f"Same among the first {surrogates.TOP}",
        f"{found.overlap * surrogates.TOP:.0f} of {surrogates.TOP}",
    )
    labels = [recommender.labels[k] for k in profile.features]
    frame = pd.DataFrame({"Reason": labels, "RelRec": exact, "LIME": result.features})
    figure = agreement(frame.iloc[np.argsort(-np.abs(exact))[:12]])
    chart(
        figure,
        key="lime_agreement",
        alt="The strongest reasons with their weight by RelRec and by LIME",
    )
    note = "Each method’s weights are divided by its largest one."
    if average is None:
        note += (
            " LIME’s scale differs: it estimates what the score loses when a reason is gone and "
            "the others count for more."
        )
    st.caption(note)
    measured = (
        ("LIME", f"{result.seconds:.2f} s"),
        ("RelRec", f"{seconds * 1e6:.0f} µs"),
        ("Rank correlation", f"{found.spearman:.2f}"),
        (
            f"Same among the first {surrogates.TOP}",
            f"{found.overlap * surrogates.TOP:.0f} of {surrogates.TOP}",
        ),
    )
    keep_button(lambda view: lime_slide(explanation, figure, measured, frame, view, key[1]), "lime")
