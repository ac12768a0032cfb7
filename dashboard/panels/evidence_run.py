"""Run the quick version of an evaluation from the page, and watch it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.loaders.evidence import evidence
from relrec_core.permission import read_only
from relrec_core.runs.claims import Claim

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "evaluate.py"


@dataclass
class Job:
    """One evaluation in a process of its own, and the file it writes its progress to."""

    process: subprocess.Popen[bytes]
    log: Path
    cancelled: bool = False

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def last_line(self) -> str:
        lines = self.log.read_text("utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


@st.fragment
def quick_run(claim: Claim) -> None:
    """A button that measures the quick version, its progress, and the way back."""
    jobs: dict[str, Job] = st.session_state.setdefault("quick_jobs", {})
    job = jobs.get(claim.key)
    if job is not None:
        _watch(claim, jobs)
        return
    if st.session_state.get(f"quick_{claim.key}"):
        if st.button("Back to the stored numbers", key=f"back_{claim.key}", icon=":material/undo:"):
            st.session_state[f"quick_{claim.key}"] = False
            st.rerun()
        return
    said = st.session_state.pop(f"said_{claim.key}", None)
    if said:
        st.warning(f"The quick run was not finished. {said}", icon=":material/info:")
    commands = " and ".join(dict.fromkeys(f"`{s.command} --quick`" for s in claim.sources))
    if st.button(
        "Run the quick version",
        key=f"run_{claim.key}",
        icon=":material/play_arrow:",
        disabled=read_only(),
        help=f"Runs {commands} here. It can take some minutes and is only to see that it works.",
    ):
        jobs[claim.key] = _start(claim)
        st.rerun(scope="fragment")


@st.fragment(run_every=1.0)
def _watch(claim: Claim, jobs: dict[str, Job]) -> None:
    job = jobs.get(claim.key)
    if job is None:
        return
    if job.running:
        st.progress(_share(job.last_line()), text=job.last_line() or "Starting …")
        if st.button("Cancel", key=f"stop_{claim.key}", icon=":material/stop:"):
            job.cancelled = True
            job.process.terminate()
        return
    del jobs[claim.key]
    if job.process.returncode == 0:
        st.session_state[f"quick_{claim.key}"] = True
        evidence.clear()
    elif not job.cancelled:
        st.session_state[f"said_{claim.key}"] = job.last_line()
    shutil.rmtree(job.log.parent)
    st.rerun()


def _share(line: str) -> float:
    number = line.split("%")[0].strip()
    return min(int(number) / 100, 1.0) if number.isdigit() else 0.0


def _start(claim: Claim) -> Job:
    """One evaluation for all tables of the claim; they are of one wing and data set."""
    log = Path(tempfile.mkdtemp(prefix="relrec-")) / "log.txt"
    first = claim.sources[0]
    tables = list(dict.fromkeys(source.table for source in claim.sources))
    data = ["--dataset", first.dataset] if first.dataset else []
    words = [first.wing, *tables, *data, "--seeds", "0", "--quick"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    return Job(process, log)
