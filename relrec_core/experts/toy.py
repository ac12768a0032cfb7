"""The paper's toy tasks with known attribution (Afchar et al. 2020, sections 3.3.1 and 4.1).

Clusters of points in the plane. Those of the centre are told apart by one coordinate alone;
the outer ones of task "b" only by both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from relrec_core.experts.layers import ExpertMLP
from relrec_core.experts.mixture import Mixture
from relrec_core.experts.subsets import Family

Task = Literal["a", "b"]

FAMILY = Family(
    groups={"x1": ("x1",), "x2": ("x2",)},
    experts={"x1": ("x1",), "x2": ("x2",), "x1 and x2": ("x1", "x2")},
)
SPREAD = 0.3
"""Standard deviation of a cluster, in each direction."""

EPOCHS, BATCH, FIRST_STEP = 80, 200, 0.005

NEAR = 2.5
"""A point within so many standard deviations of its centre is away from the borders."""


@dataclass(frozen=True)
class Cluster:
    """A Gaussian of points with one label, and the expert that should decide them."""

    x1: float
    x2: float
    label: int
    expert: str


CENTRE = (
    Cluster(-2, 0, 0, "x1"),
    Cluster(2, 0, 1, "x1"),
    Cluster(0, -2, 1, "x2"),
    Cluster(0, 2, 0, "x2"),
)
OUTER = (
    Cluster(-4, -4, 0, "x1 and x2"),
    Cluster(-4, 4, 1, "x1 and x2"),
    Cluster(4, -4, 1, "x1 and x2"),
    Cluster(4, 4, 0, "x1 and x2"),
)
CLUSTERS: dict[Task, tuple[Cluster, ...]] = {"a": CENTRE, "b": CENTRE + OUTER}


@dataclass(frozen=True, eq=False)
class ToyPoints:
    """n points: where, from which cluster, with which label (0 or 1)."""

    x: npt.NDArray[np.float32]  # (n, 2)
    cluster: npt.NDArray[np.int64]  # (n,)
    label: npt.NDArray[np.float32]  # (n,)


def points(task: Task, n: int, seed: int) -> ToyPoints:
    """Draw n points, as many of each cluster as possible."""
    clusters = CLUSTERS[task]
    rng = np.random.default_rng(seed)
    cluster = rng.permutation(np.arange(n) % len(clusters))
    centres = np.array([(c.x1, c.x2) for c in clusters])
    x = centres[cluster] + SPREAD * rng.standard_normal((n, 2))
    label = np.array([c.label for c in clusters], dtype=np.float32)[cluster]
    return ToyPoints(x.astype(np.float32), cluster, label)


def train(task: Task, seed: int = 0, n: int = 8000, epochs: int = EPOCHS) -> ExpertMLP:
    """Two layers of 3 x 16 units with ReLU and Adam (section 4.1.1).

    The paper leaves Adam's step at its default. Here it starts at `FIRST_STEP` and falls to 0 by
    half a cosine: with a constant step, which expert takes a cluster of task "b" is not always
    settled.

    Args:
        task: "a" (four clusters) or "b" (eight).
        seed: of the points and of the initial weights; the global generator is left as it was.
        n: number of points to learn from.
        epochs: passes over them, in batches of `BATCH`.
    """
    known = points(task, n, seed)
    x, y = torch.from_numpy(known.x), torch.from_numpy(known.label)  # (n, 2), (n,)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = ExpertMLP(FAMILY, {"x1": 1, "x2": 1}, [16, 16])
        mixture = Mixture(FAMILY)
        optimizer = torch.optim.Adam(net.parameters(), lr=FIRST_STEP)
        steps = epochs * math.ceil(n / BATCH)
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(epochs):
            for rows in torch.split(torch.randperm(n), BATCH):
                loss = mixture.loss(net(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                falling.step()
    return net


def predict(net: ExpertMLP, x: npt.NDArray[np.float32]) -> pd.DataFrame:
    """Probability and, by the names of the experts, attribution of each of (n, 2) points."""
    with torch.no_grad():
        mixed = Mixture(FAMILY)(net(torch.from_numpy(x)))
    frame = pd.DataFrame({"x1": x[:, 0], "x2": x[:, 1], "probability": mixed.probability.numpy()})
    frame[[f"share of {name}" for name in FAMILY.names]] = mixed.attribution.numpy()
    frame["expert"] = np.array(FAMILY.names)[mixed.attribution.argmax(-1).numpy()]
    return frame


def judged(task: Task, net: ExpertMLP, n: int, seed: int) -> pd.DataFrame:
    """New points with what the network says of them and what is true, one row a point."""
    new = points(task, n, seed)
    clusters = CLUSTERS[task]
    frame = predict(net, new.x)
    centres = np.array([(c.x1, c.x2) for c in clusters])
    distance = np.linalg.norm(new.x - centres[new.cluster], axis=1)
    return frame.assign(
        cluster=new.cluster,
        label=new.label.astype(int),
        expected=np.array([c.expert for c in clusters])[new.cluster],
        away=distance <= NEAR * SPREAD,
    )


def evaluate(
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    n: int = 4000,
    epochs: int = EPOCHS,
    tell: Callable[[str], None] = lambda message: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tasks on points never seen.

    Args:
        seeds: one training each.
        n: new points for each training.
        epochs: of each training.
        tell: told after each training.

    Returns:
        A table, one row a task and seed: accuracy, the share of points away from the borders
        whose top expert is the expected one, the same for the centre and for the outer clusters
        (NaN where there are none), and the mean share of the expected expert. And the points of
        the first seed, one row each, for the figure.
    """
    rows, drawn = [], []
    for task in CLUSTERS:
        for seed in seeds:
            frame = judged(task, train(task, seed, epochs=epochs), n, seed + 1_000_000)
            away = frame[frame["away"]]
            right = away["expert"] == away["expected"]
            outer = away["expected"] == "x1 and x2"
            shares = np.select(
                [away["expected"] == name for name in FAMILY.names],
                [away[f"share of {name}"] for name in FAMILY.names],
            )
            rows.append(
                {
                    "task": task,
                    "seed": seed,
                    "points": len(frame),
                    "points_away_from_borders": len(away),
                    "accuracy": ((frame["probability"] > 0.5) == frame["label"]).mean(),
                    "expected_expert": right.mean(),
                    "expected_expert_centre": right[~outer].mean(),
                    "expected_expert_outer": right[outer].mean(),
                    "share_of_expected_expert": shares.mean(),
                }
            )
            if seed == seeds[0]:
                drawn.append(frame.assign(task=task))
            tell(f"Task {task}, seed {seed}: {rows[-1]['expected_expert']:.3f} as expected")
    return pd.DataFrame(rows), pd.concat(drawn, ignore_index=True)
