"""Fetch data: python3 scripts/fetch.py --list | NAME | NAME --from PATH | NAME --limit N

Whatever it needs is installed into .venv on the first start. Any Python can read this file, so
that one that is too old is told so in a sentence.
"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.python_version import require

    require()
    from scripts import fetching

    sys.exit(fetching.main(sys.argv[1:]))
