"""Measure how fast the wings are: benchmark.py [NAME ...] [--json FILE] [--store].

    python3 scripts/benchmark.py
    python3 scripts/benchmark.py movies --json speed.json
    python3 scripts/benchmark.py growth --store

Times are medians; ratios compare times of the same run. What is stored ships, and
`python3 scripts/evidence.py` prints it into relrec_core/README.md.
Exit code 0: every target is met; 1: one is missed, or a sentence says what is wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from relrec_core import VERSION, commands, logs, paths
from relrec_core.errors import RelRecError
from relrec_core.evaluation.tables import machine
from relrec_core.measurement import BenchmarkRow
from relrec_core.wings import WINGS
from scripts import benchmark_page


def dashboard(quick: bool) -> Sequence[BenchmarkRow]:
    """The pages in a real browser."""
    from scripts import browse

    return browse.rows(quick)


def relevance(quick: bool) -> Sequence[BenchmarkRow]:
    """Relevance propagation through VGG-16, beside its gradient and captum."""
    from relrec_core.lrp import benchmark
    from relrec_core.products.model.trunks import trunk

    return benchmark.rows(partial(trunk, "vgg16"), 1 if quick else benchmark.ROUNDS)


def experts(quick: bool) -> Sequence[BenchmarkRow]:
    """The Transformer of experts beside a plain one."""
    from relrec_core.experts import benchmark

    return benchmark.rows(quick)


def explaining(quick: bool) -> Sequence[BenchmarkRow]:
    """Everything explained at once: growth with the users, memory, and Ray beside processes."""
    from scripts import growth

    return growth.explaining(quick)


def growth(quick: bool) -> Sequence[BenchmarkRow]:
    """How reading, preparing and indexing grow with the data; this takes a quarter of an hour."""
    from scripts import growth

    return growth.data(quick)


def training(quick: bool) -> Sequence[BenchmarkRow]:
    """Training on generated ratings in the shape of ml-latest-small, beside the dense loss."""
    from scripts import training

    return training.small(quick)


def training_large(quick: bool) -> Sequence[BenchmarkRow]:
    """The same in the shape of ml-32m, and what the page takes then; this takes up to an hour."""
    from scripts import training

    return training.large(quick)


def sharing(quick: bool) -> Sequence[BenchmarkRow]:
    """What each process takes where several train on the same ratings."""
    from scripts import sharing

    return sharing.rows(quick)


def load(quick: bool) -> Sequence[BenchmarkRow]:
    """Many visitors at once, at one server; this takes a quarter of an hour."""
    from scripts import load

    return load.rows(quick)


def load_shared(quick: bool) -> Sequence[BenchmarkRow]:
    """The same visitors, shared among two servers."""
    from scripts import load

    return load.rows(quick, servers=2)


BENCHMARKS: dict[str, Callable[[bool], Sequence[BenchmarkRow]]] = {
    **{name: wing.benchmark for name, wing in WINGS.items()},
    "dashboard": dashboard,
    "relevance": relevance,
    "experts": experts,
    "load": load,
    "load-shared": load_shared,
    "explaining": explaining,
    "growth": growth,
    "training": training,
    "training-large": training_large,
    "sharing": sharing,
}
"""Name -> its rows."""


def main(arguments: list[str]) -> int:
    """Measure what `arguments` name, everything by default; returns the exit code."""
    parser = commands.parser("benchmark.py", __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    parser.add_argument(
        "--quick", action="store_true", help="only see whether it works; the numbers mean nothing"
    )
    parser.add_argument("--store", action="store_true", help="keep the rows with the project")
    options = parser.parse_args(arguments)
    if options.store and options.quick:
        parser.error("the numbers of --quick mean nothing, so they are not stored")
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark '{unknown[0]}', only {', '.join(BENCHMARKS)}")
    about = machine()
    try:
        logs.begin()
        found = {name: BENCHMARKS[name](options.quick) for name in options.names or BENCHMARKS}
        if options.store:
            for name, rows in found.items():
                benchmark_page.store(name, rows, about)
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    _show(found, about)
    if options.json:
        content = {"code_version": VERSION, "machine": about, "benchmarks": found}
        paths.write_text(options.json, json.dumps(content, indent=2))
    missed = [row["name"] for rows in found.values() for row in rows if row["met"] is False]
    return 1 if missed else 0


def _show(found: dict[str, Sequence[BenchmarkRow]], about: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, rows in found.items():
        table = Table(title=name)
        for column in ("measured", "value", "unit", "target", "met"):
            right = column in ("value", "target")
            table.add_column(column, justify="right" if right else "left")
        for row in rows:
            target = "" if row["target"] is None else f"{row['target']:,g}"
            met = {None: "", True: "yes", False: "no"}[row["met"]]
            value = benchmark_page.number(row["value"])
            table.add_row(row["name"], value, row["unit"], target, met)
        console.print(table)
    threads = ", ".join(f"{name} {n}" for name, n in about["threads"].items())
    console.print(f"{about['cores']} cores; threads: {threads}; load before: {about['load']}")
    if about["load"] is not None and about["load"] > 1:
        console.print("Other programs were busy, so do not quote these times or ratios.")
