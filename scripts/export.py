"""Export a story: python3 scripts/export.py STORY --pptx FILE"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("scripts.exporting"))
