"""Pictures in which something is gone: drawn as the audit erases, and what is learnt from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from relrec_core.errors import ConfigError, DataError
from relrec_core.products.data import catalogue as data
from relrec_core.products.data.catalogue import INCOMPLETE, ITEM
from relrec_core.products.data.images import ImageError
from relrec_core.products.data.perturbation import blurred, erased, pale
from relrec_core.products.data.pictures import Pictures
from relrec_core.products.data.split import TRAIN, Split
from relrec_core.products.evaluation.erased_evaluation import emblem_cells
from relrec_core.products.model.network import Siamese
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.model.trunks import LAST_BLOCK
from relrec_core.products.studio import drawn_catalogue, ground_truth, painting
from relrec_core.products.studio.ground_truth import EMBLEM
from relrec_core.products.training import incomplete
from relrec_core.products.training.train import Config
from relrec_core.runs.directory import Run
from tests.products.conftest import executed, settings
from tests.trainings import STANDING

pytestmark = pytest.mark.numerics


def test_an_emblem_is_erased_as_the_deletion_test_erases_it(recommender: Recommender) -> None:
    of, planted = recommender, ground_truth.load(recommender.catalogue.folder)
    for row in range(0, 256, 32):
        item = str(of.catalogue.items[ITEM].iloc[row])
        labels = planted.labels(item)
        painted = painting.Painted(of.catalogue.picture(row, len(labels)), labels)
        got = of.pictures.tensor(painting.without(painted, painting.Label.EMBLEM))
        whole = of.pictures.batch([row])
        kept = torch.from_numpy(~emblem_cells(planted, item))[None]
        expected = erased(whole, kept, blurred(whole))
        assert (got != whole).any()
        low, high = of.pictures.bounds()
        step = float((high - low).max()) / 255
        assert float((got - expected).abs().max()) <= 0.51 * step


def test_a_studio_to_learn_from_shows_every_emblem_erased(
    bare_studio: Path, small_studio: Path
) -> None:
    shop, planted = data.load(bare_studio), ground_truth.load(bare_studio)
    named = shop.items.set_index(ITEM)[INCOMPLETE]
    shown = planted.attributes[EMBLEM] != drawn_catalogue.NO_EMBLEM
    assert ((named != "") == shown.loc[named.index]).all()
    assert 0 < shown.sum() < len(shown)
    for row in range(0, 256, 16):
        same = shop.incomplete_picture(row, 32) == shop.picture(row, 32)
        assert same == (named.iloc[row] == "")
    assert INCOMPLETE not in data.load(small_studio).items


def test_only_what_is_unrelated_counts_for_what_is_incomplete(
    bare_studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of the step, pair by pair: no weight moves at these rates."""
    monkeypatch.setattr(incomplete, "TRUNK_RATE", STANDING)
    monkeypatch.setattr(incomplete, "HEAD_RATE", STANDING)
    chosen = settings(bare_studio, epochs=1, incomplete_epochs=1, augment=False)
    run = executed(tmp_path / "products" / "run", chosen)
    shop = data.load(bare_studio)
    of = Recommender.of(run, run.settings(Config), shop)
    lacking = Pictures(shop, 32, of.pictures.normalisation, incomplete=True)
    split = Split(shop, chosen.split_by, chosen.split_seed)
    drawn = split.negatives(TRAIN, (chosen.seed, 1), chosen.hard)
    with torch.no_grad():
        views = [of.trunk(p.batch(range(256))) for p in (of.pictures, lacking)]
    sums, counts = np.zeros(2), np.zeros(2)
    for pairs in (split.positives(TRAIN), drawn):
        for view, x in enumerate(views):
            if view and pairs.holds.all():
                continue
            for left, right, relation, holds in zip(
                pairs.left, pairs.right, pairs.relation, pairs.holds, strict=True
            ):
                g = (
                    of.distances.bias[relation]
                    - ((x[left] - x[right]) @ of.distances.embedding[relation]).square().sum()
                )
                sums[view] += float(F.softplus(-g if holds else g))
                counts[view] += 1
    logged = [float(row["train_loss"]) for row in run.metrics()]
    assert logged[1] == pytest.approx(float((sums / counts).sum()), rel=1e-4)


def test_only_the_last_block_and_the_distances_learn_from_it(
    bare_studio: Path, tmp_path: Path
) -> None:
    runs = [
        executed(
            tmp_path / "products" / f"run{epochs}",
            settings(bare_studio, epochs=1, incomplete_epochs=epochs),
        )
        for epochs in (0, 1)
    ]
    before, after = (run.read_arrays()[0] for run in runs)
    lower = [f"trunk.features.{place}." for place in range(LAST_BLOCK)]
    for name, value in before.items():
        stays = name.startswith(tuple(lower)) or "personal" in name or name.endswith("scale")
        assert np.array_equal(value, after[name]) == stays, name
    said = runs[1].card().details["incomplete"]
    assert isinstance(said, dict)
    measured = [float(row["validation_accuracy"]) for row in runs[1].metrics()]
    assert [said["validation_before"], said["validation"]] == pytest.approx(measured)
    assert runs[0].card().details["incomplete"] == {}


def test_what_cannot_be_learnt_from_is_said(
    bare_studio: Path, small_studio: Path, small_run: Run, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"items\.csv: found no picture in a column incomplete_im"):
        executed(tmp_path / "a", settings(small_studio, incomplete_epochs=1))
    with pytest.raises(ConfigError, match="A frozen trunk cannot learn from incomplete pictures"):
        executed(tmp_path / "b", settings(bare_studio, incomplete_epochs=1, freeze=True))
    gone = data.load(bare_studio)
    (gone.folder / str(gone.items[INCOMPLETE].max())).rename(tmp_path / "elsewhere.jpg")
    try:
        with pytest.raises(ImageError, match="does not exist"):
            executed(tmp_path / "c", settings(bare_studio, epochs=1, incomplete_epochs=1))
    finally:
        (tmp_path / "elsewhere.jpg").rename(gone.folder / str(gone.items[INCOMPLETE].max()))


def test_what_shows_nothing_is_held_where_it_was(
    bare_studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, moved = data.load(bare_studio), []
    for name, epochs, stay in (("before", 0, 0.0), ("free", 2, 0.0), ("held", 2, 1.0)):
        monkeypatch.setattr(incomplete, "STAY", stay)
        chosen = settings(bare_studio, epochs=1, incomplete_epochs=epochs, augment=False)
        run = executed(tmp_path / "products" / name, chosen)
        of = Recommender.of(run, run.settings(Config), shop)
        nothing = pale(of.pictures.batch(range(64)), of.pictures.bounds()[1])
        with torch.no_grad():
            moved.append(of.distances.all_latents(of.trunk(nothing)))
    before, free, held = moved
    assert float((held - before).norm()) < 0.5 * float((free - before).norm())


def test_how_far_it_is_moved_relation_by_relation() -> None:
    torch.manual_seed(0)
    net = Siamese("vgg16-slim", 3, 2, 0).double()
    measure, pictures = incomplete.Moved(net), torch.rand(4, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        then = net.trunk(pictures)
        was = [net.distances.latents(then, relation) for relation in range(2)]
        net.distances.directions.mul_(1.5)
        seen = then + 0.1
        now = [net.distances.latents(seen, relation) for relation in range(2)]
    got = measure(pictures, seen).detach()
    assert got.shape == (4,)
    for place in range(4):
        far = [
            sum((float(b[place, k]) - float(a[place, k])) ** 2 for k in range(3))
            for a, b in zip(was, now, strict=True)
        ]
        assert float(got[place]) == pytest.approx(sum(far) / 2, rel=1e-9) and min(far) > 0
    assert measure(pictures[:0], seen[:0]).shape == (0,)
