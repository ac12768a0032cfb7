"""What commands have in common: how their options are read, and how they show how far they are."""

from __future__ import annotations

import argparse
import contextlib

from relrec_core import progress

PLAIN_EVERY = 5.0
"""Seconds between two progress lines when the output is no terminal."""


def parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """Of a command whose help is its module's text as it stands there."""
    shape = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(prog=prog, description=description, formatter_class=shape)


def shown(title: str) -> contextlib.AbstractContextManager[progress.Tell]:
    """A bar on a terminal, elsewhere a line now and then."""
    return progress.shown(title, PLAIN_EVERY)
