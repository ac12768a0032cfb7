"""Download one file: resumed where it stopped, checked, and moved into place as a whole."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from relrec_core import VERSION
from relrec_core.errors import SourceError

Progress = Callable[[str, int, int | None], None]
"""Called with what is being fetched, the bytes there, and the bytes there will be if known."""

TIMEOUT_SECONDS = 15.0
ATTEMPTS = 3
CHUNK = 1 << 16


class _EndedEarlyError(SourceError):
    """The connection ended before the file did; what came is kept."""


def download(
    url: str,
    target: Path,
    *,
    limit: int,
    sha256: str | None = None,
    md5: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Bring `url` to `target`; `SourceError` if it has more than `limit` bytes.

    A transfer that ends early leaves `target` with the suffix `.part`, and the next one goes on
    from there if the server still has the same file.
    """
    part = target.with_name(target.name + ".part")
    tag = target.with_name(target.name + ".tag")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _transfer(url, part, tag, limit, progress)
            break
        except _EndedEarlyError:
            if attempt == ATTEMPTS:
                raise
    tag.unlink(missing_ok=True)
    try:
        check(part, sha256)
        check(part, md5, "md5")
    except SourceError:
        part.unlink()
        raise
    part.replace(target)


def check(path: Path, expected: str | None, kind: Literal["sha256", "md5"] = "sha256") -> None:
    """Raise `SourceError` unless the file has this checksum; None asks for nothing.

    MD5 is for what its publisher gives no other checksum of: it finds damage, not malice.
    """
    if expected is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(
            file, lambda: hashlib.new(kind, usedforsecurity=False)
        ).hexdigest()
    if found != expected:
        name = {"sha256": "SHA-256", "md5": "MD5"}[kind]
        raise SourceError(
            f"wrong checksum: the file has {name} {found} instead of {expected}, "
            "so it is damaged or was changed"
        )


def _transfer(url: str, part: Path, tag: Path, limit: int, progress: Progress | None) -> None:
    have = part.stat().st_size if part.exists() and tag.exists() else 0
    with _opened(url, have, tag, part) as response:
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            start = response.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
            if start != str(have):
                part.unlink()
                raise _EndedEarlyError("the server went on at another place than asked")
        else:
            have = 0
        length = response.headers.get("Content-Length")
        total = (
            have + int(length)
            if length is not None and length.isdigit() and len(length) < 16
            else None
        )
        _remember(tag, response.headers)
        with part.open("ab" if have else "wb") as file:
            while chunk := _read(response, have, total):
                have += len(chunk)
                if have > limit:
                    break
                file.write(chunk)
                if progress is not None:
                    progress(url, have, total)
    if have > limit:
        part.unlink()
        raise SourceError(f"the server gave more than the {limit / 1e6:,.0f} MB of this source")
    if total is not None and have != total:
        raise _EndedEarlyError(_ended(have, total))


def _opened(url: str, have: int, tag: Path, part: Path) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": f"relrec/{VERSION}"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag.read_text(encoding="ascii"))
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise _EndedEarlyError("the server has no more of the file than is here") from error
        raise SourceError(f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise SourceError(f"the server cannot be reached ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"the server cannot be reached ({error!r})") from error
    assert isinstance(response, http.client.HTTPResponse)
    return response


def _read(response: http.client.HTTPResponse, have: int, total: int | None) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _EndedEarlyError(_ended(have, total)) from error


def _ended(have: int, total: int | None) -> str:
    return f"the connection ended after {have:,} of {total or 'unknown':,} bytes"


def _remember(tag: Path, headers: http.client.HTTPMessage) -> None:
    """Keep what identifies this version of the file, so that only the same one is resumed."""
    strong = headers.get("ETag", "")
    identity = strong if strong.startswith('"') else headers.get("Last-Modified", "")
    if identity.isascii() and identity:
        tag.write_text(identity, encoding="ascii")
    else:
        tag.unlink(missing_ok=True)
