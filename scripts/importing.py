"""Import a recommender of one's own: import.py FILE --dataset NAME --rule mean|als|item-item

    python3 scripts/import.py factors.npz --dataset shop --rule als --regularisation 0.05 --alpha 2
    python3 scripts/import.py ease.safetensors --dataset ml-100k --rule item-item --activate

The file holds item vectors or an item-item matrix with the ids of the items, as npz, safetensors or
Parquet; the data set is a folder with interactions.csv, or one that was fetched.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from relrec_core import logs
from relrec_core.errors import RelRecError, border, unreadable
from relrec_core.movies.imports.importing import bring
from relrec_core.movies.model.imported import ImportConfig
from relrec_core.runs import config
from relrec_core.runs.active import make_active


def main(arguments: list[str]) -> int:
    """Import as the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="import.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("path", type=Path, metavar="FILE", help="npz, safetensors or Parquet")
    parser.add_argument("--activate", action="store_true", help="show it on the movies page")
    config.add_arguments(parser, ImportConfig)
    options = parser.parse_args(arguments)
    path: Path = options.path
    try:
        logs.begin()
        settings = config.load(ImportConfig, None, config.given(options, ImportConfig))
        with border(unreadable(path, "a file that can be read")):
            content = path.read_bytes()
        run = bring(settings, path.name, content)
        if options.activate:
            make_active(run)
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Imported: {run.path}")
    return 0
