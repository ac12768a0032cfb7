"""The benchmark runs and says what it measured; its numbers mean nothing here."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from relrec_core.lrp.benchmark import rows
from relrec_core.products.model.trunks import trunk


@pytest.mark.slow
def test_rows_have_names_values_and_targets() -> None:
    threads = torch.get_num_threads()
    measured = rows(partial(trunk, "vgg16-slim"), rounds=1, side=32)
    assert torch.get_num_threads() == threads
    assert all(set(row) == {"name", "value", "unit", "target", "met"} for row in measured)
    assert all((row["target"] is None) == (row["met"] is None) for row in measured)
    values = {str(row["name"]): row["value"] for row in measured}
    assert values["time, paper / gradient"] > 0
    assert 0 < values["peak memory, batch of 8"] < 3
    assert values["cosine of fast to exact"] > 0.999
