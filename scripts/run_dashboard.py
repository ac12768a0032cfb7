"""Start the RelRec dashboard: python3 scripts/run_dashboard.py [--help]"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("scripts.launch", prepared=False))
