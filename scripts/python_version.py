"""Refuse a Python that is too old, in a sentence; any Python can read this file."""

import sys

OLDEST = (3, 11)


def complaint(version):
    # type: (tuple[int | str, ...]) -> str | None
    """The sentence for a Python of this version, or None if it is new enough."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return "RelRec needs Python {}.{} or newer, and this is Python {}.{}. {}".format(
        OLDEST[0],
        OLDEST[1],
        version[0],
        version[1],
        "Install a newer one and start this script with it, for example: python3.11 " + sys.argv[0],
    )


def require():
    # type: () -> None
    """Leave with the sentence if this Python is too old."""
    sentence = complaint(sys.version_info)
    if sentence:
        sys.exit(sentence)
