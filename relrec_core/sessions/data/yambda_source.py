"""Bring Yambda: its four files from where Yandex publishes them, or from a folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from relrec_core import paths, permission
from relrec_core.errors import RelRecError, SourceError, StorageError, storing
from relrec_core.sessions.data import yambda
from relrec_core.sources import lock
from relrec_core.sources.about import FILE as RECORD
from relrec_core.sources.about import about
from relrec_core.sources.download import Progress, download
from relrec_core.sources.fetch import require_space

BASE = "https://huggingface.co/datasets/yandex/yambda/resolve/main"
PLACES = {
    yambda.LISTENS: ("flat/50m/listens.parquet", 2_000_000_000),
    yambda.LIKES: ("flat/50m/likes.parquet", 100_000_000),
    yambda.DISLIKES: ("flat/50m/dislikes.parquet", 50_000_000),
    yambda.EMBEDDINGS: ("embeddings.parquet", 25_000_000_000),
}
"""File -> where it is below `BASE`, and the most bytes that are taken of it."""
LOCK = "lock"


def installed() -> Path | None:
    """Its folder, or None if it is not there or not whole."""
    folder = paths.data_dir() / yambda.NAME
    try:
        sizes = about(folder).get("bytes")
        whole = isinstance(sizes, dict) and all(
            (folder / file).stat().st_size == size for file, size in sizes.items()
        )
    except (RelRecError, OSError):
        return None
    return folder if whole and sizes else None


def fetch(origin: Path | None = None, progress: Progress | None = None, base: str = BASE) -> Path:
    """Install its files and return their folder; at once if it is there already.

    Args:
        origin: a folder that holds them, as published or all in one place; without
            `embeddings.parquet` the sound will be absent. It is installed anew from there.
        progress: called as `download` does.
        base: address of the published data set.

    Raises:
        SourceError: a file could not be had, or is not as published.
        StorageError: it cannot be written.
        ReadOnlyError: in read-only mode.
    """
    if origin is None and (folder := installed()) is not None:
        return folder
    permission.require_writable(f"install {yambda.TITLE}")
    work = paths.data_dir() / ".downloads" / yambda.NAME
    with storing(work):
        work.mkdir(parents=True, exist_ok=True)
        with lock.held(work / LOCK), tempfile.TemporaryDirectory(dir=work) as temporary:
            if origin is None and (folder := installed()) is not None:
                return folder
            found = _downloaded(work, base, progress) if origin is None else _given(origin)
            return _install(found, origin, base, Path(temporary))


def _downloaded(work: Path, base: str, progress: Progress | None) -> dict[str, Path]:
    """Each file whole in the folder `work`; what came before is kept."""
    found = {file: work / file for file in PLACES}
    for file, (place, limit) in PLACES.items():
        if found[file].is_file():
            continue
        try:
            require_space(f"{yambda.TITLE}, {file}", min(limit, MINIMUM_SPACE))
            download(f"{base}/{place}", found[file], limit=limit, progress=progress)
            yambda.check(found[file])
        except StorageError:
            raise
        except RelRecError as error:
            found[file].unlink(missing_ok=True)
            raise SourceError(
                f"{yambda.TITLE} could not be obtained: {base}/{place}: {str(error).rstrip('.')}. "
                f"By hand: download {', '.join(path for path, _ in PLACES.values())} from "
                f"{yambda.LICENCE_LINK}/tree/main into one folder, then run: "
                f"python3 scripts/fetch.py {yambda.NAME} --from FOLDER"
            ) from error
    return found


MINIMUM_SPACE = 2_000_000_000
"""Free bytes without which no download begins."""


def _given(origin: Path) -> dict[str, Path]:
    if not origin.is_dir():
        raise SourceError(f"{origin.name} is no folder; name the one that holds Yambda's files.")
    found = {file: yambda.located(origin, file) for file in yambda.FILES}
    lacking = [f for f, path in found.items() if path is None and f != yambda.EMBEDDINGS]
    if lacking:
        raise SourceError(f"{origin.name} does not hold {', '.join(lacking)} of {yambda.TITLE}.")
    there = {file: path for file, path in found.items() if path is not None}
    for path in there.values():
        yambda.check(path)
    return there


def _install(found: dict[str, Path], origin: Path | None, base: str, temporary: Path) -> Path:
    staging = temporary / "installed"
    staging.mkdir()
    for file, path in found.items():
        if origin is None:
            path.rename(staging / file)
        else:
            shutil.copyfile(path, staging / file)
    record = {
        "name": yambda.NAME,
        "title": yambda.TITLE,
        "licence": yambda.LICENCE,
        "licence_link": yambda.LICENCE_LINK,
        "place": base if origin is None else str(origin),
        "installed": datetime.now(UTC).isoformat(timespec="seconds"),
        "bytes": {file: (staging / file).stat().st_size for file in found},
    }
    (staging / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    folder = paths.data_dir() / yambda.NAME
    paths.swap(staging, folder, temporary / "replaced")
    return folder
