"""Model cards: those that ship were written before all had the same fields, and still open."""

import importlib
import json

import pytest

from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run
from relrec_core.wings import MODELS

RENAMED = {
    "hash": "content_hash",
    "seconds": "training_seconds",
    "rendered": "synthetic",
    "simulated": "synthetic",
    "viewers": "users",
    "films": "movies",
}


def shipped(model):
    return Run.open(importlib.import_module(f"{MODELS[model].room}.store").SHIPPED)


def flat(written, inner):
    """Fields under today's names, those of `inner` among the others, as earlier cards had them."""
    every = {name: value for name, value in written.items() if name != inner}
    return {
        RENAMED.get(name, name): value for name, value in (every | written.get(inner, {})).items()
    }


@pytest.mark.parametrize("model", MODELS)
def test_a_shipped_card_opens_with_todays_fields_and_loses_nothing(model):
    run = shipped(model)
    written, card = json.loads((run.path / "card.json").read_text("utf-8")), run.card()
    top, data = card.model_dump(), card.data.model_dump()
    of_data, told = flat(written.pop("data"), "counts"), flat(written, "details")
    assert {name: {**data, **data["counts"]}[name] for name in of_data} == of_data
    assert json.loads(json.dumps({n: {**top, **top["details"]}[n] for n in told})) == told
    assert set(card.data.counts) | set(card.details) == (set(of_data) - set(data)) | (
        set(told) - set(top)
    )
    assert len(card.data.content_hash) == 64 and card.training_seconds > 80
    assert Card.from_json(card.to_json()) == card
    assert run.read_arrays()[0]


def test_a_model_is_compared_by_a_number_of_its_card():
    assert all(0 < shipped(name).card().metrics[model.metric] < 1 for name, model in MODELS.items())
