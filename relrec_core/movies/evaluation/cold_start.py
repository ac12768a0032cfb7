"""What is found for viewers of whom little is known (Fusco et al. 2019, section 5.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse

from relrec_core.evaluation.cells import Cell
from relrec_core.evaluation.measure import Table
from relrec_core.movies.config import Config
from relrec_core.movies.data.features import Indices, feature_space
from relrec_core.movies.data.split import Split
from relrec_core.movies.evaluation.baselines.factorisation import (
    FactorisationMachine,
    attributes_of,
)
from relrec_core.movies.evaluation.baselines.metric_learning import Points
from relrec_core.movies.evaluation.baselines.ocular import Clusters
from relrec_core.movies.evaluation.study import Study, over_seeds
from relrec_core.movies.evaluation.tuning import TOP, chosen
from relrec_core.movies.model.metrics import recall, recall_by_user
from relrec_core.movies.model.weights import Floats, Weights
from relrec_core.movies.training.train import learn
from relrec_core.runs.directory import Run

SHORT = (0, 1, 3, 5, 10)
KNOWN = (0, 1, 3, 5)
DRAWS = 5
SHARE = 0.1
MEASURES = ("recall", "recall_unseen")
FOLDED = (
    ("Popularity", False),
    ("OCuLaR", False),
    ("CML", False),
    ("FM", True),
    ("FM", False),
)
"""Peers of the cold start, and whether they know attributes."""


FoldIn = Callable[[sparse.csr_matrix], Floats]
"""Scores (n, V) of new viewers from histories (n, V)."""


def short_history_table(study: Study) -> Table:
    """Recall@50 when only k films of a viewer are known, and from attributes alone (k = 0).

    The model is the usual one. The profile holds k films drawn from the viewer's known ones
    (all, if there are fewer), their attributes and the viewer's own. `recall_50` ranks all films
    but those k; `recall_50_unseen` also leaves out the known films that the profile lacks.
    """
    study.begin(2 * len(study.seeds))
    rows: list[Cell] = []
    for seed in study.seeds:
        for attributes in (True, False):
            model = study.trained(seed, attributes=attributes)
            known, test = model.parts.known, model.parts.test
            for k in SHORT if attributes else SHORT[1:]:
                for draw in range(DRAWS):
                    films = sample_films(known, k, seed=(seed, draw))
                    scores = model.weights.logits_of_all(model.space.bags(films))
                    rows.append(
                        {
                            "known_films": k,
                            "attributes": "with" if attributes else "without",
                            "seed": seed,
                            "recall_50": recall(scores, films, test, TOP).macro,
                            "recall_50_unseen": recall(scores, known, test, TOP).macro,
                        }
                    )
            study.step(f"Short histories {rows[-1]['attributes']} attributes, seed {seed}")
    by = ["known_films", "attributes"]
    drawn = pd.DataFrame(rows).groupby([*by, "seed"], as_index=False).mean()
    measures = {name: name for name in ("recall_50", "recall_50_unseen")}
    return Table(
        over_seeds(drawn, by, measures),
        {"k": TOP, "draws_per_seed": DRAWS, "average": "over users, draws and seeds"},
    )


def cold_start_table(study: Study) -> Table:
    """Recall@k, k = 1..50, for viewers whose history was left out of training (Figure 4).

    A random tenth of the viewers with test films. Afterwards 0, 1, 3 or 5 films drawn from their
    known ones are shown: RecoNet averages them into a profile, the peers fold the viewer in while
    everything learnt stays. `recall` ranks all films but those shown; `recall_unseen` also leaves
    out the viewer's known films that were not shown.
    """
    study.begin(len(study.seeds) * (len(FOLDED) + 1))
    cells = study.cells("cold-start", __name__)
    frames = []
    for seed in study.seeds:
        start = ColdStart.of(study.parts(seed), seed)
        curves = _reconet_curves(study, start)
        frames.append(_frame("RecoNet", True, seed, curves))
        study.step(f"Cold start of RecoNet, seed {seed}")
        for name, attributes in FOLDED:
            key = study.key(seed, method=name, attributes=attributes)
            compute = partial(_peer_curves, study, start, name, attributes=attributes)
            frames.append(_frame(name, attributes, seed, cells.get(key, compute)))
            study.step(f"Cold start of {name}, seed {seed}")
    by = ["method", "known_films", "attributes", "k"]
    table = over_seeds(pd.concat(frames), by, {name: name for name in MEASURES})
    return Table(
        table,
        {
            "cold_viewers": SHARE,
            "draws_per_seed": DRAWS,
            "average": "over cold users, draws and seeds",
            "fold_in": "the user's own factors, vector or point alone are learnt",
            "peers": "hyperparameters as chosen for the table of recall, on the development movies "
            "of all users; fitted on training and development movies of the other users",
            "models": "with attributes; trained, epochs chosen and refitted on the other users",
        },
    )


@dataclass(frozen=True, eq=False)
class ColdStart:
    """A split, the viewers (n,) whose history nobody learns from, and the draws shown later."""

    parts: Split
    cold: Indices
    seed: int

    @classmethod
    def of(cls, parts: Split, seed: int) -> ColdStart:
        """Draw a tenth of the viewers with test films, at least one."""
        tested = np.flatnonzero(np.diff(parts.test.indptr))
        draw = np.random.default_rng((seed, len(tested)))
        size = max(round(SHARE * len(tested)), 1)
        return cls(parts, np.sort(draw.choice(tested, size=size, replace=False)), seed)

    @property
    def warm(self) -> Indices:
        """The other viewers (B - n,)."""
        return np.setdiff1d(np.arange(self.parts.test.shape[0]), self.cold)

    def training(self) -> Split:
        """The same split without the cold viewers' training and development films."""
        keep = np.ones(self.parts.test.shape[0], dtype=np.float32)
        keep[self.cold] = 0
        return Split(
            train=_only(self.parts.train, keep),
            dev=_only(self.parts.dev, keep),
            test=self.parts.test,
            seed=self.parts.seed,
        )

    def histories(self, known_films: int) -> Iterator[sparse.csr_matrix]:
        """What is shown of all viewers (B, V), one draw after the other."""
        for draw in range(DRAWS if known_films else 1):
            yield sample_films(self.parts.known, known_films, (self.seed, draw))

    def curves(self, shown: sparse.csr_matrix, scores: Floats) -> dict[str, list[float]]:
        """Both recalls at k = 1..50 from scores (n, V) of the cold viewers after `shown` (n, V)."""
        known, test = self.parts.known[self.cold], self.parts.test[self.cold]
        both = zip(MEASURES, (shown, known), strict=True)
        curves = {name: recall_by_user(scores, seen, test, TOP) for name, seen in both}
        return {name: each.mean(axis=0).tolist() for name, each in curves.items()}


def sample_films(liked: sparse.csr_matrix, k: int, seed: Sequence[int]) -> sparse.csr_matrix:
    """At most k films of each viewer (B, V), at random; with one seed, fewer are part of more."""
    counts = np.diff(liked.indptr)
    users = np.repeat(np.arange(liked.shape[0]), counts)
    order = np.lexsort((np.random.default_rng(seed).random(liked.nnz), users))
    rank = np.arange(liked.nnz) - liked.indptr[:-1][users]
    taken = rank < k
    ones = np.ones(int(taken.sum()), dtype=np.float32)
    return sparse.csr_matrix((ones, (users[taken], liked.indices[order][taken])), shape=liked.shape)


def _reconet_curves(study: Study, start: ColdStart) -> Cell:
    """Known films -> measure -> recalls at k = 1..50, of a RecoNet that never met the cold."""
    settings = study.config(start.seed, attributes=True, layer=False)
    digest = hashlib.sha256(start.cold.astype("<i8").tobytes()).hexdigest()[:16]

    def train(config: Config, run: Run) -> None:
        learn(config, run, study.data, start.training())

    run = study.run(settings, f"{study.training_code} without {digest}", train)
    weights = Weights.from_arrays(*run.read_arrays())
    space = feature_space(study.data)
    found: Cell = {}
    for k in KNOWN:
        drawn = []
        for shown in start.histories(k):
            scores = weights.logits_of_all(space.bags(shown)[start.cold])
            drawn.append(start.curves(shown[start.cold], scores))
        found[str(k)] = _mean(drawn)
    return found


def _peer_curves(study: Study, start: ColdStart, name: str, *, attributes: bool) -> Cell:
    """Known films -> measure -> recalls at k = 1..50, the mean over draws."""
    fold_in = _folding(study, start, name, attributes=attributes)
    found: Cell = {}
    for k in KNOWN if attributes or name == "Popularity" else KNOWN[1:]:
        shown = [films[start.cold] for films in start.histories(k)]
        found[str(k)] = _mean([start.curves(films, fold_in(films)) for films in shown])
    return found


def _folding(study: Study, start: ColdStart, name: str, *, attributes: bool) -> FoldIn:
    """Fit a peer on the warm viewers; what comes back scores all films (n, V) after films shown."""
    peer = chosen(study, start.seed, name, attributes=attributes)
    liked = start.parts.known[start.warm]
    if isinstance(peer, FactorisationMachine):
        space = feature_space(study.data) if attributes else None
        own, of_films = attributes_of(start.parts.known, space)
        machine = peer.learn(liked, own[start.warm], of_films)
        return partial(machine.fold_in, own=own[start.cold])
    fitted = peer.fit(liked)
    if isinstance(fitted, (Clusters, Points)):
        return fitted.fold_in
    same = fitted()[0]  # (V,) popularity
    return lambda shown: np.tile(same, (shown.shape[0], 1))


def _mean(drawn: Sequence[dict[str, list[float]]]) -> dict[str, list[float]]:
    return {name: np.mean([d[name] for d in drawn], axis=0).tolist() for name in MEASURES}


def _frame(method: str, attributes: bool, seed: int, curves: Cell) -> pd.DataFrame:
    frames = []
    for known_films, found in curves.items():
        columns = {name: found[name] for name in MEASURES}
        frame = pd.DataFrame(columns).assign(
            method=method,
            known_films=int(known_films),
            attributes="with" if attributes else "without",
            seed=seed,
        )
        frames.append(frame.assign(k=np.arange(1, len(frame) + 1)))
    return pd.concat(frames, ignore_index=True)


def _only(liked: sparse.csr_matrix, keep: Floats) -> sparse.csr_matrix:
    kept = sparse.csr_matrix(sparse.diags_array(keep) @ liked)
    kept.eliminate_zeros()
    return kept
