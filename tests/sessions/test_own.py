"""Someone's own sessions: read from files or a folder, and shown to a model that knows more."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dashboard.uploads import keep_in_memory
from relrec_core.errors import DataError, ProfileError
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data import uploads
from relrec_core.sessions.data.encoding import Encoding
from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.data.schema import EVERYWHERE, REASONS
from relrec_core.sessions.explanation import counterfactual
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.restricted import fitted, implied
from relrec_core.sessions.model.families import SPOTIFY
from relrec_core.sessions.model.network import network
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.training.prepare import prepare_simulated
from tests.sessions import made
from tests.sessions.histories import listening, upload

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


WRONG: dict[str, tuple[list[Upload], str]] = {
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
    with pytest.raises(DataError) as error:
        uploads.from_files(files)
    assert sentence in str(error.value)


def test_an_upload_is_never_spilled_to_disk() -> None:
    from starlette.formparsers import MultiPartParser

    keep_in_memory()
    assert MultiPartParser.spool_max_size > 200 * 1024 * 1024
