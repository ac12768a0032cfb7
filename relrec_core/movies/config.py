"""Settings of the movie trainer."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from relrec_core.runs.config import TrainerConfig

RECIPES: dict[str, dict[str, float]] = {
    "ml-1m": {
        "dim": 200,
        "dropout": 0.5,
        "penalty": 0.0,
        "batch_size": 256,
        "epochs": 200,
        "evaluate_every": 5,
    }
}
"""What suits a data set better than the defaults; found on its development films."""
FULL_UP_TO = 4_000
"""So many movies are all scored in every step, unless the settings ask for a sample."""


class Config(TrainerConfig):
    """Settings of the movie trainer. What is not given is the data set's recipe, or the default."""

    recipes = RECIPES

    dataset: str = Field(
        default="ml-100k",
        title="Data set",
        description="A MovieLens set by name, or the path of a folder with ratings in CSV.",
    )
    attributes: bool = Field(
        default=True,
        title="Use attributes",
        description="Genres, decades and what is known of users, besides watched movies.",
    )
    dim: int = Field(
        default=64, ge=2, le=1024, title="Dimensions", description="Length of every embedding."
    )
    hidden: int = Field(
        default=0,
        ge=0,
        le=4096,
        title="Hidden units",
        description="Units of the extra ReLU layer; 0 is the plain RecoNet.",
    )
    examples: Literal["masking", "removal"] = Field(
        default="masking",
        title="Examples",
        description="Hide a random share of a history, or remove a movie and a few features.",
    )
    beta: float = Field(
        default=1.0,
        ge=0.1,
        le=10,
        title="Beta",
        description="Removal only: after r removals one more follows with chance 1/(r+1)^beta.",
    )
    mask_low: float = Field(
        default=0.0, ge=0, le=1, title="Least hidden", description="Smallest share hidden."
    )
    mask_high: float = Field(
        default=0.7, ge=0, le=1, title="Most hidden", description="Largest share hidden."
    )
    seen_weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Weight of visible movies",
        description="How much movies that stay visible count as labels beside the hidden ones.",
    )
    short_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        title="Short histories",
        description="Share of examples that keep only one to ten movies, as new users have.",
    )
    weight_power: float = Field(
        default=0.7,
        ge=0,
        le=2,
        title="Weight of long histories",
        description="A user with n movies counts as n to this power.",
    )
    dropout: float = Field(
        default=0.6,
        ge=0,
        lt=1,
        title="Dropout",
        description="Share of the averaged profile's dimensions that is dropped.",
    )
    attribute_dropout: float = Field(
        default=0.3,
        ge=0,
        lt=1,
        title="Attribute dropout",
        description="Share of attributes left out of each example.",
    )
    learning_rate: float = Field(
        default=0.005, gt=0, le=1, title="Learning rate", description="Step size of Adam."
    )
    penalty: float = Field(
        default=1e-6,
        ge=0,
        le=1,
        title="Penalty",
        description="Weight of the squared length of all embeddings and output weights.",
    )
    averaging: float = Field(
        default=0.995,
        ge=0,
        lt=1,
        title="Weight averaging",
        description="Decay of the moving average of the weights that is kept; 0 keeps the last.",
    )
    loss: Literal["auto", "full", "sampled"] = Field(
        default="auto",
        title="Loss",
        description="Softmax over all movies or over a sample; auto samples from 4,001 movies on.",
    )
    start: Literal["auto", "random", "factors"] = Field(
        default="auto",
        title="Start",
        description="Random weights or the ratings' factors; auto takes these with a sample.",
    )
    ridge: float = Field(
        default=0.1,
        ge=0,
        le=100,
        title="Ridge of the factors",
        description="How strongly movies with few ratings are held back in a start from factors.",
    )
    negatives: int = Field(
        default=2048,
        ge=1,
        le=2**20,
        title="Sampled movies",
        description="Movies drawn for each step where the loss is sampled.",
    )
    batch_size: int = Field(
        default=128, ge=1, le=65536, title="Batch size", description="Examples a step."
    )
    epochs: int = Field(
        default=400, ge=1, le=10000, title="Epochs", description="At most so many passes."
    )
    evaluate_every: int = Field(
        default=10,
        ge=1,
        le=1000,
        title="Evaluate every",
        description="Epochs between two measurements on the development movies.",
    )
    patience: int = Field(
        default=6,
        ge=1,
        le=1000,
        title="Patience",
        description="Measurements without a better one after which the search stops.",
    )
    split_seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Fixes which movies are for training, development and test.",
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.loss == "sampled" and self.examples == "removal":
            raise ValueError("the sampled loss needs examples by masking")
        if self.start == "factors" and self.hidden:
            raise ValueError("a start from factors has no hidden units")
        return self

    def samples(self, n_items: int) -> bool:
        """Whether the loss is over a sample of that many movies."""
        if self.loss == "auto":
            return n_items > FULL_UP_TO and self.examples == "masking"
        return self.loss == "sampled"

    def starts_from_factors(self, n_items: int) -> bool:
        """Whether the weights begin with the factors of the ratings."""
        if self.start == "auto":
            return self.samples(n_items) and not self.hidden
        return self.start == "factors"
