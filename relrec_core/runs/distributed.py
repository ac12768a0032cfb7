"""One process or many, by torchrun's environment, with the same training code.

Every rank draws the same seeded global batch and takes its share, or those examples of it that it
holds; DDP averages the gradients. Methods that say "collective" must be called by all ranks in the
same order.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np
import torch
import torch.distributed as dist

from relrec_core.errors import ConfigError
from relrec_core.runs.execution import Cancelled

if TYPE_CHECKING:
    from relrec_core.runs.directory import Run

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Group:
    """The processes that train together; a lone process is a group of one."""

    rank: int
    world_size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """True on the one process that writes."""
        return self.rank == 0

    def wrap(self, module: torch.nn.Module) -> torch.nn.Module:
        """The module on the group's device, its gradients averaged over the group.

        Call the wrapped module in training; read weights from the module itself.
        Starts all ranks from rank 0's weights. Collective.
        """
        module = module.to(self.device)
        if self.world_size == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        return torch.nn.parallel.DistributedDataParallel(module, device_ids=ids)

    def share(self, n: int) -> slice:
        """This rank's part of a global batch of `n`; the parts differ by one at most."""
        return slice(self.rank * n // self.world_size, (self.rank + 1) * n // self.world_size)

    def batch_mean(self, losses: torch.Tensor, n: int) -> torch.Tensor:
        """The loss to call `backward` on: exactly the mean over the global batch of `n`.

        Args:
            losses: (len of share,) one loss for each example of this rank's share.
        """
        return losses.sum() * (self.world_size / n)

    def mean(self, value: float) -> float:
        """The mean of every rank's value. Collective."""
        return self._reduce(value, dist.ReduceOp.SUM) / self.world_size

    def any(self, flag: bool) -> bool:
        """True when the flag is set on any rank. Collective."""
        return self._reduce(float(flag), dist.ReduceOp.MAX) > 0

    def total(self, values: Array) -> Array:
        """The sums of every rank's numbers, place by place. Collective."""
        if self.world_size == 1:
            return values
        whole = torch.from_numpy(values).to(self.device, copy=True)
        dist.all_reduce(whole)
        return np.asarray(whole.cpu().numpy())

    def in_turn(self, part: Array) -> Iterator[Array]:
        """On rank 0 every rank's part (n of it, ...), in order; on the others their own.

        To be read to the end. Collective.
        """
        yield part
        if self.world_size == 1:
            return
        sizes = np.zeros(self.world_size, dtype=np.int64)
        sizes[self.rank] = len(part)
        sizes = self.total(sizes)
        if not self.is_main:
            dist.send(torch.from_numpy(np.ascontiguousarray(part)).to(self.device), dst=0)
            return
        kind = torch.from_numpy(part[:0]).dtype
        for rank in range(1, self.world_size):
            other = torch.empty(sizes[rank], *part.shape[1:], dtype=kind, device=self.device)
            dist.recv(other, src=rank)
            yield other.cpu().numpy()

    def first_text(self, text: str) -> str:
        """The text of the first rank that has one, "" where none has. Collective."""
        said = [text] * self.world_size
        if self.world_size > 1:
            dist.all_gather_object(said, text)
        return next(filter(None, said), "")

    def broadcast_text(self, text: str) -> str:
        """Rank 0's text. Collective."""
        if self.world_size == 1:
            return text
        data = text.encode()
        length = torch.tensor([len(data)], device=self.device)
        dist.broadcast(length, src=0)
        content = torch.zeros(int(length), dtype=torch.uint8, device=self.device)  # (bytes,)
        if self.is_main:
            content.copy_(torch.tensor(list(data), dtype=torch.uint8))
        dist.broadcast(content, src=0)
        return bytes(content.tolist()).decode()

    def gathered(self, share: torch.Tensor, n: int) -> torch.Tensor:
        """The rows (n, ...) of a global batch, from every rank's share of them. Collective."""
        if self.world_size == 1:
            return share
        whole = share.new_zeros(n, *share.shape[1:])
        whole[self.share(n)] = share
        dist.all_reduce(whole)
        return whole

    def check_cancelled(self, run: Run) -> None:
        """Raise Cancelled on every rank when any was asked to stop. Collective."""
        if self.any(run.cancel_requested):
            raise Cancelled

    def barrier(self) -> None:
        """Wait for all ranks. Collective."""
        if self.world_size > 1:
            dist.barrier()

    def _reduce(self, value: float, how: dist.ReduceOp.RedOpType) -> float:
        if self.world_size == 1:
            return value
        number = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.all_reduce(number, how)
        return float(number)


@contextlib.contextmanager
def session(device: Literal["auto", "cpu", "cuda"] = "auto", threads: int = 0) -> Iterator[Group]:
    """The group this process trains in. A session inside a session joins the outer one.

    Args:
        device: auto takes a GPU when there is one; every process takes its own.
        threads: processor threads of each process; 0 takes as many as OMP_NUM_THREADS says or,
            where it says nothing, shares all cores among the processes of this machine.

    Raises:
        ConfigError: cuda is asked for and there is none.
    """
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    group = Group(rank, world_size, _device(device, local_rank))
    opened = "WORLD_SIZE" in os.environ and not dist.is_initialized()
    if opened:
        if group.device.type == "cuda":
            torch.cuda.set_device(group.device)
        dist.init_process_group("nccl" if group.device.type == "cuda" else "gloo")
    before = torch.get_num_threads()
    torch.set_num_threads(threads or _threads(local_size))
    try:
        yield group
    finally:
        torch.set_num_threads(before)
        if opened:
            dist.destroy_process_group()


def leave(code: int) -> NoReturn:
    """End this process with an exit code.

    Under torchrun without the interpreter's own clean-up: threads of gloo and autograd that wait
    for the interpreter meanwhile would abort a process that has done its work (PyTorch's issue
    190489).
    """
    if "WORLD_SIZE" not in os.environ:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _device(asked: str, local_rank: int) -> torch.device:
    found = torch.cuda.is_available()
    if asked == "cuda" and not found:
        raise ConfigError("Setting 'device' is cuda, but no GPU was found; choose auto or cpu.")
    return torch.device("cuda", local_rank) if found and asked != "cpu" else torch.device("cpu")


def _threads(local_size: int) -> int:
    """What OMP_NUM_THREADS says, unless it is the 1 that torchrun itself gives several processes;
    else this process's share of the cores."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said) and not (local_size > 1 and said == "1"):
        return int(said)
    return max(1, _cores() // local_size)


def _cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
