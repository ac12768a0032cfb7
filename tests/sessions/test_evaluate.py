"""Tables of sessions: complete, stored with their conditions, and right where one can count."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from relrec_core.errors import ConfigError
from relrec_core.evaluate import main
from relrec_core.evaluation import measure, tables
from relrec_core.evaluation.tables import stored_name
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.schema import EVERYWHERE, GROUPS
from relrec_core.sessions.data.sessions import CAUSES
from relrec_core.sessions.data.source import Memory
from relrec_core.sessions.evaluation import causes, evaluate
from relrec_core.sessions.evaluation.by_expert import QUICK_SESSIONS
from relrec_core.sessions.evaluation.flips import SIZES
from relrec_core.sessions.evaluation.study import Study, Trained
from relrec_core.sessions.explanation.browse import elsewhere, smallest_flip
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.gradients import METHODS, by_group
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.simulation.simulator import (
    CAUSE_GROUPS,
    SimulationSettings,
    simulated,
)
from relrec_core.sessions.training.scoring import judged
from tests.sessions import made

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("evaluated")
        patch.setenv("RELREC_HOME", str(folder))
        patch.delenv("RELREC_READ_ONLY", raising=False)
        yield folder


@pytest.fixture(scope="module")
def quick(home: Path) -> Study:
    return Study(seeds=(0,), quick=True)


@pytest.fixture(scope="module")
def shipped() -> Trained:
    """The model that ships, judged on the test part of sessions it never saw."""
    predictor = store.predictor(store.shown_run())
    return Trained(predictor, judged(Memory(made.data(2_000, seed=9)), "test", predictor), {}, 0.0)


def test_accuracy_is_that_of_the_cards_and_is_stored(quick: Study) -> None:
    found = measure.evaluate("accuracy", evaluate.TABLES, quick)
    frame = found.frame.set_index("method")
    assert len(frame) == 5
    for model, title in evaluate.TITLES.items():
        card = quick.trained(0, model).card
        assert frame.loc[title, "accuracy"] == pytest.approx(
            card.metrics["test_accuracy"], abs=1e-4
        )
        assert frame.loc[title, "parameters"] == card.parameters
    assert frame.loc[evaluate.LAST, "accuracy"] == pytest.approx(
        card.metrics["last_baseline_accuracy"], abs=1e-4
    )
    again = tables.stored("sessions", found.name)
    assert again is not None and again.name == "accuracy-simulated-quick"
    assert again.conditions["data"]["synthetic"] and again.conditions["quick"]
    assert again.conditions["seeds"] == [0] and "machine" in again.conditions
    np.testing.assert_allclose(again.frame["accuracy"], found.frame["accuracy"])


def test_positions_average_to_the_accuracy(quick: Study) -> None:
    frame = evaluate.position_table(quick).frame
    total = evaluate.accuracy_table(quick).frame.set_index("method")["accuracy"]
    for method, rows in frame.groupby("method"):
        mean = np.average(rows["accuracy"], weights=rows["tracks"])
        assert mean == pytest.approx(total[method]), method


def test_shares_of_all_experts_add_up_at_every_position(quick: Study) -> None:
    frame = evaluate.attribution_table(quick).frame
    assert set(frame["position"]) == {"all", *map(str, range(1, 11))}
    sums = frame.groupby("position")[["mean_attribution", "top", "top_of_skips"]].sum()
    np.testing.assert_allclose(sums, 1)
    assert (frame.groupby("position").size() == 8).all()


def test_hits_are_what_one_counts_by_hand(shipped: Trained) -> None:
    test, family = shipped.test, shipped.predictor.family
    assert family is not None
    hits = causes.hits(test.prediction, test.causes, family)
    right = causes.right_skips(test.prediction, test)
    reads = {name: frozenset(groups) - {EVERYWHERE} for name, groups in family.experts.items()}
    counted = found = 0
    for row, place in np.ndindex(test.mask.shape):
        cause = CAUSES[test.causes[row, place]]
        skip = test.mask[row, place] and test.skipped[row, place]
        if not (skip and cause in CAUSE_GROUPS and test.prediction.probability[row, place] >= 0.5):
            assert not right[row, place]
            continue
        assert right[row, place]
        counted += 1
        top = family.names[int(np.argmax(test.prediction.attribution[row, place]))]
        hit = top == made.smallest(cause, reads)
        assert hit == hits[row, place]
        found += hit
    assert counted > found > 0


def test_known_truth_has_every_method_and_cause(quick: Study, shipped: Trained) -> None:
    study = Study(seeds=(0,), quick=True)
    plain = quick.trained(0, "control")
    own = shipped.predictor
    source = study.source
    ours = Trained(own, judged(source, "test", own), {}, 0.0)
    study.trained = lambda seed, model: plain if model == "control" else ours  # type: ignore[method-assign]
    frame = causes.known_truth_table(study).frame
    assert set(frame["method"]) == {
        "experts, all tracks",
        "experts",
        *(f"{m}, {how}, control" for m in METHODS for how in ("signed", "absolute")),
    }
    assert frame["known_truth"].between(0, 1).all()
    for method, rows in frame.groupby("method"):
        rows = rows.set_index("cause")
        parts = rows.drop("all")
        mean = np.average(parts["known_truth"], weights=parts["tracks"])
        assert mean == pytest.approx(rows.loc["all", "known_truth"]), method
        assert set(parts.index) <= set(CAUSE_GROUPS)


def test_causes_are_counted_over_all_new_seeds_and_by_each(home: Path) -> None:
    found = causes.cause_table(Study(seeds=(31, 32), quick=True)).frame.set_index("cause")
    config = store.shown_run().settings(Config)
    counted: dict[tuple[str, int], list[bool]] = {}
    right_tracks: list[float] = []
    for seed in (31, 32):
        settings = SimulationSettings(tracks=config.catalogue)
        data = simulated(causes.QUICK_SESSIONS, seed, settings)
        explorer = Explorer(store.predictor(store.shown_run()), data, "shown")
        said, held = explorer.everything, data.sessions
        assert explorer.family is not None
        reads = {n: frozenset(g) - {EVERYWHERE} for n, g in explorer.family.experts.items()}
        places = [(r, p) for r, p in np.ndindex(held.mask_b.shape) if held.mask_b[r, p]]
        right = {at: (said.probability[at] >= 0.5) == held.skipped[at] for at in places}
        right_tracks.append(float(np.mean(list(right.values()))))
        for at in places:
            cause = CAUSES[held.causes[at]]
            if right[at] and held.skipped[at] and cause in CAUSE_GROUPS:
                top = explorer.family.names[int(said.top[at])]
                hit = top == made.smallest(cause, reads)
                for name in (cause, "all"):
                    counted.setdefault((name, seed), []).append(hit)
    for cause, row_of in found.iterrows():
        each = [counted[cause, seed] for seed in (31, 32) if (cause, seed) in counted]
        assert row_of["known_truth"] == pytest.approx(np.mean(np.concatenate(each)))
        assert row_of["tracks"] == sum(map(len, each))
        shares = [np.mean(of) for of in each]
        assert [row_of["lowest"], row_of["highest"]] == pytest.approx([min(shares), max(shares)])
    assert set(found.index) == {"all", *(cause for cause, _ in counted)}
    assert found.loc["all", "accuracy"] == pytest.approx(np.mean(right_tracks))
    with pytest.raises(ConfigError, match="has learnt from seed 0"):
        causes.cause_table(Study(seeds=(5, 0), quick=True))


def test_sizes_of_flips_are_those_found_one_by_one(home: Path) -> None:
    frame = evaluate.flip_table(Study(seeds=(0,), quick=True)).frame.set_index("expert")
    run = store.shown_run()
    sessions = store.demo_data(run.settings(Config), QUICK_SESSIONS)
    explorer = Explorer(store.predictor(run), sessions, run.name)
    sizes: dict[str, list[int]] = {}
    for row in range(QUICK_SESSIONS):
        session = explorer.session(row)
        for place in range(int(session.mask_b[0].sum())):
            answer = explorer.answer(session, place)
            turned = len(smallest_flip(explorer, session, answer).turned)
            sizes.setdefault(answer.focused.top, []).append(turned)
    assert set(frame.index) == {"all tracks", *sizes}
    for expert, found in (*sizes.items(), ("all tracks", [n for of in sizes.values() for n in of])):
        row_of = frame.loc[expert]
        assert row_of["tracks"] == len(found)
        for name, (low, high) in SIZES.items():
            assert row_of[name] == pytest.approx(np.mean([low <= n <= high for n in found]))


def test_shares_of_turning_circumstances_are_those_found_one_by_one(home: Path) -> None:
    frame = evaluate.elsewhere_table(Study(seeds=(0,), quick=True)).frame.set_index("expert")
    run = store.shown_run()
    sessions = store.demo_data(run.settings(Config), QUICK_SESSIONS)
    explorer = Explorer(store.predictor(run), sessions, run.name)
    called = {"context": ["played from"], "hour": ["time"], "day": ["day"]}
    found = []
    for row in range(QUICK_SESSIONS):
        session = explorer.session(row)
        for place in range(int(session.mask_b[0].sum())):
            told = elsewhere(explorer, session, explorer.answer(session, place))
            assert told is not None
            ways = [list(option.values) for option in told.options if told.turns(option)]
            shares = {name: alone in ways for name, alone in called.items()}
            single = any(shares.values())
            found.append({**shares, "one": single, "two": bool(ways) and not single})
            found[-1]["none"] = not ways
    every = frame.loc["all tracks"]
    assert every["tracks"] == len(found) == frame["tracks"].drop("all tracks").sum()
    for name in found[0]:
        assert every[name] == pytest.approx(np.mean([one[name] for one in found])), name


def test_gradients_by_group_are_what_they_are_by_hand(quick: Study) -> None:
    predictor: Predictor = quick.trained(0, "control").predictor
    batch = next(quick.source.sessions("test"))[1]
    n = 6
    few = type(batch)(**{k: v[:n] for k, v in vars(batch).items()})
    places = np.array([0, 1, 2, 3, 4, 0])

    def logits(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        z = predictor.net(a, b, few.mask_a, few.mask_b)
        return 2 * z[torch.arange(n), torch.from_numpy(places), 0]

    a, b = few.a.clone().requires_grad_(), few.b.clone().requires_grad_()
    logits(a, b).sum().backward()
    signed, absolute = by_group(predictor, few, places, METHODS[1])
    for g, group in enumerate(GROUPS):
        total, size = torch.zeros(n), torch.zeros(n)
        for x, columns in (
            (a, predictor.encoding.columns_a),
            (b, predictor.encoding.columns_b),
        ):
            assert x.grad is not None
            for i, dense in enumerate(columns):
                if dense.group == group:
                    product = (x.grad * x).detach()[:, :, i]
                    total += product.sum(1)
                    size += product.abs().sum(1)
        np.testing.assert_allclose(signed[:, g], total, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(absolute[:, g], size, rtol=1e-3, atol=1e-5)

    signed, _ = by_group(predictor, few, places, METHODS[0])
    with torch.no_grad():
        at_a, at_b = few.a.clone(), few.b.clone()
        at_a[:, :, 3:], at_b[:, :, 3:] = 0, 0
        change = logits(few.a, few.b) - logits(at_a, at_b)
    np.testing.assert_allclose(signed.sum(1), change, rtol=0.05, atol=0.02)


def test_the_command_measures_and_names_what_there_is(
    quick: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sessions", "attribution", "--seeds", "0", "--quick"]) == 0
    assert "Stored as attribution-simulated-quick." in capsys.readouterr().out
    assert main(["sessions", "nothing"]) == 1
    assert "the tables are accuracy, position" in capsys.readouterr().err


def _last(file: Path) -> float:
    """The share of right answers of the last baseline, counted from the rows of the file."""
    found: dict[str, dict[int, bool]] = {}
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            played = found.setdefault(row["session_id"], {})
            played[int(row["session_position"])] = row["skipped"].lower() in ("1", "true")
    right = [
        played[place] == played[len(played) // 2]
        for played in found.values()
        for place in range(len(played) // 2 + 1, len(played) + 1)
    ]
    return sum(right) / len(right)


def test_real_sessions_have_no_known_truth(home: Path, mssd_slice: Path) -> None:
    study = Study(str(mssd_slice.parent), seeds=(0,), quick=True)
    with pytest.raises(ConfigError, match="Only simulated sessions"):
        causes.known_truth_table(study)
    frame = evaluate.accuracy_table(study).frame.set_index("method")
    assert len(frame) == 7
    assert frame.loc["last baseline, all sessions", "accuracy"] == pytest.approx(_last(mssd_slice))
    assert stored_name("accuracy", "/some/where/My Sessions/") == "accuracy-my-sessions"


def test_the_toy_tasks_are_stored_with_their_points_and_without_sessions(home: Path) -> None:
    found = measure.evaluate("toy", evaluate.TABLES, Study(seeds=(0,), quick=True))
    assert found.name == "toy-quick" and found.frame["task"].tolist() == ["a", "b"]
    points = tables.stored("sessions", "toy-points-quick")
    assert points is not None and len(points.frame) == 2 * evaluate.QUICK_DRAWN
    assert "settings" in found.conditions and "content_hash" not in str(found.conditions)
