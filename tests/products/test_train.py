"""Training repeats, resumes, runs on two processes, and says what is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from relrec_core.errors import CheckpointError, ConfigError, RelRecError, SourceError
from relrec_core.products.catalogues import open_catalogue
from relrec_core.products.data.adjacency import Adjacency
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import TEST, TRAIN, Split
from relrec_core.products.model import users
from relrec_core.products.model.network import Distances
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.model.scoring import predicted
from relrec_core.products.model.trunks import trunk
from relrec_core.products.training import pretraining
from relrec_core.products.training.incomplete import TRUNK_RATE
from relrec_core.products.training.train import Config, train
from relrec_core.runs.directory import Run
from relrec_core.runs.execution import Cancelled
from relrec_core.runs.launch import TRAIN as PROGRAM
from tests.conftest import REPOSITORY
from tests.products.conftest import executed, settings
from tests.trainings import ROUNDING, STANDING, same_gradients
from tests.waiting import LONG

pytestmark = pytest.mark.numerics

TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


def arrays(run: Run) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    return run.read_arrays()[0]


def test_logits_are_the_bias_minus_the_weighted_distance() -> None:
    torch.manual_seed(0)
    of, x = Distances(5, 3, 2, 4).double(), torch.randn(6, 5, dtype=torch.float64)
    of.requires_grad_(False)
    left, right, relation = torch.tensor([[0, 1, 5], [2, 2, 4], [1, 0, 1]])
    with torch.no_grad():
        of.scale.copy_(torch.tensor([0.5, 2.0]))
        of.personal.copy_(torch.randn_like(of.personal))
        got = of.logits(x, left, right, relation)
        mine = of.personal_logits(of.all_latents(x), torch.tensor([3, 0, 1]), left, right)
    for place in range(3):
        i, j, r = int(left[place]), int(right[place]), int(relation[place])
        dense = 0.0
        for k in range(3):
            e = of.directions[r, :, k] * of.scale[r]
            dense += float((x[i] @ e - x[j] @ e) ** 2)
        assert float(got[place]) == pytest.approx(float(of.bias[r]) - dense, rel=1e-9)
        user, total = (3, 0, 1)[place], 0.0
        for r in range(2):
            for k in range(3):
                e = of.directions[r, :, k] * of.scale[r]
                w = float(F.softplus(of.personal[user, r, k]))
                total += w * float((x[i] @ e - x[j] @ e) ** 2)
        assert float(mine[place]) == pytest.approx(float(of.personal_bias) - total, rel=1e-9)


def test_a_batch_meets_all_pairs_of_its_products(catalogue: Catalogue) -> None:
    pairs = Split(catalogue, "pairs", 0).positives(TRAIN)
    beside = Adjacency(pairs, len(catalogue.items))
    rows = np.array([3, 70, 200])
    got = beside.of(rows)
    expected = sum(int(np.isin(side, rows).sum()) for side in (pairs.left, pairs.right))
    assert len(got) == expected
    assert (np.isin(got.left, rows) | np.isin(got.right, rows)).all()


def test_the_same_seed_gives_the_same_network(small_run: Run, tmp_path: Path) -> None:
    again = executed(tmp_path / "products" / "again", small_run.settings(Config))
    first, second = arrays(small_run), arrays(again)
    assert set(first) == set(second)
    for name, value in first.items():
        assert np.array_equal(value, second[name]), name


def test_killed_after_an_epoch_it_ends_where_an_uninterrupted_one_does(
    small_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = small_run.settings(Config)
    folder = tmp_path / "products" / "killed"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(chosen.to_json())
    (folder / "status.json").write_text('{"state": "queued"}')
    run, write = Run.open(folder), Run.write_state

    def kept_then_killed(self: Run, *given: object) -> None:
        write(self, *given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "write_state", kept_then_killed)
    with pytest.raises((Cancelled, KeyboardInterrupt)), run.executing():
        train(chosen, run)
    monkeypatch.setattr(Run, "write_state", write)
    with run.executing():
        train(chosen, run)
    expected = arrays(small_run)
    for name, value in arrays(run).items():
        assert np.array_equal(value, expected[name]), name


def test_the_warm_up_names_groups_and_leaves_plain_convolutions(
    small_studio: Path, tmp_path: Path
) -> None:
    run = executed(tmp_path / "products" / "warm", settings(small_studio, epochs=1, warm_epochs=1))
    names = set(arrays(run))
    assert not any("running" in name for name in names)
    assert run.status().state == "done"


def test_merged_normalisation_computes_the_same() -> None:
    torch.manual_seed(0)
    plain, x = trunk("vgg16-slim"), torch.randn(3, 3, 32, 32, dtype=torch.float64)
    net = torch.nn.Sequential(pretraining.normalised(plain), *list(plain.children())[1:])
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            for values in (layer.running_mean, layer.weight.data, layer.bias.data):
                values.normal_(0.2, 0.3)
            layer.running_var.uniform_(0.5, 2)
    net.double().eval()
    with torch.no_grad():
        expected = net(x)
        pretraining.merge(net[0])
        np.testing.assert_allclose(plain.eval()(x), expected, rtol=1e-9, atol=1e-12)


def test_groups_are_the_connected_products(catalogue: Catalogue) -> None:
    split = Split(catalogue, "items", 0)
    own = split.training_items()
    place = {int(row): i for i, row in enumerate(own)}
    pairs = split.positives(TRAIN)
    for number, groups in enumerate(pretraining.groups(split, own)):
        of = pairs.where(pairs.relation == number)
        for one, other in zip(of.left, of.right, strict=True):
            assert groups[place[int(one)]] == groups[place[int(other)]] != pretraining.ALONE
        paired = {place[int(row)] for row in (*of.left, *of.right)}
        assert all((groups[i] == pretraining.ALONE) == (i not in paired) for i in range(len(own)))


def by_two(tmp_path: Path, chosen: Config) -> Run:
    """A run of these settings, trained by two processes."""
    (tmp_path / "config.json").write_text(chosen.to_json())
    command = [sys.executable, *TWO, *PROGRAM, "products"]
    done = subprocess.run(
        [*command, "--config", str(tmp_path / "config.json")],
        cwd=REPOSITORY,
        env={"RELREC_HOME": str(tmp_path / "two"), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (folder,) = (tmp_path / "two" / "runs" / "products").iterdir()
    return Run.open(folder)


@pytest.mark.slow
def test_two_processes_learn_what_one_does(small_studio: Path, tmp_path: Path) -> None:
    rates = {"learning_rate": STANDING, "head_rate": STANDING}
    chosen = settings(small_studio, epochs=1, augment=False, **rates)
    alone = executed(tmp_path / "one" / "products" / "run", chosen)
    other = by_two(tmp_path, chosen)
    first, second = (float(run.metrics()[0]["train_loss"]) for run in (alone, other))
    assert second == pytest.approx(first, rel=ROUNDING)
    same_gradients(alone, other)
    ours, theirs = (arrays(run)["features"] for run in (alone, other))
    np.testing.assert_allclose(theirs, ours, rtol=ROUNDING, atol=ROUNDING * np.abs(ours).max())


@pytest.mark.slow
def test_two_processes_learn_from_incomplete_pictures_what_one_does(
    bare_studio: Path, tmp_path: Path
) -> None:
    rates = {"learning_rate": STANDING, "head_rate": STANDING}
    chosen = settings(bare_studio, epochs=1, incomplete_epochs=1, augment=False, **rates)
    alone = executed(tmp_path / "one" / "products" / "run", chosen)
    other = by_two(tmp_path, chosen)
    theirs = arrays(other)
    for name, ours in arrays(alone).items():
        if name.startswith("trunk."):  # one step of Adam, either way
            assert np.abs(ours - theirs[name]).max() <= 2.1 * TRUNK_RATE, name
    first, second = ([row["train_loss"] for row in run.metrics()] for run in (alone, other))
    assert len(first) == 2
    assert second == pytest.approx(first, rel=ROUNDING)


def test_the_card_measures_what_the_stored_network_does(
    small_run: Run, recommender: Recommender, catalogue: Catalogue
) -> None:
    chosen = small_run.settings(Config)
    split = Split(catalogue, chosen.split_by, chosen.split_seed)
    pairs = split.balanced(TEST, chosen.split_seed)
    g = predicted(recommender, recommender.features, pairs)  # type: ignore[arg-type]
    accuracy = float(((g >= 0) == pairs.holds).mean())
    assert small_run.card().metrics["test_accuracy"] == pytest.approx(accuracy)


def test_personal_weights_follow_what_a_user_buys(catalogue: Catalogue) -> None:
    """Relation 0 tells apart what this user buys, relation 1 does not."""
    torch.manual_seed(0)
    n = len(catalogue.items)
    of, x = Distances(2, 1, 2, 1), torch.randn(n, 2)
    with torch.no_grad():
        of.directions.copy_(torch.tensor([[[1.0], [0.0]], [[0.0], [1.0]]]) * 2)
    order = torch.argsort(x[:, 0]).numpy()
    frame = catalogue.purchases.iloc[: n - 1].copy()
    frame["user"], frame["after"], frame["item"] = 0, order[: len(frame)], order[1 : len(frame) + 1]
    users.learn(of, x, replace(catalogue, purchases=frame, users=("u",)), Config(personal=0.01))
    one, other = users.emphasis(of, x)[0]
    assert one > 1.2 and other < 0.8


def test_wrong_weights_and_values_are_said(small_studio: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"fetch\.py vgg16-conv"):
        executed(tmp_path / "a", settings(small_studio, trunk="vgg16-conv", weights="vgg16-conv"))
    with pytest.raises(RelRecError, match="loss is no longer a number"):
        executed(tmp_path / "b", settings(small_studio, learning_rate=1.0, head_rate=1.0, epochs=6))
    with pytest.raises(SourceError, match="no catalogue 'nowhere'"):
        executed(tmp_path / "c", settings(Path("nowhere")))
    with pytest.raises(ConfigError, match="256 to 20,000"):
        open_catalogue("studio-10-0")


def test_a_checkpoint_of_something_else_is_refused(
    small_run: Run, small_studio: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    chosen = small_run.settings(Config)
    with pytest.raises(CheckpointError, match="trunk vgg16-slim, its settings say vgg16-conv"):
        Recommender.of(small_run, chosen.model_copy(update={"trunk": "vgg16-conv"}), catalogue)
    with pytest.raises(CheckpointError, match="another state of the catalogue"):
        Recommender.of(small_run, chosen, replace(catalogue, content_hash="0" * 64))
    broken = tmp_path / "products" / "broken"
    shutil.copytree(small_run.path, broken)
    run = Run.open(broken)
    tensors, about = run.read_checkpoint()
    tensors["distances.bias"] = tensors["distances.bias"] * float("nan")
    run.write_checkpoint(tensors, about)
    with pytest.raises(CheckpointError, match=r"not numbers, in\s+distances.bias"):
        Recommender.of(run, chosen, catalogue)
