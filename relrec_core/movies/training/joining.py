"""Join trained RecoNets into one whose every score is the mean of theirs.

python -m relrec_core.movies.training.joining RUN RUN ... [--activate]

RUN names a finished run of the data directory, or is its folder. Networks that started differently,
one from random weights and one from the factors of the ratings, err differently, and their mean is
better than each. The joined network is a RecoNet again: its embeddings are those of all, one after
the other, and so are its output weights, each divided by how many networks there are.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from relrec_core import commands, logs, permission
from relrec_core.errors import CheckpointError, RelRecError, RunError
from relrec_core.movies.config import Config
from relrec_core.movies.data.datasets import data_card, open_data
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.split import split
from relrec_core.movies.model.weights import Weights
from relrec_core.movies.store import WING
from relrec_core.movies.training.train import tested
from relrec_core.runs import config, directory, training
from relrec_core.runs.active import make_active
from relrec_core.runs.directory import Run


def join(members: Sequence[Run]) -> Run:
    """A new run, done, of the joined network; it is measured on the members' test films.

    Raises:
        RunError: fewer than two members.
        CheckpointError: one has no RecoNet, or they differ in data, attributes or split.
        ConfigError: together they have more dimensions than a RecoNet may.
        SourceError: the data set is not there.
        ReadOnlyError: in read-only mode.
    """
    import torch

    permission.require_writable("join models")
    if len({run.path for run in members}) < 2:
        raise RunError("Joining takes two different runs, or more.")
    started = time.monotonic()
    weights = Weights.joined([Weights.from_arrays(*run.read_arrays()) for run in members])
    settings = [run.settings(Config) for run in members]
    first = settings[0]
    if len({one.split_seed for one in settings}) > 1:
        raise CheckpointError(
            "These models keep different movies for the test. Train them with one split seed."
        )
    data = open_data(first.dataset)
    space = feature_space(data, first.attributes)
    weights.check_belongs_to(data, space)
    parts = split(data, first.split_seed)
    wide = {"dim": weights.embeddings.shape[1], "start": "auto"}
    run = Run.create(WING, config.load(Config, None, first.model_dump() | wide), "joined")
    with run.executing():
        tensors = {name: torch.from_numpy(a) for name, a in weights.arrays().items()}
        run.write_checkpoint(tensors, weights.metadata())
        run.write_card(
            training.card(
                first,
                started,
                "RecoNet, joined",
                data_card(data),
                split=members[0].card().split,
                epochs=max(one.card().epochs for one in members),
                parameters=int(sum(a.size for a in weights.arrays().values())),
                metrics=tested(weights, space, parts, first.split_seed),
                details={"joined": [one.name for one in members]},
            )
        )
        run.report(1.0, f"Joined {len(members)} models")
    return run


def main(arguments: list[str]) -> int:
    """Join what `arguments` name; returns the exit code."""
    parser = commands.parser("joining", __doc__)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="name or folder of a finished run")
    parser.add_argument("--activate", action="store_true", help="show it on the movies page")
    given = parser.parse_args(arguments)
    try:
        logs.begin()
        run = join([directory.named(WING, one) for one in given.runs])
        if given.activate:
            make_active(run)
    except RelRecError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"Joined: {run.path}")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
