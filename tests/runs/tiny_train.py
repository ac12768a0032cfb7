"""scripts/train.py with the tiny trainer in its table."""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent)]

from scripts.train import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {"tiny": "tiny"}))
