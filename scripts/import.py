"""Import a recommender of your own: python3 scripts/import.py FILE --dataset NAME --rule als"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    sys.exit(start("scripts.importing"))
