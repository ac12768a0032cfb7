"""A trained network with all that it needs to be applied to sessions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import torch
from pydantic import ValidationError
from threadpoolctl import ThreadpoolController
from torch import Tensor

from relrec_core.errors import CheckpointError, RelRecError
from relrec_core.experts.attribution import Judgement
from relrec_core.experts.mixture import Mixed
from relrec_core.experts.subsets import Family
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.encoding import Batch, Encoding
from relrec_core.sessions.model.network import Network, network

ROWS = 1024
"""Sessions that go through the network at a time."""
FEW = 256
"""Sessions that one thread predicts: on a busy computer several wait for one another longer."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """Network, encoding and settings; `dataset_hash` says what it was trained on."""

    net: Network
    encoding: Encoding
    config: Config
    dataset_hash: str

    @property
    def family(self) -> Family | None:
        """The experts' family; None for the control."""
        return self.net.family

    @property
    def parameters(self) -> int:
        """How many numbers it has learnt."""
        return sum(p.numel() for p in self.net.parameters())

    def predict(self, batch: Batch) -> Judgement:
        """Prediction (n, 10) of a skip and attribution of all tracks of B, from one pass.

        Padded places hold numbers without meaning.
        """
        found: list[Mixed] = []
        device = next(self.net.parameters()).device
        with torch.inference_mode(), _threads(len(batch)):
            for start in range(0, max(len(batch), 1), ROWS):
                rows = slice(start, start + ROWS)
                sides = (batch.a, batch.b, batch.mask_a, batch.mask_b)
                z = self.net(*(side[rows].to(device) for side in sides))  # (n, 10, K)
                found.append(self.net.mix(z.double()))
        return Judgement.of(found)

    def tensors(self) -> dict[str, Tensor]:
        """The weights, for a checkpoint."""
        return dict(self.net.state_dict())

    def metadata(self) -> dict[str, Any]:
        """All besides the weights, as plain JSON values."""
        return {
            "config": self.config.model_dump(),
            "encoding": self.encoding.model_dump(mode="json"),
            "dataset_hash": self.dataset_hash,
        }

    @classmethod
    def from_checkpoint(cls, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> Self:
        """What `tensors` and `metadata` came from, on the CPU.

        Raises:
            CheckpointError: they belong to another model.
        """
        try:
            config = Config.stored(metadata["config"])
            encoding = Encoding.model_validate(metadata["encoding"])
            net = network(encoding, config)
            net.load_state_dict(dict(tensors))
            return cls(net.eval(), encoding, config, str(metadata["dataset_hash"]))
        except (KeyError, RuntimeError, ValidationError, RelRecError) as error:
            raise CheckpointError(f"The checkpoint is of another model: {error}") from error


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> contextlib.AbstractContextManager[object]:
    """Compute in one thread inside the block; other threads of this process keep theirs."""
    limit: contextlib.AbstractContextManager[object] = _pools().limit(limits=1, user_api="openmp")
    return limit


def _threads(sessions: int) -> contextlib.AbstractContextManager[object]:
    """One thread for few sessions."""
    return contextlib.nullcontext() if sessions > FEW else one_thread()
