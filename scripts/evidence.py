"""Write the page of all evidence anew from the tables that ship: python3 scripts/evidence.py"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("scripts.evidence_page"))
