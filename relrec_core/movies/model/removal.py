"""What becomes of the other reasons when one leaves a profile."""

from __future__ import annotations

from typing import Literal

Removal = Literal["mean", "sum", "fold-in"]
"""Each counts for more in the mean, nothing changes, or the user's vector is solved for again."""
