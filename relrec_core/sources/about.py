"""What a folder of data says of itself in its source.json: name, title, licence and more."""

from __future__ import annotations

import json
from pathlib import Path

from relrec_core.errors import DataError

FILE = "source.json"


def about(folder: Path) -> dict[str, object]:
    """The content of the folder's source.json, empty where there is none.

    Raises:
        DataError: it is not an object in JSON, or holds half a character.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(path, "text that is not JSON", "name, title and licence") from error
    if not isinstance(content, dict):
        raise DataError(path, "a JSON list or value", "an object with name, title and licence")
    if any("\ud800" <= sign <= "\udfff" for sign in "".join(map(str, content.values()))):
        raise DataError(path, "half a character", "texts in Unicode")
    return content
