"""Whose session it is, as its name tells."""

from __future__ import annotations

import re

_OF = (
    re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d, (.+) \(\d+\)", re.DOTALL),
    re.compile(r"(Listener \d+), session \d+.*"),
)
"""Names of sessions of several people's histories, and of Yambda."""


def listener_of(session: str) -> str:
    """The listener whom the name of a session tells; "" where it tells of none."""
    found = (pattern.fullmatch(session) for pattern in _OF)
    return next((match[1] for match in found if match), "")
