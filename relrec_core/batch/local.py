"""Explain in processes of this machine, with bounded memory."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from threadpoolctl import threadpool_limits

from relrec_core.batch.dataset import Dataset
from relrec_core.batch.progress import Pace
from relrec_core.errors import RunError

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Processes share the cores, so each computes in one thread."""
AHEAD = 2
"""Parts that wait for each process, so that none is idle."""
_mine: dict[str, Dataset] = {}
"""The data set of a worker process."""


def run(dataset: Dataset, processes: int, pace: Pace) -> int:
    """Make all parts that are missing; returns how many rows they have.

    One process, or one part, is done in this very process.

    Raises:
        RunError: a process was killed; what was done stays.
    """
    missing = dataset.missing()
    if processes == 1 or len(missing) < 2:
        return sum(_counted(dataset, part, make(dataset, part), pace) for part in missing)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(processes, len(missing)), context, _begin, (dataset.folder,)
    ) as pool:
        try:
            return _through(pool, dataset, missing, processes, pace)
        except BrokenProcessPool as error:
            raise RunError(
                "A process was killed, perhaps for want of memory. The parts that were done stay: "
                "the same command goes on from there, with fewer --processes where memory is short."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _through(
    pool: ProcessPoolExecutor, dataset: Dataset, missing: list[int], processes: int, pace: Pace
) -> int:
    ahead = iter(missing)
    waiting: dict[Future[int], int] = {}
    rows = 0
    while True:
        while len(waiting) < AHEAD * processes and (part := next(ahead, None)) is not None:
            waiting[pool.submit(_part, part)] = part
        if not waiting:
            return rows
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            rows += _counted(dataset, waiting.pop(future), future.result(), pace)


def _begin(folder: Path) -> None:
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read by libraries that are loaded from here on
    _mine[""] = Dataset.open(folder)
    _mine[""].about.job.explained  # noqa: B018
    threadpool_limits(1)


def _part(part: int) -> int:
    return make(_mine[""], part)


def make(dataset: Dataset, part: int) -> int:
    """Explain one part and write it; returns its rows."""
    return dataset.write(part, dataset.about.job.explained.table(part))


def _counted(dataset: Dataset, part: int, rows: int, pace: Pace) -> int:
    pace.count(dataset.about.sizes[part])
    return rows
