"""The claims of all wings, and where the evidence page finds them."""

from __future__ import annotations

from relrec_core.movies.claims import CLAIMS as MOVIES
from relrec_core.movies.experts.claims import CLAIMS as EXPERTS
from relrec_core.movies.own_claims import CLAIMS as MOVIES_OWN
from relrec_core.products.claims import CLAIMS as PRODUCTS
from relrec_core.runs.claims import Claim
from relrec_core.sessions.claims import CLAIMS as SESSIONS

WINGS: dict[str, tuple[Claim, ...]] = {
    "Products": PRODUCTS,
    "Movies": (*MOVIES, *MOVIES_OWN, *EXPERTS),
    "Sessions": SESSIONS,
}
CLAIMS = {claim.key: claim for of in WINGS.values() for claim in of}
