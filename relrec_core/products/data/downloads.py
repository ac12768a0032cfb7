"""Download the pictures of a catalogue: again and again where it stopped, politely, counted.

Reads the columns item_id, image and url of `items.csv`. A link that is dead for good is noted in
`dead.csv` and not asked for again; one that failed for now is tried again by the next start.
"""

from __future__ import annotations

import csv
import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from relrec_core import VERSION, paths, permission
from relrec_core.errors import DataError, border, unreadable
from relrec_core.products.data import images
from relrec_core.products.data.catalogue import IMAGE, ITEM, ITEMS_FILE
from relrec_core.products.data.images import ImageError

URL = "url"
DEAD_FILE = "dead.csv"
THERE, FETCHED, DEAD, FAILED, SHARED = "there", "fetched", "dead", "failed", "shared"
SMALLEST_SIDE = 16
"""Pixels; shops answer a missing picture with a tiny placeholder."""
MANY = 10
"""Products that have the same picture, byte for byte: it says "no image", and is none of them."""
_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_AT_ONCE = 512

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Manners:
    """How to ask: requests a second and at once, tries, and limits in bytes and seconds."""

    per_second: float = 10.0
    workers: int = 8
    attempts: int = 3
    maximum_bytes: int = 5_000_000
    timeout: float = 20.0
    pause: float = 1.0
    """Seconds before the second try, doubled for each further one."""


@dataclass(frozen=True)
class Tally:
    """How many pictures were there before, fetched now, dead for good, and failed for now.

    `shared` of those that were there or fetched were placeholders, and are dead from now on.
    """

    there: int
    fetched: int
    dead: int
    failed: int
    shared: int = 0


class _Dead(Exception):
    """The link gives no usable picture, and never will."""


class _Later(Exception):
    """The link gave nothing now."""


class _Pace:
    """Lets callers through at most so often, one after the other."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1.0 / per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._interval
        time.sleep(max(0.0, start - now))


def fetch_all(
    folder: Path, manners: Manners | None = None, progress: Callable[[Tally], None] | None = None
) -> Tally:
    """Download what is missing in the catalogue `folder`; memory does not grow with it.

    Raises:
        DataError: `items.csv` is missing or has no url column.
    """
    permission.require_writable("download pictures")
    with border(unreadable(folder / ITEMS_FILE, "a table of pictures to fetch")):
        return _fetched(folder, manners or Manners(), progress)


def _fetched(folder: Path, manners: Manners, progress: Callable[[Tally], None] | None) -> Tally:
    pace = _Pace(manners.per_second)
    dead = _known_dead(folder)
    counts: Counter[str] = Counter()
    rows = _rows(folder)

    def one(row: Row) -> tuple[str, str]:
        return _fetch(folder, row, dead, manners, pace)

    with (
        ThreadPoolExecutor(manners.workers) as workers,
        (folder / DEAD_FILE).open("a", encoding="utf-8", newline="") as noted,
    ):
        writer = csv.writer(noted, lineterminator="\n")
        if noted.tell() == 0:
            writer.writerow((ITEM, URL, "reason"))
        while some := list(islice(rows, _AT_ONCE)):
            for row, (outcome, why) in zip(some, workers.map(one, some), strict=True):
                counts[outcome] += 1
                if outcome == DEAD and why:
                    writer.writerow((row[0], row[2], why))
            noted.flush()
            if progress is not None:
                progress(_tally(counts))
        for (item, image, url), times in _shared(folder):
            (folder / image).unlink(missing_ok=True)
            writer.writerow((item, url, f"a placeholder that {times:,} products share"))
            counts[SHARED] += 1
    return _tally(counts)


def _tally(counts: Counter[str]) -> Tally:
    return Tally(*(counts[outcome] for outcome in (THERE, FETCHED, DEAD, FAILED, SHARED)))


def _shared(folder: Path) -> Iterator[tuple[Row, int]]:
    """Rows whose picture is that of many products, and of how many."""
    sizes = Counter(size for _, size in _there(folder))
    known = {size for size, times in sizes.items() if times >= MANY}
    contents = Counter(_content(folder, row) for row, size in _there(folder) if size in known)
    many = {content: times for content, times in contents.items() if times >= MANY}
    known = {size for size, _ in many}
    for row, size in _there(folder):
        if size in known and (times := many.get(_content(folder, row), 0)):
            yield row, times


def _there(folder: Path) -> Iterator[tuple[Row, int]]:
    """Rows whose picture is there, and its bytes."""
    for row in _rows(folder):
        if (folder / row[1]).is_file():
            yield row, (folder / row[1]).stat().st_size


def _content(folder: Path, row: Row) -> tuple[int, bytes]:
    raw = (folder / row[1]).read_bytes()
    return len(raw), hashlib.sha256(raw).digest()


def _known_dead(folder: Path) -> frozenset[str]:
    path = folder / DEAD_FILE
    if not path.exists():
        return frozenset()
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row[0] for row in csv.reader(file) if row)


def _rows(folder: Path) -> Iterator[Row]:
    path = folder / ITEMS_FILE
    if not path.is_file():
        raise DataError(path, "no such file", f"a table with {ITEM}, {IMAGE} and {URL}")
    root = folder.resolve()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = {ITEM, IMAGE, URL} - set(reader.fieldnames or ())
        if missing:
            raise DataError(path, "other columns", f"also {', '.join(sorted(missing))}", row=1)
        for row in reader:
            if not (root / row[IMAGE]).resolve().is_relative_to(root):
                expected = "a path inside the catalogue folder"
                raise DataError(path, f"'{row[IMAGE]}'", expected, row=reader.line_num)
            yield row[ITEM], row[IMAGE], row[URL]


def _fetch(
    folder: Path, row: Row, dead: frozenset[str], manners: Manners, pace: _Pace
) -> tuple[str, str]:
    """Outcome for one row, and for a newly dead link why."""
    item, image, url = row
    if (folder / image).is_file():
        return THERE, ""
    if item in dead:
        return DEAD, ""
    for attempt in range(manners.attempts):
        if attempt:
            time.sleep(manners.pause * 2 ** (attempt - 1))
        pace.wait()
        try:
            raw = _get(url, manners)
            picture = images.decode(raw, name=item)
            if min(picture.size) < SMALLEST_SIDE:
                return DEAD, f"a placeholder of {picture.width} x {picture.height} pixels"
        except _Later:
            continue
        except (_Dead, ImageError) as error:
            return DEAD, str(error)
        with paths.replacing(folder / image) as temporary:
            temporary.write_bytes(raw)
        return FETCHED, ""
    return FAILED, ""


def _get(url: str, manners: Manners) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise _Dead("not a web address")
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"relrec/{VERSION}"})
        with urllib.request.urlopen(request, timeout=manners.timeout) as response:
            raw = bytes(response.read(manners.maximum_bytes + 1))
            length = response.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        if error.code in _AGAIN:
            raise _Later from error
        raise _Dead(f"{error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Later from error
    except ValueError as error:
        raise _Dead("not a web address") from error
    if len(raw) > manners.maximum_bytes:
        raise _Dead(f"more than {manners.maximum_bytes / 1e6:.1f} MB")
    if length is not None and length.isdigit() and int(length) != len(raw):
        raise _Later
    return raw
