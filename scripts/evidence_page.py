"""Write assets/evidence/README.md and the stored benchmarks in relrec_core/README.md anew."""

from __future__ import annotations

import argparse
import sys

from relrec_core import paths
from relrec_core.errors import RelRecError
from relrec_core.evaluation.readme import evidence_page
from relrec_core.wings import WINGS
from scripts import benchmark_page

PAGE = paths.ASSETS / "evidence" / "README.md"


def main(arguments: list[str]) -> int:
    """Write both pages; returns the exit code."""
    argparse.ArgumentParser(prog="evidence.py", description=__doc__).parse_args(arguments)
    try:
        paths.write_text(PAGE, text())
        core = benchmark_page.PAGE
        paths.write_text(core, benchmark_page.written(core.read_text(encoding="utf-8")))
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {PAGE}, {core}")
    return 0


def text() -> str:
    """The page as the shipped tables have it."""
    return evidence_page({wing.title: wing.claims() for wing in WINGS.values()})
