"""Every table of the evidence page by one command, each only once."""

from __future__ import annotations

import pytest

from relrec_core import evaluate_all, paths
from relrec_core.evaluation.claims import TableSource
from relrec_core.evaluation.tables import stored
from relrec_core.wings import WINGS

FAST = TableSource("sessions", "toy", seeds=(0,))
MISSING = TableSource("movies", "recall", "no-such-data")


def test_all_tables_are_asked_for_once() -> None:
    found = evaluate_all.sources()
    assert len(found) == len({s.name() for s in found}) and len(found) > 15
    assert {s.wing for s in found} == set(WINGS)


@pytest.mark.slow
def test_a_table_is_measured_stored_and_then_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate_all.run(quick=True, wanted=[FAST]) == 0
    first = stored("sessions", FAST.name(quick=True))
    assert first is not None and not first.shipped
    capsys.readouterr()
    assert evaluate_all.run(quick=True, wanted=[FAST]) == 0
    assert "1 of them stored by this very code" in capsys.readouterr().out
    (paths.evaluations_dir() / "stored-by.json").write_text("{}")
    assert evaluate_all.run(quick=True, wanted=[FAST, MISSING]) == 1
    said = capsys.readouterr()
    assert "recall-no-such-data-quick was not measured" in said.err
    assert "stored, " in said.out
