"""Fetch data: python3 scripts/fetch.py --list | NAME | NAME --from PATH | NAME --limit N"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("scripts.fetching", prepared=False))
