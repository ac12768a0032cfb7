"""scripts/evaluate.py with a tiny wing in its table: its cells take a while, and need nothing."""

import sys
import time
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent)]

import pandas as pd  # noqa: E402

from relrec_core.evaluation import study, tables  # noqa: E402
from scripts import evaluate as command  # noqa: E402


class Study(study.Study[None]):
    wing, usual, content_hash = "tiny", "points", "none"


def evaluate(table, asked):
    """`slow` takes a minute, `broken` fails, any other is quick."""
    if table == "broken":
        raise ZeroDivisionError("a bug")
    asked.begin(600)
    for number in range(600 if table == "slow" else 3):
        time.sleep(0.1)
        asked.step(f"cell {number}")
    return tables.store("tiny", f"{table}-quick", pd.DataFrame({"x": [1.0]}), {})


if __name__ == "__main__":
    sys.modules["tiny_evaluate"] = sys.modules["__main__"]
    command.EVALUATIONS["tiny"] = ("tiny_evaluate", "tiny_evaluate")
    sys.exit(command.main(sys.argv[1:]))
