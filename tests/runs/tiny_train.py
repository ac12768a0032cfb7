"""The command `train` with the tiny trainer in its table."""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent)]

from relrec_core.runs.distributed import leave  # noqa: E402
from relrec_core.train import main  # noqa: E402

if __name__ == "__main__":
    leave(main(sys.argv[1:], {"tiny": "tiny"}))
