"""What each process takes where several train on the same ratings: one, then two of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from relrec_core.batch.local import THREADS
from relrec_core.errors import RelRecError
from relrec_core.measurement import BenchmarkRow, row
from scripts import environment
from scripts.growth import write_ratings

RATINGS = (3_000_000, 10_000_000)
PROCESSES = (1, 2)
SETTINGS = ("--epochs=1", "--evaluate-every=1", "--dim=16", "--device=cpu", "--threads=1")
RANK = """
import json, os, resource, sys
from relrec_core.train import main
if main(sys.argv[2:]):
    sys.exit(1)
used = resource.getrusage(resource.RUSAGE_SELF)
found = [used.ru_utime + used.ru_stime, used.ru_maxrss]
with open(os.path.join(sys.argv[1], os.environ["RANK"]), "w") as file:
    json.dump(found, file)
    file.flush()
    os._exit(0)
"""
"""Trains as one of several, and tells the seconds and the memory that it took."""


def rows(quick: bool) -> list[BenchmarkRow]:
    """Memory and processor time of every process, in one pass over so many ratings."""
    found = []
    for n in (size // (100 if quick else 1) for size in RATINGS):
        with tempfile.TemporaryDirectory() as made:
            write_ratings(Path(made), n)
            for processes in PROCESSES:
                for rank, (seconds, megabytes) in enumerate(_trained(Path(made), processes)):
                    which = f"process {rank + 1} of {processes}"
                    found += [
                        row(f"{n:,} ratings, {which}, memory", megabytes, "MB"),
                        row(f"{n:,} ratings, {which}, processor time", seconds, "s"),
                    ]
    return found


def _trained(data: Path, processes: int) -> list[tuple[float, float]]:
    """Seconds of processor time and megabytes of each process."""
    with tempfile.TemporaryDirectory() as home:
        told = Path(home) / "told"
        told.mkdir()
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--no-python"]
        command += [f"--nproc_per_node={processes}", sys.executable, "-c", RANK, str(told)]
        done = subprocess.run(
            [*command, "movies", f"--dataset={data}", *SETTINGS],
            cwd=environment.ROOT,
            env={**os.environ, **dict.fromkeys(THREADS, "1"), "RELREC_HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RelRecError(done.stderr.strip().split("\n")[-1])
        used = [json.loads((told / str(rank)).read_text("utf-8")) for rank in range(processes)]
    unit = 1024 if sys.platform != "darwin" else 1024**2
    return [(seconds, memory / unit) for seconds, memory in used]
