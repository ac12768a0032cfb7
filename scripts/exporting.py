"""Export a story that was saved on the story page; no browser is needed.

python3 scripts/export.py story.json --pptx story.pptx
python3 scripts/export.py story.json --pdf story.pdf --html story.html --address https://relrec.example
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.story.deck import deck_file
from dashboard.story.pdf import pdf
from dashboard.story.powerpoint import powerpoint
from dashboard.story.story import Story, StoryError
from dashboard.story.storyfile import read
from relrec_core import logs, paths
from relrec_core.errors import RelRecError, border, storing, unreadable

KINDS: dict[str, tuple[str, Callable[[Story, str], str | bytes]]] = {
    "pptx": ("PowerPoint", powerpoint),
    "pdf": ("PDF, one page a slide", pdf),
    "html": ("slides in one file that needs no network", deck_file),
}


def main(arguments: list[str]) -> int:
    """Export as the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="export.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("story", type=Path, metavar="STORY", help="saved on the story page")
    for kind, (what, _) in KINDS.items():
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=what)
    parser.add_argument(
        "--address", default="", help="of the dashboard, for links to the live views"
    )
    options = parser.parse_args(arguments)
    wanted = {kind: path for kind in KINDS if (path := getattr(options, kind)) is not None}
    if not wanted:
        parser.error("say what to export: --pptx FILE, --pdf FILE, --html FILE")
    if options.address and urlsplit(options.address).scheme not in ("http", "https"):
        parser.error("--address begins with http:// or https://")
    try:
        logs.begin()
        with border(unreadable(options.story, "a file that can be read")):
            content = options.story.read_bytes()
        story = read(content, options.story.name)
        if not story.items:
            raise StoryError(f"{options.story.name} has no explanations to export.")
        for kind, path in wanted.items():
            made = KINDS[kind][1](story, options.address)
            with storing(path), paths.replacing(path) as temporary:
                temporary.write_bytes(made.encode() if isinstance(made, str) else made)
            print(f"{len(story.items)} slides: {path}")
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
