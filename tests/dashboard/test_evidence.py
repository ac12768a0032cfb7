"""Claims: judged by the shipped numbers, drawn, honest where something is missing or damaged."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.claims import CLAIMS, WINGS
from dashboard.figures.evidence import PICTURES
from relrec_core import paths
from relrec_core.errors import DataError
from relrec_core.evaluation.claims import Claim, TableSource, Verdict, graded
from relrec_core.evaluation.directions import GRADIENT, LIME, RANDOM
from relrec_core.evaluation.tables import store
from scripts import evidence_page


def judged(key: str, *frames: pd.DataFrame) -> str:
    return CLAIMS[key].judge(frames).status


def test_every_claim_has_a_picture_and_every_shipped_table_a_claim() -> None:
    assert set(PICTURES) == {key for key, claim in CLAIMS.items() if claim.sources}
    assert len(CLAIMS) == sum(len(of) for of in WINGS.values())
    used = {(s.wing, s.name()) for claim in CLAIMS.values() for s in claim.sources}
    shipped = {(f.parent.name, f.stem) for f in (paths.ASSETS / "evidence").glob("*/*.csv")}
    beside_films = {("movies", "experts-ml-100k"), ("movies", "deciders-ml-100k")}
    assert shipped - used == beside_films  # the movies page shows these
    assert used <= shipped


@pytest.mark.parametrize("key", list(PICTURES))
def test_shipped_numbers_are_judged_and_drawn(key: str, home: Path) -> None:
    claim = CLAIMS[key]
    tables = claim.tables()
    verdict = claim.verdict(tables)
    if tables is None:
        assert verdict.status == "not measured" and claim.sources[0].command in verdict.sentence
        return
    frames = [table.frame for table in tables]
    numbers = claim.numbers(frames)
    assert len(numbers) and not numbers.columns.duplicated().any()
    assert "nan" not in verdict.sentence.lower()
    picture = PICTURES[key](frames, numbers)
    drawn = [len(trace.y) for trace in picture.data if trace.y is not None]
    assert drawn and min(drawn) > 0
    seeds = {tuple(table.conditions["seeds"]) for table in tables}
    assert seeds == {source.seeds for source in claim.sources}


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_recall_is_judged_by_the_best_peer(ours: float, best: float) -> None:
    frame = pd.DataFrame(
        {
            "method": ["RecoNet", "ALS", "Popularity"],
            "attributes": ["with", "without", "without"],
            "recall_50": [ours, best + 1e-6, 0.0],
        }
    )
    ratio = ours / (best + 1e-6)
    expected = "confirmed" if ratio >= 0.98 else "partly" if ratio >= 0.9 else "not confirmed"
    assert judged("recall-100k", frame) == expected == graded(ratio, 0.98, 0.9)


def test_of_several_catalogues_the_worst_decides() -> None:
    good = {"relation": ["all"], "recommendations": 30, "pixels_above_zero": 1.0, "absorbed": 0.1}
    good |= {"confirmed": 0.9, "pictures_with_opposition": 60, "opposition_raises": 0.1}
    worse = good | {"confirmed": 0.8}
    worst = worse | {"pixels_above_zero": 0.9, "absorbed": 0.2}
    frames = [pd.DataFrame(of) for of in (good, worse, worst)]
    key = "recommendations-photos"
    assert judged(key, frames[0], frames[0]) == "confirmed" == judged(key, frames[0])
    assert judged(key, *frames[:2]) == "partly"
    assert judged(key, *frames) == "not confirmed"


def test_the_page_of_evidence_is_what_the_shipped_tables_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    frame = pd.DataFrame({"expert": ["taste"], "top_share": [0.123456], "mean_share": [0.3]})
    store("movies", "deciders-ml-1m", frame, {"seeds": [0]})
    assert evidence_page.text() == evidence_page.PAGE.read_text("utf-8")


def test_a_reservation_stays_with_the_verdict() -> None:
    reserved = Verdict("confirmed", "Confirmed, though 2 of 3 maps do better: the area is 1: x.")
    assert (reserved.head, reserved.rest) == (
        "Confirmed, though 2 of 3 maps do better",
        "The area is 1: x.",
    )
    plain = Verdict("partly", "Partly: the map is good.")
    assert (plain.head, plain.rest) == ("Partly", "The map is good.")
    other = Verdict("not confirmed", "Found: nothing.")
    assert (other.head, other.rest) == ("Not confirmed", "Found: nothing.")


def test_named_reasons_are_judged_beside_other_methods() -> None:
    def frame(ours: float, lime: float, gradient: float) -> pd.DataFrame:
        names = ["This dashboard’s experts", LIME, GRADIENT, RANDOM]
        shares = [ours, lime, gradient, 0.5]
        same = {"together": shares, "weighted": shares, "change": 0.1, "reasons": 9, "answers": 5}
        return pd.DataFrame({"method": names, "each": shares, **same})

    def head(*shares: float) -> str:
        return CLAIMS["session-directions"].judge([frame(*shares)]).head

    assert head(0.96, 0.9, 0.8) == "Confirmed"
    assert head(0.95, 1.0, 0.92) == "Confirmed, though LIME does better"
    assert head(0.94, 0.94, 0.95) == "Partly, though 2 others do as well"
    assert head(0.96, 0.9, 0.93) == "Confirmed, though gradient x input does as well"
    assert head(0.7, 0.6, 0.6) == "Not confirmed"


def test_guidance_must_beat_as_many_plain_epochs() -> None:
    def frame(guided: float, plain: float) -> pd.DataFrame:
        names = ["before", "guided by relevance", "as many epochs, not guided"]
        return pd.DataFrame(
            {"network": names, "part": "test", "relation": "all", "accuracy": [0.9, guided, plain]}
        )

    assert judged("guided", frame(0.93, 0.91)) == "confirmed"
    assert judged("guided", frame(0.93, 0.93)) == "partly"
    assert judged("guided", frame(0.9, 0.92)) == "not confirmed"


def test_a_table_stored_here_replaces_the_shipped_one_and_damage_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    frame = pd.DataFrame({"expert": ["taste"], "top_share": [0.25], "mean_share": [0.3]})
    store("movies", "deciders-ml-1m", frame, {"seeds": [0]})
    claim = CLAIMS["film-deciders"]
    tables = claim.tables()
    assert tables is not None and not tables[0].shipped
    assert "75%" in claim.verdict(tables).sentence
    file = paths.evaluations_dir() / "movies" / "deciders-ml-1m.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(DataError):
        claim.tables()


def test_a_source_says_how_it_is_measured() -> None:
    source = TableSource("movies", "recall", "ml-1m", (0, 1))
    assert source.command == (
        "python3 scripts/evaluate.py movies recall --dataset ml-1m --seeds 0 1"
    )
    assert source.arguments(quick=True)[-1] == "--quick"
    assert source.name(quick=True) == "recall-ml-1m-quick"
    unmeasured = Claim("k", "t", "p", "w", "x", (), lambda f: 1 / 0, lambda f: f[0])  # type: ignore[arg-type, return-value]
    assert unmeasured.tables() is None
    assert unmeasured.verdict(None).status == "not measured"
