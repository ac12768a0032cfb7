"""The command `evaluate` with a tiny wing: its cells take a while, and need nothing."""

import sys
import time
from functools import partial
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent)]

import pandas as pd  # noqa: E402

from relrec_core import wings  # noqa: E402
from relrec_core.evaluate import main  # noqa: E402
from relrec_core.evaluation import study  # noqa: E402
from relrec_core.evaluation.measure import Table  # noqa: E402
from relrec_core.runs.card import DataCard  # noqa: E402


class Study(study.Study[None]):
    wing, usual, data_card = "tiny", "points", DataCard(content_hash="none")


def broken(asked):
    raise ZeroDivisionError("a bug")


def slept(cells, asked):
    asked.begin(600)
    for number in range(cells):
        time.sleep(0.1)
        asked.step(f"cell {number}")
    return Table(pd.DataFrame({"x": [1.0]}), conditions={})


TABLES = {"fast": partial(slept, 3), "slow": partial(slept, 600), "broken": broken}


class Tiny(wings.Wing):
    def part(self, name):
        return sys.modules["__main__"]


if __name__ == "__main__":
    wings.WINGS["tiny"] = Tiny("Tiny", "tiny", ())
    sys.exit(main(sys.argv[1:]))
