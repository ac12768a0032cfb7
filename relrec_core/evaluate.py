"""Measure tables of a wing and store them: python -m relrec_core.evaluate WING TABLE ...

    python3 scripts/evaluate.py all
    python3 scripts/evaluate.py all --quick
    python3 scripts/evaluate.py movies recall
    python3 scripts/evaluate.py movies recall --dataset ml-1m --seeds 0
    python3 scripts/evaluate.py movies lime --quick
    python3 scripts/evaluate.py sessions known-truth --seeds 0

`all` measures every table of the evidence page, two at once where there are the cores, and leaves
out what the same code has stored. What was computed before by the same code on the same data is
not computed again, so a stopped evaluation goes on where it was. Exit code 0: done; 1: failed,
with a sentence; 130: cancelled.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from relrec_core import commands, evaluate_all, logs
from relrec_core.errors import ConfigError, RelRecError
from relrec_core.evaluation.measure import evaluate
from relrec_core.evaluation.tables import StoredTable
from relrec_core.runs import evaluation, execution
from relrec_core.runs.directory import Run
from relrec_core.wings import WINGS


def main(arguments: list[str]) -> int:
    """Evaluate as `arguments` say; returns the exit code."""
    try:
        options = _parser().parse_args(arguments)
        logs.begin()
        if options.wing == "all":
            return evaluate_all.run(quick=options.quick)
        if options.run is not None:
            _execute(Run.open(options.run))
            return 0
        if not options.table:
            raise ConfigError(f"Name a table: evaluate.py {options.wing} TABLE.")
        for table in options.table:
            _evaluate(table, options)
        return 0
    except (execution.Cancelled, KeyboardInterrupt):
        print("The evaluation was stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = commands.parser("evaluate.py", __doc__)
    parser.add_argument("wing", choices=[*WINGS, "all"], help="whose model to measure")
    parser.add_argument("table", nargs="*", help="which tables; an unknown one lists them all")
    parser.add_argument("--dataset", help="name or folder (default ml-100k, studio or simulated)")
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], help="of splits and models (0 1 2)"
    )
    parser.add_argument("--run", type=Path, metavar="DIR", help="execute a run already prepared")
    parser.add_argument(
        "--quick", action="store_true", help="only see whether it works; the numbers mean nothing"
    )
    return parser


def _evaluate(table: str, options: argparse.Namespace) -> None:
    with commands.shown(table) as tell:
        study = (options.dataset, options.seeds, options.quick, tell)
        found = _measured(options.wing, table, study)
    with pd.option_context("display.width", 200, "display.max_columns", None):
        print(found.frame.to_string(index=False, float_format=lambda x: f"{x:.4g}"))
    shown = ("data", "split", "seeds", "machine", "seconds")
    print(json.dumps({k: found.conditions[k] for k in shown if k in found.conditions}, indent=2))
    print(f"Stored as {found.name}.")


def _measured(wing: str, table: str, study: tuple[Any, ...]) -> StoredTable:
    asked = WINGS[wing].part("study").Study(*study)
    with asked.alone(table):
        return evaluate(table, WINGS[wing].part("evaluate").TABLES, asked)


def _execute(run: Run) -> None:
    """Measure what was prepared, quickly and with one seed, and stop when asked to."""
    wanted = evaluation.wanted_by(run)
    with run.executing():
        for number, table in enumerate(wanted.tables):

            def tell(fraction: float, message: str, before: int = number) -> None:
                run.report((before + fraction) / len(wanted.tables), message)
                run.check_cancelled()

            _measured(wanted.wing, table, (wanted.dataset or None, (0,), True, tell))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
