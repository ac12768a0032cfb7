"""Settings of the product trainer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relrec_core.runs.config import TrainerConfig


class Config(TrainerConfig):
    """Settings of the product trainer."""

    dataset: str = Field(
        default="studio",
        title="Data set",
        description="The rendered studio, studio-ITEMS-SEED for another one, a catalogue in the "
        "data directory by name, or the path of a catalogue folder.",
    )
    shown: str = Field(
        default="",
        title="Catalogue to show",
        description="What the dashboard shows with this model; empty for the catalogue it was "
        "trained on.",
    )
    trunk: Literal["vgg16-slim", "vgg16-conv", "vgg16"] = Field(
        default="vgg16-slim",
        title="Trunk",
        description="The network that looks at a picture; the slim one suits computers without "
        "a GPU.",
    )
    weights: str = Field(
        default="",
        title="Initial weights",
        description="Fetched ImageNet weights: vgg16 or vgg16-conv. Empty: learn to see from "
        "nothing, which needs many products and more epochs.",
    )
    freeze: bool = Field(
        default=False,
        title="Freeze the trunk",
        description="Learn only the distances, not the seeing.",
    )
    side: int = Field(
        default=128,
        ge=32,
        le=512,
        title="Picture side",
        description="Pixels of the square that a picture is fitted into.",
    )
    dim: int = Field(
        default=100,
        ge=1,
        le=2048,
        title="Dimensions",
        description="Length D of a product's latent vector, for each relation.",
    )
    split_by: Literal["pairs", "items"] = Field(
        default="pairs",
        title="Split by",
        description="What is kept for the test: pairs, or products that were never seen.",
    )
    split_seed: int = Field(
        default=0,
        ge=0,
        le=2**31 - 1,
        title="Split seed",
        description="Fixes which pairs are for training, validation and test.",
    )
    epochs: int = Field(
        default=30, ge=1, le=10000, title="Epochs", description="Passes over all pictures."
    )
    batch_size: int = Field(
        default=32, ge=2, le=4096, title="Batch size", description="Pictures a step."
    )
    warm_epochs: int = Field(
        default=0,
        ge=0,
        le=10000,
        title="Warm-up epochs",
        description="Passes before the others in which a trunk that knows nothing learns to name "
        "groups of related products; with initial weights, 0.",
    )
    probe_epochs: int = Field(
        default=0,
        ge=0,
        le=10000,
        title="Epochs of the distances alone",
        description="Passes over the pairs before the others, in which only the distances learn, "
        "on what the initial weights see; it keeps a good start from being spoilt.",
    )
    probe_decay: float = Field(
        default=1e-2,
        ge=0,
        le=1000,
        title="Weight decay of the distances alone",
        description="How much they are drawn to zero in those epochs. More of it keeps them from "
        "learning single products by heart, which suits products that training never saw.",
    )
    guided_epochs: int = Field(
        default=0,
        ge=0,
        le=10000,
        title="Guided epochs",
        description="Passes after the others in which what proved relevant on validation pairs "
        "counts for more; the result is kept only if accuracy on validation does not fall.",
    )
    guided_by: Literal["relevance", "nothing"] = Field(
        default="relevance",
        title="Guided by",
        description="Relevance, or nothing: the same passes without weights, to compare with.",
    )
    incomplete_epochs: int = Field(
        default=0,
        ge=0,
        le=10000,
        title="Epochs with incomplete pictures",
        description="Passes at the end in which what a product is unrelated to stays unrelated to "
        "a picture of it that lacks something; the catalogue names these pictures in a column "
        "incomplete_image.",
    )
    learning_rate: float = Field(
        default=3e-4,
        gt=0,
        le=1,
        title="Learning rate of the trunk",
        description="Largest step size of Adam; it rises in the first tenth and falls to zero.",
    )
    head_rate: float = Field(
        default=3e-3,
        gt=0,
        le=1,
        title="Learning rate of the distances",
        description="Largest step size of Adam for the embeddings; rises and falls alike.",
    )
    weight_decay: float = Field(
        default=1e-4,
        ge=0,
        le=10,
        title="Weight decay",
        description="How much the weights are drawn to zero each step (decoupled, as in AdamW).",
    )
    hard: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Hard negatives",
        description="Share of unrelated pairs in training that are of the same two categories as "
        "a related pair; the others are any two products.",
    )
    augment: bool = Field(
        default=True,
        title="Vary the pictures",
        description="In training, mirror, shift and scale pictures a little at random.",
    )
    category: bool = Field(
        default=False,
        title="Categories, too",
        description="Besides the pictures, count how often products of two categories are related. "
        "It helps for products that training never saw; heatmaps explain only the pictures’ part.",
    )
    personal: float = Field(
        default=0.02,
        ge=0,
        le=100,
        title="Pull of personal weights",
        description="How strongly a user's weights are drawn to 1, the weights of everybody.",
    )
    precision: Literal["auto", "full", "mixed"] = Field(
        default="auto",
        title="Precision",
        description="Mixed computes the trunk in bfloat16 while training; auto does so where the "
        "device has it. What is stored and explained is always computed in full.",
    )
