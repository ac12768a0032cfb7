"""What the training page shows of each wing: one entry a wing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from relrec_core.runs.config import TrainerConfig


@dataclass(frozen=True)
class Trainer:
    """A wing's trainer as the page shows it.

    `config` is the module with its `Config`, `first` the settings that are not folded away,
    `metric` the number of the card by which runs are compared, `curves` the metrics that are
    drawn, each with its title.
    """

    title: str
    config: str
    first: tuple[str, ...]
    metric: str
    column: str
    help: str
    curves: Mapping[str, str]

    def config_class(self) -> type[TrainerConfig]:
        found: type[TrainerConfig] = importlib.import_module(self.config).Config
        return found


TRAINERS = {
    "movies": Trainer(
        title="Movies",
        config="relrec_core.movies.config",
        first=("dataset", "attributes", "hidden", "epochs", "seed"),
        metric="test_recall_50",
        column="Recall@50",
        help="On the test films.",
        curves={
            "search_loss": "Loss while finding the number of epochs (lower is better)",
            "refit_loss": "Loss while learning from all known films (lower is better)",
            "dev_recall_50": "Recall@50 on the development films (higher is better)",
        },
    ),
    "sessions": Trainer(
        title="Sessions",
        config="relrec_core.sessions.config",
        first=("data", "model", "sessions", "width", "epochs", "seed"),
        metric="test_accuracy",
        column="Accuracy",
        help="Share of the tracks of the test sessions that are predicted right.",
        curves={
            "train_loss": "Loss on the training sessions, all experts together (lower is better)",
            "validation_loss": "Cross-entropy on the validation sessions (lower is better)",
            "validation_accuracy": "Accuracy on the validation sessions (higher is better)",
        },
    ),
}
