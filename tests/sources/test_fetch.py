"""Fetching survives bad servers, bad archives and full disks, and says so."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import shutil
import threading
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from relrec_core.errors import SourceError
from relrec_core.sources import archive, download, fetch, lock, registry
from relrec_core.sources.registry import SOURCES, Place, Url, Wheel
from tests.sources import layouts
from tests.sources.server import serving
from tests.waiting import LONG

NAME = "ml-100k"


@pytest.fixture(scope="module")
def official(ml_100k: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in the official layout."""
    folder = tmp_path_factory.mktemp("official")
    return layouts.zipped(layouts.official_100k(ml_100k), folder / "ml-100k.zip")


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch):
    def put(*new: Place) -> None:
        monkeypatch.setitem(SOURCES, NAME, dataclasses.replace(SOURCES[NAME], places=new))

    return put


def assert_nothing_left(home: Path) -> None:
    assert fetch.installed(NAME) is None
    assert not (home / "data" / NAME).exists()
    left = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in left if path.name != "lock" and ".part" not in path.suffixes] == []


def test_the_wheel_gives_the_registered_content(empty_home: Path, places) -> None:
    wheel = next(place for place in SOURCES[NAME].places if isinstance(place, Wheel))
    places(wheel)
    folder = fetch.fetch(NAME)
    record = json.loads((folder / "source.json").read_text())
    assert record["place"] == "the Python package recbole==1.2.1"
    assert record["content_hash"] == SOURCES[NAME].content_hash
    assert "redistribution" in record["licence"]
    assert not list(empty_home.rglob("*.whl"))


def test_download_with_progress(empty_home: Path, places, official: Path) -> None:
    content = official.read_bytes()
    seen: list[tuple[str, int, int | None]] = []
    with serving(content) as server:
        places(Url(server.url("whole"), hashlib.sha256(content).hexdigest()))
        folder = fetch.fetch(NAME, progress=lambda *step: seen.append(step))
        assert fetch.fetch(NAME) == folder
        assert server.ranges == [None]
    assert seen[-2][1:] == (len(content), len(content))
    assert (folder / "README").read_bytes() == b"How this data may be used.\n"
    assert not list(empty_home.rglob("*.zip*"))


def test_broken_transfer_is_resumed(empty_home: Path, places, official: Path) -> None:
    content = official.read_bytes()
    with serving(content) as server:
        places(Url(server.url("breaks-once"), hashlib.sha256(content).hexdigest()))
        fetch.fetch(NAME)
        assert server.ranges == [None, f"bytes={len(content) // 2}-"]


def test_changed_file_is_not_glued_to_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with serving(b"old" * 1000) as server:
        with pytest.raises(SourceError, match=r"the connection ended after [\d,]+ of 3,000 bytes"):
            download.download(server.url("breaks"), target, limit=9_999)
        assert not target.exists()
        server.content = b"newer" * 1000
        download.download(server.url("whole"), target, limit=9_999)
    assert target.read_bytes() == b"newer" * 1000
    assert list(tmp_path.iterdir()) == [target]


def test_next_place_and_final_sentence(
    empty_home: Path, places, official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    content = official.read_bytes()
    with serving(content) as server:
        bad = [
            Url(server.url("missing")),
            Url(server.url("slow")),
            Url(server.url("whole"), "0" * 64),
            Url("http://127.0.0.1:9/ml.zip"),
            Wheel("recbole==0.0.0"),
        ]
        places(*bad)
        with pytest.raises(SourceError) as caught:
            fetch.fetch(NAME)
        sentence = str(caught.value)
        assert "404 Not Found" in sentence
        assert "the connection ended after" in sentence
        assert "wrong checksum" in sentence
        assert "cannot be reached" in sentence
        assert "pip could not download it" in sentence
        assert f"python3 scripts/fetch.py {NAME} --from PATH_OF_THE_FILE" in sentence
        assert_nothing_left(empty_home)
        places(bad[0], Url(server.url("whole")))
        fetch.fetch(NAME)
        assert fetch.installed(NAME) is not None


def test_truncated_archive_behind_a_whole_transfer(
    empty_home: Path, places, official: Path
) -> None:
    with serving(official.read_bytes()[:-1000]) as server:
        places(Url(server.url("whole")))
        with pytest.raises(SourceError, match="truncated, damaged"):
            fetch.fetch(NAME)
    assert fetch.installed(NAME) is None


@pytest.mark.parametrize("form", ["zip", "folder", "inner folder", "wheel", "unpacked wheel"])
def test_local_origin(
    form: str, empty_home: Path, official: Path, ml_100k: Path, tmp_path: Path
) -> None:
    files = layouts.official_100k(ml_100k)
    if form == "zip":
        origin = official
    elif form == "folder":
        origin = layouts.unpacked(files, tmp_path / "raw")
    elif form == "inner folder":
        origin = layouts.unpacked(files, tmp_path / "raw") / "ml-100k"
    else:
        wheel = fetch._pip_download(Wheel("recbole==1.2.1"), tmp_path)
        origin = wheel
        if form == "unpacked wheel":
            origin = tmp_path / "raw"
            shutil.unpack_archive(wheel, origin, "zip")
    folder = fetch.fetch(NAME, origin=origin)
    assert json.loads((folder / "source.json").read_text())["place"] == str(origin)


def test_damaged_replacement_keeps_what_was_installed(
    empty_home: Path, official: Path, tmp_path: Path
) -> None:
    folder = fetch.fetch(NAME, origin=official)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    broken = bytearray(official.read_bytes())
    broken[len(broken) // 3] ^= 0xFF
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(broken)
    for origin, sentence in (
        (damaged, "damaged"),
        (tmp_path / "absent.zip", "no such file"),
        (layouts.zipped({"a.txt": b"a"}, tmp_path / "other.zip"), "does not hold the files"),
    ):
        with pytest.raises(SourceError, match=sentence):
            fetch.fetch(NAME, origin=origin)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    fetch.fetch(NAME, origin=official)
    assert fetch.installed(NAME) == folder


def test_other_content_is_refused(empty_home: Path, ml_100k: Path, tmp_path: Path) -> None:
    files = layouts.official_100k(ml_100k)
    first, rest = files["ml-100k/u.data"].split(b"\n", 1)
    files["ml-100k/u.data"] = rest
    with pytest.raises(SourceError, match="wrong content"):
        fetch.fetch(NAME, origin=layouts.zipped(files, tmp_path / "short.zip"))
    assert first
    assert_nothing_left(empty_home)


@pytest.mark.parametrize("name", ["../../u.data", "/etc/u.data", "C:\\u.data", "..\\u.data"])
def test_archive_that_leads_out_is_refused(
    name: str, empty_home: Path, official: Path, tmp_path: Path
) -> None:
    hostile = shutil.copy(official, tmp_path / "hostile.zip")
    with zipfile.ZipFile(hostile, "a") as opened:
        opened.writestr(name, b"x")
    with pytest.raises(SourceError, match="leads out of the archive's folder"):
        fetch.fetch(NAME, origin=hostile)
    assert_nothing_left(empty_home)


def test_too_big_an_entry_is_refused(official: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="would take"):
        archive.extract(official, ["ml-100k/u.data"], tmp_path, 1000)


def test_no_space_beforehand(
    empty_home: Path, official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1_000_000))
    with pytest.raises(SourceError, match=r"needs 20 MB and 1 MB are free\. Free some space"):
        fetch.fetch(NAME, origin=official)
    assert_nothing_left(empty_home)


@pytest.mark.parametrize("where", ["download", "unpack", "install"])
def test_disk_runs_full_midway(
    where: str, empty_home: Path, places, official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    class Full:
        def __init__(self, file) -> None:
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    suffix = {"download": ".part", "unpack": ".data", "install": ".csv"}[where]

    def limited(path: Path, mode: str = "r", *arguments, **named):
        file = real(path, mode, *arguments, **named)
        full = path.suffix == suffix and mode[0] in "wa" and empty_home in path.parents
        return Full(file) if full else file

    monkeypatch.setattr(Path, "open", limited)
    with serving(official.read_bytes()) as server:
        places(Url(server.url("whole")), Url(server.url("missing")))
        with pytest.raises(SourceError, match="There is not enough space for MovieLens 100K"):
            fetch.fetch(NAME)
        assert len(server.ranges) == 1
    assert fetch.installed(NAME) is None
    assert not (empty_home / "data" / NAME).exists()


def test_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("RELREC_HOME", str(blocked))
    with pytest.raises(SourceError, match="RELREC_HOME"):
        fetch.fetch(NAME)


def test_incomplete_installation_is_not_taken_for_one(empty_home: Path, official: Path) -> None:
    folder = fetch.fetch(NAME, origin=official)
    (folder / "users.csv").write_bytes((folder / "users.csv").read_bytes()[:-1])
    assert fetch.installed(NAME) is None
    (folder / "source.json").write_text("{")
    assert fetch.installed(NAME) is None


def test_two_at_once_download_once(empty_home: Path, places, official: Path) -> None:
    with serving(official.read_bytes()) as server:
        places(Url(server.url("whole")))
        threads = [threading.Thread(target=fetch.fetch, args=(NAME,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.ranges) == 1
    assert fetch.installed(NAME) is not None


def test_lock_says_that_it_waits(tmp_path: Path) -> None:
    waited = threading.Event()

    def second() -> None:
        with lock.held(tmp_path / "lock", waited.set):
            pass

    with lock.held(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        assert waited.wait(LONG)
        assert thread.is_alive()
    thread.join(LONG)
    assert not thread.is_alive()


def test_unknown_name() -> None:
    with pytest.raises(SourceError, match="no source 'x'; the known ones are ml-100k, ml-1m"):
        registry.find("x")
