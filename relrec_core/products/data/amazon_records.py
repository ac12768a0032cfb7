"""Records of Amazon's product data as the files of 2014, 2018 and 2023 hold them.

2014 (McAuley et al. 2015): one Python literal a line, `related`, `imUrl`, `categories` as paths.
2018 (Ni et al. 2019): JSON, `also_buy`, `also_view`, `imageURLHighRes`, `category` as one path.
2023 (Hou et al. 2024): JSON, `parent_asin`, `images` with `hi_res` and `large`, `categories` as one
path, and a `bought_together` that is null. Nothing that a file holds is executed.
"""

from __future__ import annotations

import ast
import gzip
import html
import json
import re
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from relrec_core.errors import DataError

MAXIMUM_LINE = 4_000_000
"""Bytes; a longer line holds no record."""
RELATIONS = {
    "also_buy": "also_bought",
    "also_view": "also_viewed",
    "also_bought": "also_bought",
    "also_viewed": "also_viewed",
    "bought_together": "bought_together",
    "buy_after_viewing": "buy_after_viewing",
}
"""A field with related products -> name of the relation."""
_NEW_IN_2018 = {"also_buy", "also_view", "imageURL", "imageURLHighRes", "category", "main_cat"}
_ASIN = re.compile(r"[A-Za-z0-9]{1,20}")
_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class AmazonProduct:
    """A product; `url` is empty where it has no picture, `categories` are paths from the top."""

    asin: str
    title: str
    categories: list[list[str]]
    url: str
    pairs: list[tuple[str, str, str]]
    edition: int


def read(path: Path) -> Iterator[dict[str, object] | None]:
    """The record of each line that is not blank, None where it holds none; packed or plain.

    Raises:
        DataError: the file is missing or damaged.
    """
    if not path.is_file():
        raise DataError(path, "no such file", "a file of Amazon's product data")
    number = 0
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP or path.suffix.lower() == ".gz"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as lines:
            while line := lines.readline(MAXIMUM_LINE):
                number += 1
                whole = line.endswith(b"\n") or len(line) < MAXIMUM_LINE
                record = _record(line) if whole else None
                while not whole:
                    rest = lines.readline(MAXIMUM_LINE)
                    whole = rest.endswith(b"\n") or not rest
                if line.strip():
                    yield record if isinstance(record, dict) else None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        found = f"damaged or cut off gzip data ({error})"
        raise DataError(path, found, "a whole .json.gz file", row=number + 1) from error


def product(record: dict[str, object]) -> AmazonProduct | None:
    """What a line of metadata says; None if its id is none."""
    edition = 2014
    if "parent_asin" in record:
        edition = 2023
    elif _NEW_IN_2018 & record.keys():
        edition = 2018
    asin = record.get("parent_asin" if edition == 2023 else "asin")
    if not isinstance(asin, str) or not _ASIN.fullmatch(asin):
        return None
    return AmazonProduct(
        asin, _words(record.get("title")), _categories(record), _url(record),
        list(_pairs(asin, record)), edition,
    )  # fmt: skip


def review(record: dict[str, object], edition: int) -> tuple[str, int, str] | None:
    """User, time and product of a review, by the ids of that edition's metadata; None if broken."""
    user = record.get("reviewerID") or record.get("user_id")
    asin = (edition == 2023 and record.get("parent_asin")) or record.get("asin")
    time = record.get("unixReviewTime", record.get("timestamp"))
    if not isinstance(user, str) or not isinstance(asin, str) or not _ASIN.fullmatch(asin):
        return None
    return user, time if isinstance(time, int) and abs(time) < 2**63 else 0, asin


def _record(line: bytes) -> object:
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    if "\\ud" in text.lower():  # it may be half a character, which nothing can store
        text = _HALF.sub(r"\\ufffd", text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    with warnings.catch_warnings(action="ignore"):  # of escapes that Python keeps as they are
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def _words(value: object) -> str:
    """Text without entities, tags and line ends; the pages of a shop are full of them."""
    return " ".join(_TAG.sub(" ", html.unescape(value)).split()) if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _categories(record: dict[str, object]) -> list[list[str]]:
    listed = _list(record.get("categories")) or _list(record.get("category"))
    paths = listed if any(isinstance(path, list) for path in listed) else [listed]
    named = [[word for word in map(_words, _list(path)) if word] for path in paths]
    broad = _words(record.get("main_cat") or record.get("main_category"))
    return [path for path in named if path] or [[broad]] * bool(broad)


def _url(record: dict[str, object]) -> str:
    """Address of the largest version of the first picture."""
    pictures = [picture for picture in _list(record.get("images")) if isinstance(picture, dict)]
    pictures.sort(key=lambda picture: picture.get("variant") != "MAIN")
    sizes = [picture.get(size) for picture in pictures for size in ("hi_res", "large")]
    named = [_list(record.get(name)) for name in ("imageURLHighRes", "imageURL", "imUrl")]
    found = (url.strip() for url in chain(*named, sizes) if isinstance(url, str))
    return next(filter(None, found), "")


def _pairs(asin: str, record: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    related = record.get("related")
    for place in (record, related if isinstance(related, dict) else {}):
        for field, relation in RELATIONS.items():
            for other in _list(place.get(field)):
                if isinstance(other, str) and _ASIN.fullmatch(other) and other != asin:
                    yield min(asin, other), max(asin, other), relation
