"""Where the traces of what went wrong are kept: one log file in the data directory."""

from __future__ import annotations

import io
import logging
import logging.handlers
import sys
from pathlib import Path

from relrec_core import paths, permission

LOGGER = "relrec"
BYTES, KEPT = 1_000_000, 3
"""Size at which a new file is begun, and how many full ones stay."""
_FORMAT = "%(asctime)s %(levelname)s %(name)s, process %(process)d: %(message)s"


def file() -> Path:
    """Where errors are logged."""
    return paths.home() / "logs" / "relrec.log"


def where() -> str:
    """Where a person finds the traces, in words."""
    return "the terminal of the dashboard" if permission.process_read_only() else str(file())


def begin(*further: str) -> None:
    """Keep what is logged under `relrec`, and under the names `further`, from now on.

    It goes to `file()`; in read-only mode, where nothing is written, to the standard error stream.
    """
    handler = logging.StreamHandler() if permission.process_read_only() else _File(file())
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.set_name(LOGGER)
    for name in (LOGGER, *further):
        logger = logging.getLogger(name)
        for before in [h for h in logger.handlers if h.get_name() == LOGGER]:
            logger.removeHandler(before)
            before.close()
        logger.addHandler(handler)


class _File(logging.handlers.RotatingFileHandler):
    """Makes its folder and itself when the first line is to be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8", delay=True)

    def _open(self) -> io.TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """Say in one line that the disk takes no trace, and show that of an error all the same.

        Of what was refused with a sentence, a warning, the line is enough.
        """
        error = sys.exception()
        if isinstance(error, OSError):
            print(
                f"No log: {self.baseFilename} cannot be written ({error.strerror}).",
                file=sys.stderr,
            )
            if record.levelno >= logging.ERROR:
                print(self.format(record), file=sys.stderr)
        else:
            super().handleError(record)
