"""The command `evaluate` with a tiny wing: its cells take a while, and need nothing."""

import sys
import time
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent)]

import pandas as pd  # noqa: E402

from relrec_core import wings  # noqa: E402
from relrec_core.evaluate import main  # noqa: E402
from relrec_core.evaluation import study, tables  # noqa: E402


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


class Tiny(wings.Wing):
    def part(self, name):
        return sys.modules["__main__"]


if __name__ == "__main__":
    wings.WINGS["tiny"] = Tiny("Tiny", "tiny", ())
    sys.exit(main(sys.argv[1:]))
