"""A recommender of one's own: what is exported from `implicit` recommends and explains the same."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from implicit.als import AlternatingLeastSquares
from safetensors.numpy import save
from scipy import sparse

from relrec_core.errors import CheckpointError, DataError, RelRecError
from relrec_core.movies import store
from relrec_core.movies.data.interactions import MovieData, load
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.imports.files import Found, read
from relrec_core.movies.imports.importing import bring
from relrec_core.movies.model.imported import ImportConfig
from relrec_core.runs.active import active, make_active
from relrec_core.runs.directory import Run, list_runs
from relrec_core.runs.launch import environment
from tests.movies import planted

ROOT = Path(__file__).parents[2]
REGULARISATION, ALPHA = 0.3, 6.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Interactions without ratings, so that everything is liked."""
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    path = planted.folder(tmp_path / "shop")
    rows = pd.read_csv(path / "interactions.csv")
    rows.drop(columns="rating").to_csv(path / "interactions.csv", index=False)
    return path


def histories(data: MovieData) -> sparse.csr_matrix:
    ones = np.ones(len(data.ratings), dtype=np.float32)
    shape = (len(data.users), len(data.items))
    return sparse.csr_matrix((ones, (data.ratings["user"], data.ratings["item"])), shape=shape)


def npz(**arrays: Any) -> bytes:
    held = io.BytesIO()
    np.savez(held, **arrays)
    return held.getvalue()


def parquet(**columns: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


@pytest.mark.numerics
@pytest.mark.slow
def test_factors_of_implicit_recommend_the_same_and_their_contributions_sum_to_the_score(
    folder: Path,
) -> None:
    """The command line, from the file to the page's explanation, by factors of more items."""
    data = load(folder)
    liked = histories(data)
    draw = np.random.default_rng(0)
    more = sparse.csr_matrix((draw.random((liked.shape[0], 3)) < 0.2).astype(np.float32))
    model = AlternatingLeastSquares(
        factors=6,
        regularization=REGULARISATION,
        alpha=ALPHA,
        iterations=8,
        random_state=0,
        num_threads=1,
    )
    every = sparse.csr_matrix(sparse.hstack([liked, more]))
    model.fit(every, show_progress=False)
    order = draw.permutation(every.shape[1])
    ids = np.array([*data.items["item_id"].astype(str), "x1", "x2", "x3"])
    file = folder / "factors.npz"
    file.write_bytes(npz(item_ids=ids[order], vectors=model.item_factors[order]))
    command = [sys.executable, str(ROOT / "scripts" / "import.py"), str(file), "--dataset"]
    given_ = ["--rule", "als", "--regularisation", str(REGULARISATION), "--alpha", str(ALPHA)]
    said = subprocess.run(
        [*command, str(folder), *given_, "--name", "Shop ALS", "--activate"],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    run = store.shown_run()
    assert run.path == active("movies") and run.card().details["items_left_out"] == 3
    assert run.card().title == "Shop ALS" and run.status().state == "done"
    recommender = store.recommender(run)
    compared = 0
    for user in range(0, 60, 7):
        profile = recommender.profile(str(data.users["user_id"].iloc[user]))
        np.testing.assert_array_equal(sorted(profile.liked), liked[user].indices)
        wanted, scores = model.recommend(
            user, sparse.csr_matrix(sparse.hstack([liked[user], sparse.csr_matrix((1, 3))])),
            N=10, recalculate_user=True, filter_items=[40, 41, 42],
        )  # fmt: skip
        found = recommender.rank(profile, 10)
        np.testing.assert_allclose(found.scores, scores, rtol=1e-3)
        if np.abs(np.diff(scores)).min() > 1e-4 * np.abs(scores).max():  # single precision
            assert found.items.tolist() == wanted.tolist()
            compared += 1
        told = explain(recommender, profile, int(found.items[0]))
        assert told.audit.ledger.closes(1e-9)
        assert told.base + sum(f.relevance for f in told.features) == pytest.approx(told.score)
        assert told.provenance.run == run.name
    assert compared >= 5


def test_every_form_of_a_file_says_the_same(folder: Path) -> None:
    ids = load(folder).items["item_id"].astype(str).tolist()
    draw = np.random.default_rng(1)
    vectors = draw.normal(size=(len(ids), 3)).astype(np.float32)
    matrix = sparse.random(40, 40, 0.2, format="csr", random_state=0, dtype=np.float32)
    numbers = np.array([int(i) for i in ids])
    rows, columns = matrix.nonzero()
    forms: dict[str, list[tuple[str, bytes]]] = {
        "mean": [
            ("a.npz", npz(item_ids=np.array(ids), vectors=vectors.astype(np.float64))),
            ("a.safetensors", save({"item_ids": numbers, "vectors": vectors})),
            ("b.SAFETENSORS", save({"vectors": vectors}, {"item_ids": json.dumps(ids)})),
            ("a.parquet", parquet(item_id=numbers, vector=list(vectors))),
        ],
        "item-item": [
            ("a.npz", npz(item_ids=numbers, matrix=matrix.toarray())),
            ("a.safetensors", save({
                "item_ids": numbers, "data": matrix.data,
                "indices": matrix.indices, "indptr": matrix.indptr,
            })),
            ("a.parquet", parquet(
                item_id=[*numbers[rows], *numbers], other_id=[*numbers[columns], *numbers],
                weight=[*matrix.data, *np.zeros(40)],
            )),
        ],
    }  # fmt: skip
    for rule, files in forms.items():
        scores = []
        for name, content in files:
            config = ImportConfig(dataset=str(folder), rule=rule)
            recommender = store.recommender(bring(config, name, content))
            scores.append(recommender.scorer.logits(recommender.profile("1").features))
        for other in scores[1:]:
            np.testing.assert_allclose(other, scores[0], rtol=1e-5, atol=1e-6)
        assert np.ptp(scores[0]) > 0


IDS, GOOD = np.array([str(i + 1) for i in range(40)]), np.ones((40, 2), dtype=np.float32)
BAD = GOOD.copy()
BAD[7, 1] = np.nan
HUGE = GOOD.astype(np.float64) * 1e300
WRONG: list[tuple[str, bytes, str]] = [
    ("a.pkl", b"", "another ending"),
    ("a.npz", b"PK\x03\x04", "cannot be read"),
    ("a.npz", npz(item_ids=IDS, vectors=GOOD)[:-40], "cannot be read"),
    ("a.npz", npz(vectors=GOOD), "found keys vectors"),
    ("a.npz", npz(item_ids=IDS, other=GOOD), "expected item_ids with vectors"),
    ("a.npz", npz(item_ids=IDS, vectors=BAD), "'vectors': found nan in row 7"),
    ("a.npz", npz(item_ids=IDS, vectors=HUGE), "found 1e+300 in row 0"),
    ("a.npz", npz(item_ids=IDS, vectors=GOOD[:5]), r"'vectors': found shape (5, 2)"),
    ("a.npz", npz(item_ids=IDS, vectors=GOOD.astype(str)), "'vectors': found <U"),
    ("a.npz", npz(item_ids=IDS, matrix=GOOD), r"'matrix': found shape (40, 2)"),
    ("a.npz", npz(item_ids=IDS[:9], vectors=GOOD[:9]), "no row for item '10' and 30 others"),
    ("a.npz", npz(item_ids=np.r_[IDS[:39], ["1"]], vectors=GOOD), "'1' a second time, in row 39"),
    ("a.npz", npz(item_ids=IDS.astype(object), vectors=GOOD), "'item_ids': found Python objects"),
    ("a.npz", npz(item_ids=IDS, matrix=np.zeros((40, 40))), "'item_ids': found matrix"),
    ("a.safetensors", b"\xff" * 30, "cannot be read"),
    ("a.safetensors", save({"vectors": GOOD}, {"item_ids": "{}"}), "no list of texts"),
    ("a.parquet", b"PAR1", "cannot be read"),
    ("a.parquet", parquet(item=IDS), "found columns item"),
    ("a.parquet", parquet(item_id=["1", None], vector=[[1.0], [2.0]]), "nothing in row 1"),
    ("a.parquet", parquet(item_id=["1", "2"], vector=[[1.0], [2.0, 3.0]]), "2 numbers in row 1"),
    ("a.parquet", parquet(item_id=["1", "2"], vector=[1.0, 2.0]), "'vector': found double"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said"), WRONG)
def test_a_bad_file_is_refused_with_its_place_and_nothing_is_kept(
    folder: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        bring(ImportConfig(dataset=str(folder), rule="als"), name, content)
    assert said in str(caught.value) and name in str(caught.value)
    assert list_runs("movies") == []


def test_a_file_that_says_it_is_huge_is_refused_before_it_is_unpacked() -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**3)}
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("vectors.npy", header.getvalue())
    with pytest.raises(DataError, match="at most 2,000 MB"):
        read("a.npz", held.getvalue())
    parts = {"data": np.ones(1), "indices": np.array([99]), "indptr": np.array([0] + [1] * 40)}
    with pytest.raises(DataError, match="cannot be read"):
        read("a.npz", npz(item_ids=IDS, **parts))


@settings(max_examples=60, deadline=None)
@given(where=st.integers(0, 700), value=st.integers(0, 255), kind=st.sampled_from("nsp"))
def test_a_damaged_file_is_read_or_refused_with_a_sentence(
    where: int, value: int, kind: str
) -> None:
    name, content = {
        "n": ("a.npz", npz(item_ids=IDS, vectors=GOOD)),
        "s": ("a.safetensors", save({"item_ids": np.arange(40), "vectors": GOOD})),
        "p": ("a.parquet", parquet(item_id=IDS, vector=list(GOOD))),
    }[kind]
    damaged = bytearray(content)
    damaged[where % len(damaged)] = value
    try:
        assert isinstance(read(name, bytes(damaged)), Found)
    except RelRecError as error:
        assert str(error).startswith("a.")


def test_other_interactions_than_it_was_imported_with_are_refused(folder: Path) -> None:
    run = bring(
        ImportConfig(dataset=str(folder), rule="mean"), "a.npz", npz(item_ids=IDS, vectors=GOOD)
    )
    make_active(run)
    with (folder / "interactions.csv").open("a") as file:
        file.write("61,1\n")
    users = folder / "users.csv"
    users.write_text(users.read_text() + "61,M\n")
    with pytest.raises(CheckpointError, match="Import it again"):
        store.recommender(Run.open(run.path))
