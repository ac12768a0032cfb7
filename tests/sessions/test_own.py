"""Someone's own sessions: read from files or a folder, and shown to a model that knows more."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dashboard.uploads import keep_in_memory
from relrec_core.errors import ProfileError, RelRecError
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data import uploads
from relrec_core.sessions.data.dataset import load
from relrec_core.sessions.data.encoding import Encoding
from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.data.schema import EVERYWHERE, REASONS
from relrec_core.sessions.data.sessions import parts, uncut
from relrec_core.sessions.data.shards import Shards
from relrec_core.sessions.explanation import counterfactual
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.restricted import fitted, implied
from relrec_core.sessions.model.families import SPOTIFY
from relrec_core.sessions.model.network import network
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.training.prepare import main as prepare_command
from relrec_core.sessions.training.prepare import prepare_simulated
from tests.sessions import made
from tests.sessions.histories import START, handed_out, heard, listening, packed, upload

pytestmark = pytest.mark.numerics

LOGS, TRACKS = made.frames()


@cache
def predictor() -> Predictor:
    return store.predictor(store.shown_run())


@pytest.mark.parametrize("absent", [("context",), ("track general", "track musical")])
def test_experts_of_absent_groups_go_and_the_others_answer_as_ever(absent: tuple[str, ...]) -> None:
    data = made.data()
    names = [c.name for c in (*data.columns, *data.tracks.columns) if c.group not in absent]
    part = fitted(predictor(), names)
    assert part.family is not None and predictor().family is not None
    left = [n for n, groups in SPOTIFY.items() if not set(groups) & set(absent)]
    assert list(part.family.names) == left
    batch = data.batch(predictor().encoding)
    whole, rest = predictor().predict(batch), part.predict(batch)
    at = [predictor().family.names.index(name) for name in left]
    np.testing.assert_array_equal(rest.experts, whole.experts[..., at])
    np.testing.assert_allclose(rest.attribution.sum(-1), 1, atol=1e-4)
    mixed = (rest.attribution * rest.experts).sum(-1)
    np.testing.assert_allclose(rest.probability, mixed, atol=1e-4)


def test_complete_data_leaves_the_model_as_it_is() -> None:
    assert fitted(predictor(), made.data().names) is predictor()


def test_a_control_and_a_model_without_a_fitting_expert_are_refused() -> None:
    data = made.data()
    config = Config(model="control", width=16, blocks=1)
    control = Predictor(network(data.encoding(), config), data.encoding(), config, "")
    with pytest.raises(ProfileError, match="has no experts"):
        fitted(control, data.names)
    only = Encoding.of((), data.tracks)
    tracks = Predictor(network(only, Config(width=16, blocks=1)), only, Config(), "")
    with pytest.raises(ProfileError, match="no expert that could do with what this data tells"):
        fitted(tracks, ["skip_2"])


def test_what_follows_from_a_skip_is_implied_and_agrees_with_a_what_if() -> None:
    whole = made.data()
    wanted = [c.name for c in whole.columns]
    few = made.load_frames(
        LOGS["session_id", "session_position", "track_id_clean", "skip_2"], "", TRACKS
    )
    sessions, columns = implied(few.sessions, few.columns, wanted)
    names = [c.name for c in columns]
    assert names == ["skip_2", "skip_1", "skip_3", "not_skipped", *names[4:]]
    row = dict(zip(names, sessions.logs[0].T, strict=True))
    half = int(sessions.lengths[0]) // 2
    np.testing.assert_array_equal(row["not_skipped"][:half], 1 - row["skip_2"][:half])
    assert not sessions.logs[0, half:].any()
    ended = row["hist_user_behavior_reason_end"][:half]
    assert {REASONS[i] for i in ended} <= {"fwdbtn", "trackdone"}
    np.testing.assert_array_equal(row["hist_user_behavior_reason_start"][1:half], ended[:-1])
    one = sessions.take(slice(0, 1))
    turned = counterfactual.with_skip(one, columns, 1, not bool(row["skip_2"][1]))
    first = counterfactual.with_skip(
        few.sessions.take(slice(0, 1)), few.columns, 1, not bool(row["skip_2"][1])
    )
    np.testing.assert_array_equal(turned.logs, implied(first, few.columns, wanted)[0].logs)


def test_a_history_is_explained_by_the_experts_that_can() -> None:
    found = uploads.from_files([upload(listening(9))])
    assert found.notes == ("Plays: 9.",)
    explorer = Explorer(fitted(predictor(), found.data.names), found.data, "run")
    explanation = explorer.explain(explorer.session(0), 1)
    assert set(explanation.family.names) == {"context", "interaction", "context and interaction"}
    assert explanation.audit.shares.closes() and explanation.audit.ledger.closes()
    assert set(explanation.family.groups) == {EVERYWHERE, "context", "interaction"}
    assert explanation.audit.deletion.removed <= 50


def test_uploaded_logs_are_those_of_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [made.csv(LOGS), made.parquet(TRACKS, "tracks.parquet")]
    assert uploads.from_files(files).data.content_hash == made.data().content_hash
    monkeypatch.setattr(uploads, "MOST", 7)
    last = uploads.from_files(files)
    assert last.notes == ("Of 60 sessions the last 7 are shown.",)
    assert last.data.sessions.ids.tolist() == made.data().sessions.ids[-7:].tolist()


def test_a_folder_of_logs_or_of_shards_is_opened(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    LOGS.write_csv(tmp_path / "logs" / "plays.csv")
    TRACKS.write_parquet(tmp_path / "logs" / "tracks.parquet")
    assert uploads.from_folder(tmp_path / "logs").data.content_hash == made.data().content_hash
    prepare_simulated(50, tmp_path / "shards", settings=made.SETTINGS, shard_sessions=20)
    shards = uploads.from_folder(tmp_path / "shards")
    assert len(shards.data.sessions) == 50 and shards.data.simulated and not shards.notes


def test_a_real_slice_is_shown_by_two_experts(mssd_slice: Path) -> None:
    found = uploads.from_folder(mssd_slice.parent).data
    part = fitted(predictor(), found.names)
    assert part.family is not None and part.family.names == ("interaction", "track general")


@pytest.mark.parametrize("length", [20, 21, 22, 40, 59])
def test_a_long_session_is_cut_and_said(length: int) -> None:
    long = pl.concat([LOGS[:1]] * length).with_columns(
        session_position=pl.int_range(1, length + 1),
        session_length=pl.lit(length),
        track_id_clean=TRACKS["track_id"][:length],
        skip_2=pl.int_range(length) % 3 == 0,
        session_id=pl.lit("long"),
    )
    rows = pl.concat([LOGS, long.sample(fraction=1, shuffle=True, seed=1)], how="vertical_relaxed")
    found = uploads.from_files([made.csv(rows), made.csv(TRACKS, "tracks.csv")])
    said = "1 session of more than 20 tracks: cut into pieces of 20, a single track at the end"
    assert [note.startswith(said) for note in found.notes] == ([True] if length > 20 else [])
    sessions = found.data.sessions
    made.assert_equal(sessions.take(slice(0, 60)), made.data().sessions)
    pieces = sessions.take(slice(60, None))
    expected = [n for n in [20] * (length // 20) + [length % 20] if n > 1]
    assert pieces.lengths.tolist() == expected
    assert pieces.ids.tolist() == ["long", "long~2", "long~3"][: len(expected)]
    assert len({int(part) for part in parts(pieces.ids)}) == 1
    place = 0
    for row, n in enumerate(expected):
        one = pieces.take(slice(row, row + 1))
        half = n // 2
        tracks = [*one.tracks_a[0, :half], *one.tracks_b[0, : n - half]]
        assert [found.data.tracks.frame["track_id"][int(t)] for t in tracks] == (
            TRACKS["track_id"][place : place + n].to_list()
        )
        skips = [*one.skipped_before(found.data.columns)[0, :half], *one.skipped[0, : n - half]]
        assert skips == [i % 3 == 0 for i in range(place, place + n)]
        place += n


def test_only_the_number_of_a_piece_is_no_part_of_an_id() -> None:
    assert uncut("a~2") == ("a", 2) and uncut("a~b~17") == ("a~b", 17)
    for whole in ("a", "a~", "a~1", "a~b", "~2", "2024-02-07 14:30, me~you (3)"):
        assert uncut(whole) == (whole, 1)


def mssd() -> dict[str, bytes]:
    """Logs and features as Spotify's mini set packs them."""
    return {
        "data/mini/training_set/log_mini.csv": made.csv(LOGS).content,
        "data/mini/track_features/tf_mini.csv": made.csv(TRACKS).content,
        "data/mini/.DS_Store": b"\x00",
    }


def test_spotifys_set_comes_as_it_is_from_a_zip_and_from_a_folder(tmp_path: Path) -> None:
    expected = load([made.csv(LOGS)], [made.csv(TRACKS, "tf_mini.csv")])
    archive = packed("mini.zip", mssd())
    made.assert_equal(uploads.from_files([archive]).data.sessions, expected.sessions)
    for name, content in mssd().items():
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(content)
    assert uploads.from_folder(tmp_path / "set").data.content_hash == expected.content_hash
    (tmp_path / "mini.zip").write_bytes(archive.content)
    assert prepare_command([str(tmp_path / "mini.zip"), "--out", str(tmp_path / "shards")]) == 0
    meta = Shards.open(tmp_path / "shards").meta
    assert meta.content_hash == expected.content_hash and meta.title == "mini (simulated)"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mini.zip", "set", "shards"]


def test_a_history_comes_as_spotify_packs_it() -> None:
    found = uploads.from_files([handed_out()])
    assert found.data.sessions.lengths.tolist() == [9]
    assert found.notes == ("Plays: 9.", "Entries without music (podcasts, videos), left out: 1.")


def test_account_data_says_what_counts_as_a_skip() -> None:
    entries = [heard(START + i * timedelta(minutes=3), f"Song {i}") for i in range(5, 12)]
    account = {
        "Spotify Account Data/StreamingHistory_music_0.json": upload(entries).content,
        "Spotify Account Data/Userdata.json": b"{}",
        "Spotify Account Data/YourLibrary.json": b'{"tracks": []}',
    }
    found = uploads.from_files([packed("my_spotify_data.zip", account), handed_out()])
    said = "3 plays are from Spotify's account data, which does not say what was skipped: of these,"
    assert found.notes[2] == f"{said} one of less than 30 seconds counts as a skip."


WRONG: dict[str, tuple[list[Upload], str]] = {
    "zip of pictures": (
        [packed("me.zip", {"a.png": b"\x89PNG"})],
        "me.zip: found no streaming history and no session logs in it, expected the archive as",
    ),
    "half a zip": (
        [Upload("me.zip", handed_out().content[:-9])],
        "me.zip is not a whole zip archive",
    ),
    "way out": ([packed("me.zip", {"../a.csv": b"x"})], "leads out of the archive's folder"),
    "zip of ListenBrainz": (
        [packed("me.zip", {"user.json": b"{}", "listens/2024/1.jsonl": b'{"listened_at": 1}'})],
        "1.jsonl: found listens of ListenBrainz, which hold no skips, expected plays that tell",
    ),
    "table of Last.fm": (
        [Upload("me.csv", b"uts,utc_time,artist,album,track\n1,x,y,z,w\n")],
        "me.csv: found scrobbles of Last.fm, which hold no skips",
    ),
    "other table of Last.fm": (
        [Upload("me.csv", b'"Them","Record","Song","12 Mar 2024 10:11"\n')],
        "me.csv: found scrobbles of Last.fm, which hold no skips",
    ),
    "nothing": ([], "found no file"),
    "both kinds": (
        [made.csv(LOGS), upload(listening(3))],
        "logs.csv: found another kind of file beside a streaming history, expected one kind",
    ),
    "tracks only": (
        [made.csv(TRACKS, "tracks.csv")],
        "tracks.csv: found track features only, expected the session logs beside them",
    ),
    "picture": (
        [Upload("me.png", b"\x89PNG")],
        "me.png: found another kind of file, expected session logs as CSV or Parquet, or a",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_do_not_belong_together_get_a_sentence(name: str) -> None:
    files, sentence = WRONG[name]
    with pytest.raises(RelRecError) as error:
        uploads.from_files(files)
    assert sentence in str(error.value)


def test_an_upload_is_never_spilled_to_disk() -> None:
    from starlette.formparsers import MultiPartParser

    keep_in_memory()
    assert MultiPartParser.spool_max_size > 200 * 1024 * 1024
