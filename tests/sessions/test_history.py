"""A listener's own history: sessions by pauses, and every kind of wrong file."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.errors import DataError
from relrec_core.sessions.data.history import read_history
from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.data.schema import REASONS
from relrec_core.sessions.data.sessions import listener_of
from tests.sessions.histories import START, entry, heard, listening, upload


def test_plays_become_checked_sessions() -> None:
    entries = listening(6)
    entries[1] |= {"skipped": True, "reason_end": "fwdbtn", "ms_played": 9_000, "shuffle": True}
    entries[5] |= {"skipped": None, "reason_end": "fwdbtn"}
    entries[4] |= {"reason_end": "unexpected-exit-while-paused"}
    talk = entry(START + timedelta(minutes=1), None)
    history = read_history([upload([*entries[3:], talk], "b.json"), upload(entries[:4], "a.json")])
    sessions, data = history.data.sessions, history.data
    assert (history.plays, history.other, history.left_over, history.new_reasons) == (6, 1, 0, 1)
    assert sessions.lengths.tolist() == [6]
    names = [c.name for c in data.columns]
    first = [dict(zip(names, row, strict=True)) for row in sessions.logs[0, :3].tolist()]
    assert [row["skip_2"] for row in first] == [0, 1, 0]
    assert sessions.skipped[0, :3].tolist() == [False, False, True]
    assert REASONS[first[1]["hist_user_behavior_reason_end"]] == "fwdbtn"
    assert first[1]["hist_user_behavior_is_shuffle"] == 1
    assert first[0]["long_pause_before_play"] == 1 and first[2]["no_pause_before_play"] == 1
    assert first[0]["hour_of_day"] == 14 and first[0]["date"] == 2
    assert data.tracks.label(int(sessions.tracks_b[0, 0])) == "Song 3, Singer"
    assert data.absent == ("track general", "track musical")
    assert data.missing["context"] == ("premium", "context_type") and not data.simulated
    assert data.batch().a.isfinite().all()


def test_twenty_minutes_without_music_end_a_session() -> None:
    second = timedelta(seconds=1)
    for pause, lengths in ((timedelta(minutes=20) - second, [4]), (timedelta(minutes=20), [2, 2])):
        later = START + timedelta(minutes=3) + pause + timedelta(milliseconds=180_000)
        entries = [*listening(2), entry(later, "A"), entry(later + timedelta(minutes=3), "B")]
        assert read_history([upload(entries)]).data.sessions.lengths.tolist() == lengths


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=70))
def test_every_play_is_in_a_session_or_counted(gaps: list[int]) -> None:
    time, entries = START, []
    for i, gap in enumerate(gaps):
        time += timedelta(minutes=gap)
        entries.append(entry(time, f"Song {i}", ms_played=30_000))
    close = [gap < 20.5 for gap in gaps[1:]]
    if not any(close):
        with pytest.raises(DataError, match="no two tracks within 20 minutes"):
            read_history([upload(entries)])
        return
    history = read_history([upload(list(reversed(entries)))])
    lengths = history.data.sessions.lengths
    assert lengths.min() >= 2 and lengths.max() <= 20
    assert int(lengths.sum()) + history.left_over == history.plays == len(gaps)


def test_in_account_data_a_play_under_30_seconds_counts_as_a_skip() -> None:
    spoken = {"endTime": "2024-02-07 14:33", "podcastName": "x", "msPlayed": 9, "episodeName": "y"}
    entries = [
        heard(START, "A"),
        heard(START + timedelta(minutes=3), "B", 29_999),
        heard(START + timedelta(minutes=3), "C", 30_000),
        heard(START + timedelta(minutes=6), "D", 1_000),
        spoken,
    ]
    history = read_history([upload(entries, "StreamingHistory_music_0.json")])
    sessions, columns = history.data.sessions, history.data.columns
    assert (history.plays, history.estimated, history.other) == (4, 4, 1)
    assert sessions.skipped_before(columns)[0, :2].tolist() == [False, True]
    assert sessions.skipped[0, :2].tolist() == [False, True]
    names = {column.name for column in columns}
    assert not names & {"hist_user_behavior_is_shuffle", "hist_user_behavior_reason_end"}
    labels = [history.data.tracks.label(i) for i in sessions.tracks_b[0, :2]]
    assert labels == ["C, Singer", "D, Singer"]


def test_both_exports_of_one_listener_come_together_and_the_exact_one_counts() -> None:
    extended = listening(6)
    extended[1] |= {"skipped": True, "reason_end": "fwdbtn"}
    account = [heard(START + i * timedelta(minutes=3), f"Song {i}") for i in range(3, 8)]
    history = read_history(
        [
            upload(account, "StreamingHistory_music_0.json", "account.zip"),
            upload(extended, "Streaming_History_Audio_2024_0.json", "extended.zip"),
        ]
    )
    assert len(history.listeners) == 1
    assert (history.plays, history.estimated) == (8, 2)
    assert history.data.sessions.lengths.tolist() == [8]
    names = [column.name for column in history.data.columns]
    assert "hist_user_behavior_reason_end" not in names, "two of the plays do not tell it"


def test_listeners_stay_apart() -> None:
    other = [e | {"master_metadata_track_name": f"Theirs {i}"} for i, e in enumerate(listening(4))]
    named = [e | {"username": "anna"} for e in listening(3)]
    files = [
        upload(named, "endsong_0.json", "one.zip"),
        upload(other, "Streaming_History_Audio_2024_0.json", "two.zip"),
        upload(listening(5, timedelta(minutes=2))[3:], "more.json"),
    ]
    history = read_history(files)
    assert history.listeners == ("anna", "other files", "two")
    assert sorted(history.data.sessions.lengths.tolist()) == [2, 3, 4]
    ids = history.data.sessions.ids.tolist()
    assert [i[:16] for i in ids] == sorted(i[:16] for i in ids)
    whose = {name: [i for i in ids if listener_of(i) == name] for name in history.listeners}
    assert all(len(theirs) == 1 for theirs in whose.values())
    assert {name: [i for i in ids if listener_of(i) == name] for name in whose} == whose
    row = ids.index(whose["two"][0])
    assert history.data.tracks.label(int(history.data.sessions.tracks_a[row, 0])).startswith(
        "Their"
    )


@pytest.mark.parametrize("named", [True, False])
def test_archives_of_unlike_plays_are_of_two_listeners(named: bool) -> None:
    later = [e | {"ms_played": 170_000} for e in listening(4)]
    mine = [e | ({"username": "me"} if named else {}) for e in listening(4)]
    files = [upload(mine, "a.json", "one.zip"), upload(later, "a.json", "two.zip")]
    history = read_history(files)
    assert history.listeners == (("me", "two") if named else ("one", "two"))
    assert history.data.sessions.lengths.tolist() == [4, 4]


GOOD = listening(3)
WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "found an empty file"),
    "picture": (
        b"\x89PNG\r\n\x1a\n\xff",
        "found text that is not JSON, expected a list of entries",
    ),
    "half": (json.dumps(GOOD).encode()[:-9], "found text that is not JSON"),
    "deep": (b"[" * 200_000, "found text that is not JSON"),
    "object": (b'{"tracks": []}', "found JSON of another kind, expected a list of entries of"),
    "numbers": (b"[1, 2]", "found JSON of another kind"),
    "nothing": (b"[]", "found an empty list"),
    "short form": (
        json.dumps([{"endTime": "2024-02-07 14:30", "artistName": "x", "msPlayed": 1}]).encode(),
        "found entry 1 without 'trackName', expected entries of Spotify's streaming history",
    ),
    "other list": (b'[{"name": "x"}]', "found entry 1 without 'ts'"),
    "later entry": (json.dumps([*GOOD, {"ts": "x"}]).encode(), "entry 4 without 'ms_played'"),
    "time": (
        json.dumps([entry(START) | {"ts": "yesterday"}]).encode(),
        "found 'yesterday' as time of entry 1, expected a time such as 2024-02-07T14:30:45Z",
    ),
    "no time": (json.dumps([entry(START) | {"ts": 17}]).encode(), "found '17' as time of entry 1"),
    "no zone": (
        json.dumps([entry(START) | {"ts": "2024-02-07T14:30:45"}]).encode(),
        "found '2024-02-07T14:30:45' without a time zone in entry 1",
    ),
    "mixed zones": (
        json.dumps([*GOOD, entry(START) | {"ts": "2024-02-07T16:30:45+02:00"}]).encode(),
        "found '2024-02-07T16:30:45+02:00' in entry 4, another time zone than before, expected "
        "all times in one zone",
    ),
    "played": (
        json.dumps([entry(START) | {"ms_played": -1}]).encode(),
        "found '-1' as ms_played of entry 1, expected milliseconds from 0",
    ),
    "skipped": (
        json.dumps([entry(START) | {"skipped": "yes"}]).encode(),
        "found 'yes' as skipped of entry 1, expected true or false",
    ),
    "minute": (
        json.dumps([heard(START, "Song") | {"endTime": "2024-02-07"}]).encode(),
        "found '2024-02-07' as endTime of entry 1, expected a time such as 2024-02-07 14:30",
    ),
    "ListenBrainz": (
        json.dumps([{"listened_at": 1, "track_metadata": {}}]).encode(),
        "found listens of ListenBrainz, which hold no skips, expected plays that tell what was",
    ),
    "Last.fm": (
        json.dumps([{"track": [{"artist": {"#text": "x"}, "date": {"uts": "1"}}]}]).encode(),
        "found scrobbles of Last.fm, which hold no skips",
    ),
    "talk only": (json.dumps([entry(START, None)]).encode(), "found no music among the entries"),
    "200 MB": (bytes(200_000_000), "found 200 MB, expected at most 50 MB"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_named(name: str) -> None:
    content, sentence = WRONG[name]
    with pytest.raises(DataError) as error:
        read_history([Upload("mine.json", content)])
    assert str(error.value).startswith("mine.json: ") and sentence in str(error.value)


def test_no_file_is_said() -> None:
    with pytest.raises(DataError, match="found no file"):
        read_history([])
