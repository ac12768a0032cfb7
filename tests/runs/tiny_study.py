"""One process of an evaluation that needs the tiny model; says when it asks and what it got."""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent)]

from tiny import Config, train  # noqa: E402

from relrec_core.evaluation import study  # noqa: E402
from relrec_core.runs.card import DataCard  # noqa: E402


class Study(study.Study[None]):
    wing, usual, data_card = "tiny", "points", DataCard(content_hash="none")


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdout.write(Study().run(Config(epochs=80, pause=0.1), "code", train).name)
