"""The benchmark runs and gives rows that the command line can print."""

from __future__ import annotations

import pytest
import torch

from relrec_core.experts import benchmark


def test_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "BATCH", 4)
    before = torch.get_rng_state()
    rows = benchmark.rows(quick=True)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(list(row) == ["name", "value", "unit", "target", "met"] for row in rows)
    assert all(row["value"] > 0 for row in rows)
    ratio = next(row for row in rows if row["name"] == "training, experts over plain")
    assert ratio["target"] == 1.5
    assert ratio["met"] == (ratio["value"] >= 1.5)
