"""Explain all recommendations of a model: python3 scripts/explain.py WING --out FOLDER [--help]"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("relrec_core.explain"))
