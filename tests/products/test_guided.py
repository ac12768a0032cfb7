"""Relevance-guided training: the map of weights, the two views, and what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from relrec_core.lrp import evidence, propagate
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import VALIDATION, Split
from relrec_core.products.model.network import Siamese
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.model.trunks import trunk
from relrec_core.products.training import guided
from relrec_core.products.training.train import Config, train
from relrec_core.runs.directory import Run
from tests.products.conftest import settings

pytestmark = pytest.mark.numerics


def test_views_are_the_trunk_and_the_trunk_with_weighted_activations() -> None:
    torch.manual_seed(0)
    net, x = trunk("vgg16-slim").double(), torch.randn(2, 3, 48, 48, dtype=torch.float64)
    views, weights = guided.Views(net), torch.rand(128, 3, 3, dtype=torch.float64) * 2
    with torch.no_grad():
        torch.testing.assert_close(views(x), net(x))
        plain, weighted = views(x, weights).split(2)
        seen = net.features[: guided.LAST_BLOCK](x)
        expected = (net.features[guided.LAST_BLOCK :](seen * weights)).mean(dim=(2, 3))
    torch.testing.assert_close(plain, net(x))
    torch.testing.assert_close(weighted, expected)
    assert [id(p) for p in views.parameters()] == [id(p) for p in net.parameters()]


def test_the_map_is_the_mean_evidence_pair_by_pair(recommender: Recommender) -> None:
    of, chosen = recommender, Split(recommender.catalogue, "pairs", 0)
    pairs = chosen.balanced(VALIDATION, 0).where(torch.arange(40).numpy())
    net = Siamese("vgg16-slim", 6, len(of.relations), 0).requires_grad_(False)
    net.trunk = of.trunk
    net.distances.directions.copy_(of.distances.directions)
    net.distances.scale.copy_(of.distances.scale)
    got = guided.weight_map(net, of.pictures, pairs, of.features, seed=0)
    assert float(got.min()) >= 0 and float(got.max()) <= 2
    assert float(got.mean()) == pytest.approx(1, abs=1e-4)
    lower, upper = guided.halves(of.trunk)
    total = torch.zeros_like(got)
    for left, right, relation in zip(pairs.left, pairs.right, pairs.relation, strict=True):
        head = net.distances.head(int(relation), torch.ones(6))
        centre = head.latents(of.features).mean(dim=0)
        x, y = of.pictures.batch([left]), of.pictures.batch([right])
        read = evidence(head, of.trunk(x), of.trunk(y), centre)
        for picture, relevance in ((x, read.left), (y, read.right)):
            assert relevance is not None
            total += propagate(upper, lower(picture), relevance, "epsilon-gamma").relevance[0]
    deviation = total - total.mean()
    torch.testing.assert_close(got, 1 + deviation / deviation.abs().max(), rtol=0, atol=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["relevance", "nothing"])
def test_guided_epochs_go_on_from_the_others_and_never_lose_accuracy(
    by: str, small_run: Run, catalogue: Catalogue, small_studio: Path, tmp_path: Path
) -> None:
    chosen = settings(small_studio, guided_epochs=2, guided_by=by)
    folder = tmp_path / "products" / by
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(chosen.to_json())
    (folder / "status.json").write_text('{"state": "queued"}')
    run = Run.open(folder)
    kept = small_run.read_state()
    assert kept is not None
    run.write_state(*kept)
    with run.executing():
        train(chosen, run)
    said = run.card().details["guided"]
    assert said["by"] == by and said["validation"] >= said["validation_before"]
    assert [row["step"] for row in run.metrics()] == [3, 4]
    if "kept_epoch" not in said:
        before, after = small_run.read_arrays()[0], run.read_arrays()[0]
        assert (before["features"] == after["features"]).all()
    assert Recommender.of(run, run.settings(Config), catalogue).relations
