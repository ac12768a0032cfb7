"""A trained network with all that it needs to judge viewers and films, and to rank them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ValidationError
from torch import Tensor

from relrec_core.errors import CheckpointError
from relrec_core.experts.attribution import Doubles, Judgement
from relrec_core.experts.mixture import Mixed
from relrec_core.experts.subsets import Family
from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.experts.config import Config
from relrec_core.movies.experts.data.holdout import NOBODY, Cases
from relrec_core.movies.experts.data.inputs import Attributes
from relrec_core.movies.experts.model.network import Network, NetworkOfExperts, network

ROWS = 500
"""Viewers that go through the network at a time."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """Network, attributes and settings; `dataset_hash` says what it was trained on."""

    net: Network
    attributes: Attributes
    config: Config
    dataset_hash: str

    @property
    def family(self) -> Family | None:
        """The experts' family; None for a network without experts."""
        return self.net.family if isinstance(self.net, NetworkOfExperts) else None

    @property
    def parameters(self) -> int:
        """How many numbers it has learnt."""
        return sum(p.numel() for p in self.net.parameters())

    def judge(self, viewers: npt.ArrayLike, films: npt.ArrayLike) -> Judgement:
        """Judge (B,) viewers with (B, n) films: prediction and attribution from one pass.

        A probability is that the viewer rates the film rather than another, at even odds
        beforehand.
        """
        who = torch.as_tensor(np.asarray(viewers, dtype=np.int64))
        what = torch.as_tensor(np.asarray(films, dtype=np.int64))
        found: list[Mixed] = []
        with torch.inference_mode():
            for start in range(0, len(who), ROWS):
                rows = slice(start, start + ROWS)
                x = self.net.pairs(who[rows].to(self.device), what[rows].to(self.device))
                found.append(self._mixed(x))  # x is (b, n, C)
        return Judgement.of(found)

    def judge_inputs(self, x: Tensor) -> Judgement:
        """Judge embeddings (..., C), also such as belong to no pair."""
        with torch.inference_mode():
            return Judgement.of([self._mixed(x)])

    def inputs(self, viewers: npt.ArrayLike, films: npt.ArrayLike) -> Tensor:
        """What is read of (B,) viewers with one film each (B,): (B, C)."""
        who = torch.as_tensor(np.asarray(viewers, dtype=np.int64), device=self.device)
        what = torch.as_tensor(np.asarray(films, dtype=np.int64), device=self.device)
        with torch.inference_mode():
            return self.net.pairs(who, what[:, None])[:, 0]

    def _mixed(self, x: Tensor) -> Mixed:
        """(..., C) -> prediction (...), mixed in doubles."""
        mixed: Mixed = self.net.mix(self.net.judge(x).double())
        return mixed

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return next(self.net.parameters()).device

    def scores(self, cases: Cases) -> Doubles:
        """Probability of every candidate, (C, 1 + n)."""
        films: Indices = np.where(cases.candidates == NOBODY, 0, cases.candidates)
        return self.judge(cases.viewers, films).probability

    def tensors(self) -> dict[str, Tensor]:
        """The weights, for a checkpoint."""
        return dict(self.net.state_dict())

    def metadata(self) -> dict[str, Any]:
        """All besides weights and data, as plain JSON values."""
        return {
            "model": "movies-experts",
            "config": self.config.model_dump(),
            "viewer_attributes": list(self.attributes.viewer_names),
            "film_attributes": list(self.attributes.film_names),
            "dataset_hash": self.dataset_hash,
        }

    @classmethod
    def from_checkpoint(
        cls, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any], data: MovieData
    ) -> Self:
        """What `tensors` and `metadata` came from, on the CPU.

        Raises:
            CheckpointError: they belong to another model or to other data.
        """
        if metadata.get("dataset_hash") != data.content_hash:
            raise CheckpointError(
                f"These experts were trained on other data than '{data.title}'. Train them on it "
                f"with `python3 scripts/train.py movies-experts --dataset {data.name} --activate`."
            )
        try:
            config = Config.stored(metadata["config"])
            attributes = Attributes.of(data)
            net = network(attributes, config)
            net.load_state_dict(dict(tensors))
        except (KeyError, RuntimeError, ValidationError) as error:
            raise CheckpointError(f"The checkpoint is of another model: {error}") from error
        return cls(net.eval(), attributes, config, data.content_hash)
