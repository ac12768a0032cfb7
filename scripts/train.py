"""Train a wing's model: python3 scripts/train.py WING [--help]"""

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from scripts.entry import start

    code = start("relrec_core.train")
    from relrec_core.runs.distributed import leave

    leave(code)
