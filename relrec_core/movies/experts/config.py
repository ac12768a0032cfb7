"""Settings of the trainer of experts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relrec_core.runs.config import TrainerConfig

RECIPES: dict[str, dict[str, float]] = {
    "ml-1m": {"taste": 64, "batch_size": 1024, "patience": 2},
}
"""What suits a data set better than the defaults; found on its validation films."""


class Config(TrainerConfig):
    """Settings of the trainer of experts. What is not given is the data set's recipe, or the
    default."""

    recipes = RECIPES

    dataset: str = Field(
        default="ml-100k",
        title="Data set",
        description="A MovieLens set by name, or the path of a folder with interactions.csv.",
    )
    model: Literal["experts", "control", "content"] = Field(
        default="experts",
        title="Model",
        description="Four experts that explain themselves, one plain network of equal input as "
        "control, or one that reads attributes only.",
    )
    taste: int = Field(
        default=32,
        ge=1,
        le=1024,
        title="Taste",
        description="Length of the embedding of each user and each movie.",
    )
    content: int = Field(
        default=16,
        ge=1,
        le=1024,
        title="Content",
        description="Length of the embedding of a user's and of a movie's attributes.",
    )
    width: int = Field(
        default=256,
        ge=4,
        le=8192,
        title="Width",
        description="Units of the first hidden layer; experts share them, further layers halve.",
    )
    layers: int = Field(
        default=4, ge=1, le=8, title="Layers", description="How many hidden layers there are."
    )
    negatives: int = Field(
        default=4,
        ge=1,
        le=100,
        title="Negatives",
        description="Unrated movies drawn for each rated one, afresh each epoch.",
    )
    sharpness: float = Field(
        default=10.0,
        ge=1,
        le=100,
        title="Sharpness",
        description="How sure an expert must be to keep others from deciding: power p of its "
        "gate 2|F|^p / (1 + |F|^(p-1)). The last in line, who reads everything, has |F|.",
    )
    learning_rate: float = Field(
        default=0.001, gt=0, le=1, title="Learning rate", description="Step size of Adam."
    )
    batch_size: int = Field(
        default=512, ge=1, le=65536, title="Batch size", description="Rated movies a step."
    )
    epochs: int = Field(
        default=30, ge=1, le=10000, title="Epochs", description="At most so many passes."
    )
    patience: int = Field(
        default=4,
        ge=1,
        le=1000,
        title="Patience",
        description="Epochs without a better validation after which the search stops.",
    )
    split_seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Decides among ratings of the same second, and draws the unrated movies.",
    )
