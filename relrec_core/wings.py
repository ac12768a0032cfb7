"""The one list of wings and of models that can be trained, and where each of their parts lies.

Parts are named, and imported when they are asked for: a page of one wing loads no other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from relrec_core.evaluation.claims import Claim
from relrec_core.measurement import BenchmarkRow
from relrec_core.runs.config import TrainerConfig
from relrec_core.runs.directory import Run


@dataclass(frozen=True)
class Model:
    """A kind of model that can be trained, and how its runs are shown.

    Args:
        title: in the interface.
        room: the package with its modules `config`, `train` and `store`.
        first: settings that are not folded away in the form.
        metric: the number of the card by which runs are compared.
        column: the metric's title.
        help: says what it is measured on.
        curves: metrics that are drawn, each with its title.
        presets: the module that knows which data sets are installed, and settings for them.
        advised: whether its `store` has `advice(dataset)`, a sentence on what suits a data set.
    """

    title: str
    room: str
    first: tuple[str, ...]
    metric: str
    column: str
    help: str
    curves: Mapping[str, str]
    presets: str = ""
    advised: bool = False

    @property
    def trainer(self) -> str:
        """Name of the module with `Config` and `train(config, run)`."""
        return f"{self.room}.training.train"

    def config_class(self) -> type[TrainerConfig]:
        """The settings of its trainer."""
        found: type[TrainerConfig] = importlib.import_module(f"{self.room}.config").Config
        return found

    def offered(self, dataset: str) -> Mapping[str, Mapping[str, Any]]:
        """Settings to choose from for a data set, by name, the recommended ones first."""
        if not self.presets:
            return {}
        found: Callable[[str], Mapping[str, Mapping[str, Any]]]
        found = importlib.import_module(self.presets).presets
        return found(dataset)

    def advice(self, dataset: str) -> str:
        """What suits a data set, in words; nothing where nothing is to be said.

        Raises: as the `advice` of its store.
        """
        if not self.advised:
            return ""
        found: str = importlib.import_module(f"{self.room}.store").advice(dataset)
        return found

    def suited(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Settings, and where they are not given those recommended for their data set."""
        recommended = next(iter(self.offered(str(given.get("dataset", ""))).values()), {})
        return {**recommended, **given}


@dataclass(frozen=True)
class Wing:
    """A kind of recommender.

    Args:
        title: in the interface.
        room: the package with its modules `evaluate`, `study` and `benchmark`.
        claimed: modules with `CLAIMS`.
    """

    title: str
    room: str
    claimed: tuple[str, ...]

    @property
    def evaluation(self) -> str:
        """Name of the module with `TABLES`, by name how each is measured."""
        return f"{self.room}.evaluation.evaluate"

    @property
    def batch(self) -> str:
        """Name of the module that explains everything at once: `opened(run, options)`."""
        return f"{self.room}.explanation.batch"

    def shown_run(self) -> Run:
        """The run whose model is shown."""
        found: Run = importlib.import_module(f"{self.room}.store").shown_run()
        return found

    def part(self, name: str) -> ModuleType:
        """A module of its room, such as "study"."""
        return importlib.import_module(f"{self.room}.evaluation.{name}")

    def claims(self) -> tuple[Claim, ...]:
        """Claims of the papers and of this project, each with the tables that it reads."""
        modules = (importlib.import_module(name) for name in self.claimed)
        return tuple(claim for module in modules for claim in module.CLAIMS)

    def benchmark(self, quick: bool) -> Sequence[BenchmarkRow]:
        """How fast the model is that the dashboard shows: name, value, unit, target, met."""
        rows: Callable[[bool], Sequence[BenchmarkRow]] = self.part("benchmark").rows
        return rows(quick)


WINGS: dict[str, Wing] = {
    "products": Wing(
        "Products",
        "relrec_core.products",
        (
            "relrec_core.products.evaluation.claims",
            "relrec_core.products.evaluation.unseen_claims",
        ),
    ),
    "movies": Wing(
        "Movies",
        "relrec_core.movies",
        (
            "relrec_core.movies.evaluation.claims",
            "relrec_core.movies.evaluation.own_claims",
            "relrec_core.movies.evaluation.peer_claims",
            "relrec_core.movies.evaluation.fidelity.claims",
            "relrec_core.movies.experts.evaluation.claims",
        ),
    ),
    "sessions": Wing(
        "Sessions",
        "relrec_core.sessions",
        (
            "relrec_core.sessions.evaluation.claims",
            "relrec_core.sessions.evaluation.own_claims",
        ),
    ),
}
"""By the name that commands and folders have."""

MODELS: dict[str, Model] = {
    "movies": Model(
        title="Movies",
        room="relrec_core.movies",
        first=("attributes", "hidden", "epochs", "seed"),
        metric="test_recall_50",
        column="Recall@50",
        help="Of the liked movies kept for the test, the share found among a user’s first 50.",
        curves={
            "search_loss": "Loss while finding the number of epochs (lower is better)",
            "refit_loss": "Loss while learning from all known movies (lower is better)",
            "dev_recall_50": "Recall@50 on the development movies (higher is better)",
        },
    ),
    "movies-experts": Model(
        title="Movies, experts",
        room="relrec_core.movies.experts",
        first=("model", "taste", "epochs", "seed"),
        metric="test_hit_rate_10",
        column="HR@10",
        help="Share of users whose last movie, which was held out, is among the best 10 of it and "
        "100 movies they never rated.",
        curves={
            "train_loss": "Loss on the training movies, all experts together (lower is better)",
            "validation_hit_rate": "HR@10 on the validation movies (higher is better)",
            "validation_ndcg": "NDCG@10 on the validation movies (higher is better)",
        },
    ),
    "products": Model(
        title="Products",
        room="relrec_core.products",
        first=("trunk", "weights", "epochs", "warm_epochs", "seed"),
        metric="test_accuracy",
        column="Accuracy",
        help="Share of the test pairs, half of them related, that are told apart rightly.",
        curves={
            "train_loss": "Loss on the training pairs (lower is better)",
            "validation_accuracy": "Accuracy on the validation pairs (higher is better)",
        },
        presets="relrec_core.products.presets",
    ),
    "sessions": Model(
        title="Sessions",
        room="relrec_core.sessions",
        first=("model", "family", "sessions", "width", "epochs", "seed"),
        metric="test_accuracy",
        column="Accuracy",
        help="Share of the tracks of the test sessions that are predicted right.",
        curves={
            "train_loss": "Loss on the training sessions, all experts together (lower is better)",
            "validation_loss": "Cross-entropy on the validation sessions (lower is better)",
            "validation_accuracy": "Accuracy on the validation sessions (higher is better)",
        },
        advised=True,
    ),
}
"""By the name that commands and the folders of runs have; the first is offered first."""
