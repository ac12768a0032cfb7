"""Measure tables of a wing and store them: python3 scripts/evaluate.py WING TABLE ... [--help]"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("relrec_core.evaluate"))
