"""The evidence as a page to read: every claim, its verdict and its numbers, from stored tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from relrec_core.evaluation.claims import Claim
from relrec_core.evaluation.tables import StoredTable

HEAD = """# Evidence

Every claim of the papers, and some beyond them, beside what was measured here. This page is made
from the stored tables by `python3 scripts/evidence.py`; no number in it is typed in.
"""


def evidence_page(claims: Mapping[str, Sequence[Claim]]) -> str:
    """Markdown of all claims, from shipped tables only.

    Args:
        claims: by the title of their wing.

    Raises:
        DataError: a stored table is damaged.
    """
    parts = [HEAD]
    for wing, of in claims.items():
        parts.append(f"## {wing}\n")
        parts += [_section(claim) for claim in of]
    return "\n".join(parts)


def _section(claim: Claim) -> str:
    tables = claim.tables(as_shipped=True)
    verdict = claim.verdict(tables)
    lines = [
        f"### {claim.title}\n",
        f"{claim.paper}, {claim.place}: {claim.text}\n",
        verdict.sentence if tables is None else f"**{verdict.head}.** {verdict.rest}",
        "",
    ]
    if tables is not None:
        lines.append(_markdown(claim.numbers([table.frame for table in tables])))
        lines += [
            f"- Measured on: {said}"
            for said in dict.fromkeys(", ".join(measured(table)) for table in tables)
        ]
        lines += [f"- `{command}`" for command in dict.fromkeys(s.command for s in claim.sources)]
        lines.append("")
    if claim.limits:
        lines.append(f"{claim.limits}\n")
    return "\n".join(lines)


def _markdown(frame: pd.DataFrame) -> str:
    rows = [[str(name) for name in frame.columns], ["---"] * len(frame.columns)]
    rows += [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value).replace("|", "\\|")


def measured(table: StoredTable) -> list[str]:
    """Data, seeds, cores and date of a table in a few words each, as far as they were noted."""
    said = table.conditions
    data, machine = said.get("data", ""), said.get("machine", {})
    seeds = said.get("seeds", [])
    parts = [
        str(data["title"] if isinstance(data, dict) else data),
        f"{len(seeds)} seed{'s' if len(seeds) != 1 else ''}" if seeds else "",
        f"{machine['cores']} cores" if "cores" in machine else "",
        str(said.get("date", ""))[:10],
    ]
    return [part for part in parts if part]
