"""A trained model on data that lacks some of what it was trained with.

An expert's answer depends on its own groups only, so where a group is absent the experts that read
it are left out, and the others answer as ever: the mixture of those that are left needs no
training. Columns that a present group lacks are implied by the skip where they follow from it, and
else at their mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from torch import Tensor

from relrec_core.errors import ProfileError
from relrec_core.experts.mixture import Mixed, Mixture
from relrec_core.sessions.data.schema import BY_NAME, EVERYWHERE, REASONS, Column
from relrec_core.sessions.data.sessions import Sessions
from relrec_core.sessions.explanation.counterfactual import END, PLAYED, SKIPPED, START
from relrec_core.sessions.model.network import ExpertNetwork, Network
from relrec_core.sessions.model.predictor import Predictor


class Restricted(Network):
    """A network of experts of which only some are heard."""

    def __init__(self, inner: ExpertNetwork, absent: Iterable[str]) -> None:
        super().__init__()
        assert inner.family is not None
        self.inner = inner
        self.family = inner.family.without(tuple(absent))
        self.kept = [inner.family.names.index(name) for name in self.family.names]
        self.mixture = Mixture(self.family)

    def forward(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """z (B, T, K) of the experts that are heard."""
        z: Tensor = self.inner(a, b, mask_a, mask_b)  # (B, T, experts of the inner network)
        return z[..., self.kept]  # (B, T, K)

    def mix(self, z: Tensor) -> Mixed:
        """z (B, T, K) -> probability of a skip (B, T), and who of them decided."""
        mixed: Mixed = self.mixture(z)
        return mixed

    def weights(self, z: Tensor) -> Tensor:
        """z (B, T, K) -> how much each of them would learn from each place (B, T, K)."""
        return self.mixture.weights(z)


def fitted(predictor: Predictor, names: Iterable[str]) -> Predictor:
    """The predictor without the experts that read a group of which data with `names` has nothing.

    Raises:
        ProfileError: no expert is left, or the model has none.
    """
    net = predictor.net
    if not isinstance(net, ExpertNetwork) or net.family is None:
        raise ProfileError("The shown model has no experts that could be asked who decided.")
    there = {BY_NAME[name].group for name in names if name in BY_NAME} | {EVERYWHERE}
    absent = [group for group in net.family.groups if group not in there]
    if not absent:
        return predictor
    if all(set(groups) & set(absent) for groups in net.family.experts.values()):
        raise ProfileError(
            "The model has no expert that could do with what this data tells; train one on it: "
            "python3 scripts/train.py sessions --dataset FOLDER --activate"
        )
    return replace(predictor, net=Restricted(net, absent).eval())


def implied(
    sessions: Sessions, columns: tuple[Column, ...], wanted: Iterable[str]
) -> tuple[Sessions, tuple[Column, ...]]:
    """The sessions with those `wanted` columns of plays that follow from the skip, if they lack.

    A skipped track counts as ended by the forward button, a played one as played to its end, as
    in a what-if (`changes`); a track starts as the one before it ended.
    """
    have = {column.name for column in columns}
    lacking = [name for name in wanted if name not in have and name in (*SKIPPED, START)]
    if not lacking:
        return sessions, columns
    skipped = sessions.skipped_before(columns)  # (S, 10)
    ended = np.where(skipped, SKIPPED[END], PLAYED[END])  # (S, 10)
    found = []
    for name in lacking:
        if name == START:
            first = np.full((len(sessions), 1), REASONS.index("clickrow"))
            found.append(np.concatenate([first, ended[:, :-1]], axis=1))
        else:
            found.append(np.where(skipped, SKIPPED[name], PLAYED[name]))
    more = np.stack(found, axis=2).astype(np.uint8) * sessions.mask_a[..., None]  # (S, 10, new)
    logs = np.concatenate([sessions.logs, more.astype(np.uint8)], axis=2)
    return replace(sessions, logs=logs), (*columns, *(BY_NAME[name] for name in lacking))
