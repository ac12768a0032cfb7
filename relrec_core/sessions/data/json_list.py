"""A JSON list in a file that someone handed in, value by value: only what is looked at is held."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from relrec_core.errors import DataError
from relrec_core.sessions.data.readers import Upload

MAXIMUM_BYTES = 50_000_000
MAXIMUM_ENTRY = 1 << 16
"""Characters; Spotify's own entries have about 700."""
_PART = 1 << 19
_BLANKS = re.compile(r"[ \t\r\n]*")


def values(file: Upload, expected: str) -> Iterator[object]:
    """The values of the JSON list in the file, one after the other; `expected` is of what.

    Raises:
        DataError: it is too large, empty, no JSON, no list, or one value is too long.
    """
    if len(file.content) > MAXIMUM_BYTES:
        size = f"{len(file.content) / 1e6:,.0f} MB"
        limit = f"at most {MAXIMUM_BYTES // 1_000_000} MB; Spotify's own files have about 12 MB"
        raise DataError(file.name, size, limit)
    if not file.content.strip():
        raise DataError(file.name, "an empty file", f"a list of {expected}")
    text = _Text(file.content)
    try:
        if text.sign() != "[":
            json.loads(file.content)
            raise DataError(file.name, "JSON of another kind", f"a list of {expected}")
        text.at += 1
        after = text.sign()
        while after != "]":
            yield text.value()
            after = text.sign()
            if after not in ("]", ","):
                raise json.JSONDecodeError("neither a comma nor an end", "", 0)
            text.at += after == ","
        text.at += 1
        if text.sign():
            raise json.JSONDecodeError("more after the list", "", 0)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        found = "text that is not JSON"
        if text.left:
            found += f", or an entry of more than {MAXIMUM_ENTRY:,} characters"
        raise DataError(file.name, found, f"a list of {expected}") from error


class _Text:
    """UTF-8 as text, of which only what is looked at next is held; `at` is the place in it."""

    def __init__(self, content: bytes) -> None:
        self.at = 0
        self._content, self._place, self._text = content, 0, ""
        self._reader = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder()

    @property
    def left(self) -> bool:
        """Whether there is more than was read so far."""
        return self._place < len(self._content)

    def sign(self) -> str:
        """The next character that is no blank; nothing at the end."""
        while True:
            self.at = _BLANKS.match(self._text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self._text) or not self.left:
                return self._text[self.at : self.at + 1]
            self._fill()

    def value(self) -> object:
        """The next JSON value, of at most `MAXIMUM_ENTRY` characters."""
        self.sign()
        while len(self._text) - self.at < MAXIMUM_ENTRY and self.left:
            self._fill()
        found, self.at = self._decoder.raw_decode(self._text, self.at)
        return found

    def _fill(self) -> None:
        part = self._content[self._place : self._place + _PART]
        self._place += len(part)
        self._text = self._text[self.at :] + self._reader.decode(part, final=not self.left)
        self.at = 0
