"""A study: one data set, some seeds, and the networks trained for them, each trained only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from relrec_core.errors import ConfigError
from relrec_core.evaluation import study
from relrec_core.experts.subsets import Family
from relrec_core.runs import config
from relrec_core.runs.card import Card, DataCard
from relrec_core.sessions import store
from relrec_core.sessions.data.source import SessionSource
from relrec_core.sessions.model import families
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.training.scoring import Judged, judged
from relrec_core.sessions.training.train import Config, train

SETTINGS: dict[str, Any] = {"width": 64, "epochs": 14, "plateau": 1, "patience": 4, "threads": 1}
"""For data without a recipe. One thread, so that the numbers do not depend on how many cores there
are."""
FEW_SESSIONS = 2_000
FEW: dict[str, Any] = {"width": 16, "blocks": 1, "batch_size": 16, "epochs": 60, "patience": 10}
"""Instead, where there are fewer training sessions than these."""
EXPERTS, CONTROL = "transformer", "control"
"""Models that are compared."""
QUICK: dict[str, Any] = {
    "sessions": 400,
    "catalogue": 2_000,
    "width": 16,
    "blocks": 1,
    "epochs": 1,
    "batch_size": 32,
}


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, what it says of the test sessions, and its card."""

    predictor: Predictor
    test: Judged
    card: Card
    seconds: float
    """Of the training."""


class Study(study.Study[Trained]):
    """Networks of sessions; a seed fixes initialisation and order, the data stays the same."""

    wing, usual, trainer = store.WING, store.SIMULATED, train.__module__

    @property
    def split(self) -> str:
        """How the sessions are split, in words."""
        return f"80 % training, 10 % validation, 10 % test, by the {self.source.split}"

    @property
    def data_card(self) -> DataCard:
        """Of the sessions that the models learn from."""
        return store.data_card(self.source, self.dataset)

    def settings(self) -> dict[str, Any]:
        """Of the trainer, without those in which the models differ."""
        varied = {"dataset", "seed", "model", "device", "threads"}
        absent = {"absent": list(self.source.encoding.absent)}
        return self.config(self.seeds[0], "transformer").model_dump(exclude=varied) | absent

    @cached_property
    def source(self) -> SessionSource:
        """The sessions, opened once."""
        return store.open_source(self._config({}))

    def config(self, seed: int, model: str) -> Config:
        """The settings of one training; they are part of the conditions of every table."""
        family = families.chosen(self._config({}).family, self.source.encoding)
        return self._config(FEW if self.few else {}, seed=seed, model=model, family=family)

    @property
    def few(self) -> bool:
        """Whether there are so few sessions that a small network has to do."""
        return self.dataset != store.SIMULATED and self.source.parts["train"] < FEW_SESSIONS

    def _config(self, small: Mapping[str, Any], **chosen: Any) -> Config:
        quick = QUICK if self.quick else {}
        named = {"dataset": self.dataset, **chosen}
        usual = {} if self.dataset in Config.recipes else SETTINGS
        return config.load(Config, None, {**usual, **small, **quick, **named})

    def trained(self, seed: int, model: str) -> Trained:
        """The network of one seed, as `run` trains it.

        Raises: as `run`.
        """
        settings = self.config(seed, model)
        run = self.run(settings, self.training_code, train)
        if run.name not in self._trained:
            predictor = store.predictor(run)
            test = judged(self.source, "test", predictor)
            self._trained[run.name] = Trained(predictor, test, run.card(), run.status().seconds)
        return self._trained[run.name]


def family_of(found: Trained) -> Family:
    """The experts of a network.

    Raises:
        ConfigError: it has none.
    """
    family = found.predictor.family
    if family is None:
        raise ConfigError("The control has no experts.")
    return family
