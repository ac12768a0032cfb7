"""The claims of all wings, and where the evidence page finds them."""

from __future__ import annotations

from relrec_core import wings

WINGS = {wing.title: wing.claims() for wing in wings.WINGS.values()}
CLAIMS = {claim.key: claim for of in WINGS.values() for claim in of}
