"""Settings of the session trainer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from relrec_core.runs.config import TrainerConfig

EXPERTS = 8
"""Experts of Spotify's family; `width` is shared among so many."""
RECIPES: dict[str, dict[str, Any]] = {
    "simulated": {
        "sessions": 100_000,
        "family": "spotify-8",
        "width": 64,
        "schedule": "one-cycle",
        "learning_rate": 0.002,
        "smallest_rate": 8e-9,
        "batch_size": 128,
        "epochs": 8,
        "threads": 1,
    }
}
"""What suits a data set better than the defaults; found on sessions of other simulation seeds. One
thread, so that the result does not depend on how many cores there are."""


class Config(TrainerConfig):
    """Settings of the session trainer. What is not given is the data set's recipe, or the
    default."""

    recipes = RECIPES
    renamed: ClassVar[Mapping[str, str]] = {"data": "dataset"}

    dataset: str = Field(
        default="simulated",
        title="Data set",
        description="'simulated', or a folder of session logs or of prepared shards.",
    )
    sessions: int = Field(
        default=40_000,
        ge=10,
        le=100_000_000,
        title="Simulated sessions",
        description="How many sessions to simulate; counts for simulated data only.",
    )
    catalogue: int = Field(
        default=20_000,
        ge=1_600,
        le=1_000_000,
        title="Simulated tracks",
        description="How many tracks the simulated catalogue has.",
    )
    simulation_seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Simulation seed",
        description="Fixes the simulated sessions.",
    )
    family: Literal["auto", "spotify-8", "deezer-10", "yambda-10"] = Field(
        default="auto",
        title="Family",
        description="Which groups of inputs the experts read, for data like Spotify's or like "
        "Deezer's, or for Yambda; auto takes the one for the columns of the data. Experts of "
        "absent groups are dropped.",
    )
    model: Literal["transformer", "gru", "control"] = Field(
        default="transformer",
        title="Model",
        description="Transformer of experts, GRU of experts, or a plain Transformer as control.",
    )
    width: int = Field(
        default=128,
        ge=8,
        le=4096,
        title="Width",
        description="Features of each track inside the network, shared among eight experts.",
    )
    blocks: int = Field(
        default=3,
        ge=1,
        le=24,
        title="Blocks",
        description="Layers that read the first half, and as many that read the second.",
    )
    heads: int = Field(
        default=1,
        ge=1,
        le=64,
        title="Heads",
        description="Attention heads of each expert; the control has eight times as many.",
    )
    ratio: int = Field(
        default=4,
        ge=1,
        le=16,
        title="Feed-forward ratio",
        description="Width inside the feed-forward layers over the width outside.",
    )
    schedule: Literal["plateau", "one-cycle"] = Field(
        default="plateau",
        title="Schedule",
        description="How the step size changes: reduced on a plateau until learning stops early, "
        "or one cycle up and down over all passes.",
    )
    learning_rate: float = Field(
        default=0.001,
        gt=0,
        le=1,
        title="Learning rate",
        description="First step size of Adam, or the largest of the cycle.",
    )
    smallest_rate: float = Field(
        default=1e-6,
        gt=0,
        le=1,
        title="Smallest learning rate",
        description="The step size falls no further than this.",
    )
    reduction: float = Field(
        default=0.3,
        gt=0,
        lt=1,
        title="Reduction",
        description="Factor by which the step size is reduced on a plateau.",
    )
    plateau: int = Field(
        default=2,
        ge=1,
        le=1000,
        title="Plateau",
        description="Epochs without a better validation loss after which the step is reduced.",
    )
    patience: int = Field(
        default=5,
        ge=1,
        le=1000,
        title="Patience",
        description="Epochs without a better validation loss after which training stops; a cycle "
        "is always gone through.",
    )
    batch_size: int = Field(
        default=256, ge=1, le=65536, title="Batch size", description="Sessions a step."
    )
    epochs: int = Field(
        default=20, ge=1, le=10000, title="Epochs", description="At most so many passes."
    )

    @model_validator(mode="after")
    def _check(self) -> Config:
        if self.width % (EXPERTS * self.heads):
            raise ValueError(f"width must be a multiple of {EXPERTS} times the heads.")
        if self.smallest_rate > self.learning_rate:
            raise ValueError("the smallest learning rate is above the first one.")
        return self

    @property
    def block(self) -> int:
        """Features of one expert."""
        return self.width // EXPERTS
