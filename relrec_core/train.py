"""Train a wing's model: python -m relrec_core.train WING [--config FILE] [--field value ...].

    python3 scripts/train.py movies --help
    python3 scripts/train.py movies --epochs 20 --activate
    python3 scripts/train.py movies --resume 20260101-120000-train
    .venv/bin/python -m torch.distributed.run --nproc_per_node 2 scripts/train.py movies

Exit code 0: done; 1: failed, with a sentence; 130: cancelled.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from relrec_core import logs, permission, progress
from relrec_core.errors import ConfigError, RelRecError
from relrec_core.runs import config, distributed, execution, launch
from relrec_core.runs.active import make_active
from relrec_core.runs.config import TrainerConfig
from relrec_core.runs.directory import Run, find
from relrec_core.wings import MODELS

TRAINERS = {name: model.trainer for name, model in MODELS.items()}
"""Name -> module with `Config`, a TrainerConfig, and `train(config, run)`; imported when asked."""

Train = Callable[[TrainerConfig, Run], None]
PLAIN_EVERY = 2.0
"""Seconds between two progress lines when the output is no terminal."""


def main(arguments: list[str], trainers: Mapping[str, str] = TRAINERS) -> int:
    """Train as `arguments` say; returns the exit code."""
    if not arguments or arguments[0] not in trainers:
        parser = argparse.ArgumentParser(
            prog="train.py",
            description=__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("wing", choices=list(trainers), help="whose model to train")
        parser.parse_args(arguments)
    wing = arguments[0]
    try:
        logs.begin()
        config_class, train = locate(trainers[wing])
        options = _parser(wing, config_class).parse_args(arguments[1:])
        return _train(wing, config_class, train, options)
    except execution.Cancelled as error:
        print(error, file=sys.stderr)
        return 130
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Cancelled before the training began.", file=sys.stderr)
        return 130


def locate(module: str) -> tuple[type[TrainerConfig], Train]:
    """The `Config` and `train` of a wing's training module."""
    room = importlib.import_module(module)
    return room.Config, room.train


def _parser(wing: str, config_class: type[TrainerConfig]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"train.py {wing}",
        description=f"Train the model of {wing}.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as JSON")
    parser.add_argument("--slug", default="train", help="what to call the run (default train)")
    parser.add_argument("--resume", metavar="RUN", help="go on with a failed or cancelled run")
    parser.add_argument("--run", type=Path, metavar="DIR", help="execute a run already prepared")
    parser.add_argument("--activate", action="store_true", help="show its model when it is done")
    config.add_arguments(parser, config_class)
    return parser


def _train(
    wing: str, config_class: type[TrainerConfig], train: Train, options: argparse.Namespace
) -> int:
    given = config.given(options, config_class)
    prepared = options.resume is not None or options.run is not None
    if prepared and (given or options.config or (options.resume and options.run)):
        raise ConfigError("A run keeps its settings; give --resume or --run alone.")
    if wing in MODELS and options.config is None:
        given = MODELS[wing].suited(given)
    fresh = None if prepared else config.load(config_class, options.config, given)
    if fresh is None:
        run = find(wing, options.resume) if options.resume else Run.open(options.run)
        settings = run.settings(config_class)
    else:
        settings = fresh
    with distributed.session(settings.device, settings.threads) as group:
        path = ""
        if group.is_main:
            if fresh is not None:
                path = str(Run.create(wing, fresh, options.slug).path)
            else:
                path = str(run.path)
                _prepare(run, resumed=options.resume is not None)
        run = Run.open(Path(group.broadcast_text(path)))
        quiet = options.run is not None or not group.is_main
        with _progress(run, quiet) as listener, run.executing(listener):
            train(settings, run)
        if group.is_main and options.activate:
            make_active(run)
        if not quiet:
            print(f"Done: {run.path}")
    return 0


def _prepare(run: Run, *, resumed: bool) -> None:
    permission.require_writable("train")
    if resumed:
        launch.require_resumable(run)
        run.withdraw_cancel()


@contextlib.contextmanager
def _progress(run: Run, quiet: bool) -> Iterator[execution.Listener | None]:
    """log.txt has every report anyway."""
    if quiet:
        yield None
        return
    if not sys.stdout.isatty():
        print(f"Run: {run.path}", flush=True)
    with progress.shown(run.name, PLAIN_EVERY) as tell:
        yield tell


if __name__ == "__main__":
    distributed.leave(main(sys.argv[1:]))
