"""Runs of earlier versions open, and say what they said then; or they say why they do not.

`runs-0.1.0.zip` holds, as that version wrote them, a run of each model on data made up for it, and
an explanation from each; of products the signed map, which how the page gathers it does not change.
The network of the products was thinned out afterwards, to be small.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relrec_core import paths
from relrec_core.errors import RelRecError
from relrec_core.explanation import Explanation
from relrec_core.movies import store as movies
from relrec_core.movies.experts.explanation.explain import Explainer as Experts
from relrec_core.movies.experts.explanation.result import ExpertExplanation
from relrec_core.movies.explanation.explain import explain as explain_movie
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.products import store as products
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import ProductExplanation, recommended
from relrec_core.runs.active import make_active
from relrec_core.runs.directory import Run, list_runs
from relrec_core.sessions import store as sessions
from relrec_core.sessions.data.uploads import from_folder
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.result import SessionExplanation

KEPT = Path(__file__).with_name("runs-0.1.0.zip")
ROUNDING = 1e-3
"""Of the largest value. Sums of float32 have at most some 5,000 terms, one after the other in at
most 16 layers, and a unit in the last place is 6e-8 of a term."""


def movie(run: Run) -> MovieExplanation:
    recommender = movies.recommender(run)
    user = recommender.profile("u1")
    return explain_movie(recommender, user, recommender.rank(user).items[0])


def experts(run: Run) -> ExpertExplanation:
    data = movies.recommender(run_of("movies")).data
    return Experts.of(run, data).explain("u1", [0, 1, 2])


def product(run: Run) -> ProductExplanation:
    explainer = Explainer(products.recommender(run))
    of = explainer.recommender
    signed = recommended(rendered=False).model_copy(update={"focused": False})
    question = Question(of.query_at(0), of.relations[0], None, signed)
    (relevance,) = explainer.relevance(
        question, [of.recommend(question.query, of.relations[0])[0].row]
    )
    return explainer.explain(question, relevance, repetitions=3)


def session(run: Run) -> SessionExplanation:
    predictor = sessions.predictor(run)
    data = from_folder(sessions.data_folder(predictor.config.dataset)).data
    explorer = Explorer(predictor, data, run.name)
    return explorer.explain(explorer.session(0))


MADE: dict[str, Callable[[Run], Explanation]] = {
    "movies": movie,
    "movies-experts": experts,
    "products": product,
    "sessions": session,
}
KINDS: dict[str, type[Explanation]] = {
    "movies": MovieExplanation,
    "movies-experts": ExpertExplanation,
    "products": ProductExplanation,
    "sessions": SessionExplanation,
}


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that an earlier version left behind."""
    folder = tmp_path_factory.mktemp("upgraded")
    with zipfile.ZipFile(KEPT) as kept:
        kept.extractall(folder)
    return folder


@pytest.fixture(autouse=True)
def at_home(upgraded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(upgraded))


def run_of(model: str) -> Run:
    return Run.open(paths.runs_dir() / model / "kept")


def numbers(explanation: Explanation) -> pd.DataFrame:
    """Its table, in an order that rounding does not change."""
    table = explanation.to_frame()
    texts = [name for name in table if not pd.api.types.is_float_dtype(table[name])]
    return table.sort_values(texts, ignore_index=True)


@pytest.mark.parametrize("model", list(MADE))
def test_a_run_of_an_earlier_version_says_what_it_said(model: str, upgraded: Path) -> None:
    assert [run.name for run in list_runs(model)] == ["kept"]
    assert run_of(model).card().data.content_hash
    stored = (upgraded / "explanations" / f"{model}.json").read_text(encoding="utf-8")
    then = KINDS[model].from_json(stored)
    now = MADE[model](run_of(model))
    before, after = numbers(then), numbers(now)
    assert list(before) == list(after) and len(before) == len(after) > 0
    for column in before:
        if pd.api.types.is_float_dtype(before[column]):
            largest = float(np.nanmax(np.abs(before[column])))
            np.testing.assert_allclose(after[column], before[column], atol=ROUNDING * largest)
        else:
            assert before[column].tolist() == after[column].tolist()
    assert now.audit.ledger.closes(ROUNDING)


@pytest.mark.parametrize("model", list(MADE))
def test_it_can_be_made_active(model: str) -> None:
    make_active(run_of(model))


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same data directory once more, to spoil."""
    with zipfile.ZipFile(KEPT) as kept:
        kept.extractall(tmp_path)
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("model", ["movies", "products", "sessions"])
@pytest.mark.parametrize("setting", [{"of_the_future": 1}, {"dataset": "gone"}])
def test_settings_that_cannot_be_followed_are_named(
    model: str, setting: dict[str, object], damaged: Path
) -> None:
    file = damaged / "runs" / model / "kept" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **setting}), "utf-8")
    with pytest.raises(RelRecError, match=r"of_the_future|gone|other settings"):
        MADE[model](run_of(model))


@pytest.mark.parametrize("model", list(MADE))
def test_a_damaged_checkpoint_is_named(model: str, damaged: Path) -> None:
    file = damaged / "runs" / model / "kept" / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(RelRecError, match=r"kept|checkpoint"):
        MADE[model](run_of(model))
