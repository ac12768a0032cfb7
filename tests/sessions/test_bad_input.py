"""Every way in which session data can be wrong: the sentence names file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.errors import DataError
from relrec_core.sessions.data import readers
from relrec_core.sessions.data.dataset import load, load_folder
from relrec_core.sessions.data.readers import Upload
from tests.sessions import made

LOGS, TRACKS = made.frames()
FIRST = LOGS["session_id"][0]
N = int(LOGS["session_length"][0])
Spoil = Callable[[pl.DataFrame], pl.DataFrame]


def at(column: str, row: int, value: object) -> Spoil:
    return lambda frame: made.with_value(frame, column, row, value)


LOG_FAULTS: dict[str, tuple[Spoil, str]] = {
    "unknown category": (
        at("context_type", 3, "mixtape"),
        "logs.csv, line 5, column 'context_type': found 'mixtape', expected one of catalog, ",
    ),
    "flag": (
        at("premium", 0, "maybe"),
        "logs.csv, line 2, column 'premium': found 'maybe', expected true or false.",
    ),
    "hour": (
        at("hour_of_day", 2, "24"),
        "line 4, column 'hour_of_day': found '24', expected a whole number from 0 to 23.",
    ),
    "half an hour": (at("hour_of_day", 2, "1.5"), "expected a whole number from 0 to 23"),
    "negative count": (
        at("hist_user_behavior_n_seekfwd", 1, "-1"),
        "column 'hist_user_behavior_n_seekfwd': found '-1', expected a whole number from 0.",
    ),
    "date with a zone": (
        at("date", 1, "2018-09-18T10:00:00+02:00"),
        "line 3, column 'date': found '2018-09-18T10:00:00+02:00', expected a day such as",
    ),
    "other date": (at("date", 1, "18.09.2018"), "expected a day such as 2018-09-18"),
    "no skip": (at("skip_2", 5, None), "line 7, column 'skip_2': found an empty value"),
    "no session": (at("session_id", 5, None), "line 7, column 'session_id': found an empty value"),
    "unknown track": (
        at("track_id_clean", 6, "t_nowhere"),
        "logs.csv, line 8, column 'track_id_clean': found 't_nowhere', "
        "expected a track that the track features list.",
    ),
    "other length": (
        at("session_length", 1, "19"),
        f"line 3, column 'session_length': found 19 for session '{FIRST}', expected {N}, "
        "the number of its rows.",
    ),
    "position of letters": (
        at("session_position", 1, "two"),
        "line 3, column 'session_position': found 'two', expected a whole number from 1",
    ),
    "unknown cause": (at("planted_cause", 9, "fate"), "column 'planted_cause': found 'fate'"),
}


@pytest.mark.parametrize("fault", LOG_FAULTS)
def test_a_bad_log_value_is_named(fault: str) -> None:
    spoil, sentence = LOG_FAULTS[fault]
    with pytest.raises(DataError) as error:
        load([made.csv(spoil(LOGS))], [made.csv(TRACKS, "tracks.csv")])
    assert sentence in str(error.value)


def test_a_position_that_comes_twice_is_named() -> None:
    spoiled = made.with_value(LOGS, "session_position", 3, "3")
    with pytest.raises(DataError, match=r"line 5, .*found position 3 in session .* a second time"):
        load([made.csv(spoiled)], [made.csv(TRACKS, "tracks.csv")])


def test_a_gap_in_the_positions_is_named() -> None:
    gap = LOGS.filter(pl.int_range(pl.len()) != 3)
    with pytest.raises(DataError, match=r"line 5, .*found position 5 .*expected position 4: no"):
        load([made.csv(gap)], [made.csv(TRACKS, "tracks.csv")])


def test_a_session_of_one_track_is_refused() -> None:
    one = LOGS[:1].drop("session_length")
    with pytest.raises(DataError, match="of 1 track, expected at least 2 tracks"):
        load([made.csv(one)], [made.csv(TRACKS, "tracks.csv")])


def test_a_session_without_an_end_is_refused() -> None:
    many = pl.concat([LOGS[:1]] * 1_200).drop("session_length")
    many = many.with_columns(session_position=pl.int_range(1, 1_201))
    with pytest.raises(DataError, match="of more than 1,000 tracks, expected at most 1,000 tracks"):
        load([made.csv(many)], [made.csv(TRACKS, "tracks.csv")])


def test_a_session_in_two_places_or_two_files_is_refused() -> None:
    whole = LOGS.filter(pl.col("session_id") == FIRST)
    other = LOGS.filter(pl.col("session_id") != FIRST)
    twice = f"found session '{FIRST}' a second time"
    with pytest.raises(DataError, match=twice):
        load([made.csv(pl.concat([whole, other, whole]))], [made.csv(TRACKS, "tracks.csv")])
    again = rf"line {len(LOGS) + 2}, .*again after other sessions, expected its rows together"
    with pytest.raises(DataError, match=again):
        load([made.csv(pl.concat([LOGS, whole, other[:3]]))], [made.csv(TRACKS, "tracks.csv")])
    with pytest.raises(DataError, match=rf"b\.csv: {twice}"):
        files = [made.csv(LOGS, "a.csv"), made.csv(whole, "b.csv")]
        load(files, [made.csv(TRACKS, "tracks.csv")])


@pytest.mark.parametrize("value", ["NaN", "inf", "", "loud"])
def test_a_track_feature_that_is_no_number_is_named(value: str) -> None:
    spoiled = made.with_value(TRACKS, "energy", 7, value)
    with pytest.raises(DataError, match=r"tracks.csv, line 9, column 'energy': .*finite number"):
        load([made.csv(LOGS)], [made.csv(spoiled, "tracks.csv")])


def test_nan_in_a_parquet_file_is_named() -> None:
    spoiled = TRACKS.with_columns(
        energy=pl.when(pl.int_range(pl.len()) == 4).then(float("nan")).otherwise("energy")
    )
    with pytest.raises(DataError, match=r"line 5, column 'energy': found 'nan'"):
        load([made.csv(LOGS)], [made.parquet(spoiled, "tracks.parquet")])


def test_a_track_that_comes_twice_is_named() -> None:
    twice = pl.concat([TRACKS, TRACKS[5:6]])
    with pytest.raises(DataError, match=rf"line {len(TRACKS) + 2}, .*a second time"):
        load([made.csv(LOGS)], [made.csv(twice, "tracks.csv")])


FILES: dict[str, tuple[Upload, str]] = {
    "empty": (Upload("l.csv", b""), "l.csv: found an empty file"),
    "header": (made.csv(LOGS[:0], "l.csv"), "found a header without rows, expected at least one"),
    "empty parquet": (made.parquet(LOGS[:0], "l.parquet"), "found a table without rows"),
    "kind": (Upload("l.xlsx", b"PK"), "l.xlsx: found another kind of file"),
    "binary": (Upload("l.csv", b"\xff\xfe\x00\x01\n"), "found bytes that are not text"),
    "late binary": (
        Upload("l.csv", b"session_id,session_position,skip_2,track_name\na,1,1,\xe9\n"),
        "found bytes that are not text",
    ),
    "ragged": (
        Upload("l.csv", b"session_id,session_position,skip_2\na,1\n"),
        "expected as many values as columns in each line",
    ),
    "no skips": (
        Upload("l.csv", b"session_id,session_position\na,1\n"),
        "column 'skip_2': found no such column",
    ),
    "no tracks": (
        Upload("l.csv", b"session_id,session_position,skip_2\na,1,1\na,2,0\n"),
        "column 'track_id_clean': found no column with tracks",
    ),
    "two columns": (
        Upload("l.csv", b"session_id,session_id,skip_2\na,1,1\n"),
        "found two columns 'session_id'",
    ),
    "truncated": (
        Upload("l.parquet", made.parquet(LOGS).content[:-100]),
        "l.parquet: found a truncated or damaged file, expected a whole Parquet file",
    ),
    "not parquet": (Upload("l.parquet", b"session_id"), "found a truncated or damaged file"),
    "broken gzip": (
        Upload("l.csv.gz", b"\x1f\x8b\x08\x00nonsense"),
        "l.csv.gz, line 1: found bytes",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_named(name: str) -> None:
    file, sentence = FILES[name]
    with pytest.raises(DataError) as error:
        load([file])
    assert sentence in str(error.value)


def test_damage_inside_a_parquet_file_is_named() -> None:
    content = bytearray(made.parquet(LOGS).content)
    content[200:3000] = b"\x00" * 2800
    with pytest.raises(DataError, match=r"logs.parquet"):
        load([Upload("logs.parquet", bytes(content))], [made.csv(TRACKS, "tracks.csv")])


def test_a_200_mb_upload_is_refused_before_it_is_read() -> None:
    with pytest.raises(DataError, match=r"found 200 MB, expected at most 150 MB in an upload"):
        load([Upload("l.csv", bytes(200_000_000))])
    assert readers.MAXIMUM_UPLOAD_BYTES == 150_000_000


def test_files_with_other_columns_are_refused() -> None:
    files = [made.csv(LOGS, "a.csv"), made.csv(LOGS.drop("premium"), "b.csv")]
    with pytest.raises(DataError, match=r"b\.csv, column 'premium': found other columns"):
        load(files, [made.csv(TRACKS, "tracks.csv")])
    features = [made.csv(TRACKS[:9], "t.csv"), made.csv(TRACKS[9:].drop("energy"), "u.csv")]
    with pytest.raises(DataError, match=r"u\.csv, column 'energy': found no such column"):
        load([made.csv(LOGS)], features)


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.csv: found no such file"):
        load([tmp_path / "no.csv"])
    with pytest.raises(DataError, match="found no such folder"):
        load_folder(tmp_path / "no")
    with pytest.raises(DataError, match="found no session logs"):
        load_folder(tmp_path)
    with pytest.raises(DataError, match="expected at least one file of session logs"):
        load([])


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=6))
def test_positions_are_accepted_only_if_they_are_1_to_n_in_some_order(found: list[int]) -> None:
    rows = pl.DataFrame(
        {
            "session_id": ["s"] * len(found),
            "session_position": found,
            "skip_2": [place % 2 == 0 for place in found],
            "track_name": [f"track {place}" for place in found],
        }
    )
    if sorted(found) != list(range(1, len(found) + 1)):
        with pytest.raises(DataError, match="column 'session_position'"):
            load([made.csv(rows)])
        return
    data = load([made.csv(rows)])
    half = len(found) // 2
    assert data.sessions.lengths.tolist() == [len(found)]
    names = [data.tracks.label(i) for i in data.sessions.tracks_b[0] if i >= 0]
    assert names == [f"track {place}" for place in range(half + 1, len(found) + 1)]
