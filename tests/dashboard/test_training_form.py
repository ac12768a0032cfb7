"""What the form of the training page shows is what is trained with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from relrec_core.movies.config import Config
from relrec_core.products import presets
from relrec_core.runs import config
from relrec_core.runs.directory import Run, list_runs
from relrec_core.sessions.training.prepare import prepare
from relrec_core.sources import fetch
from relrec_core.wings import MODELS
from tests.conftest import REPOSITORY
from tests.products import pictures
from tests.sessions import made
from tests.waiting import LONG, until

PAGE = REPOSITORY / "dashboard" / "app_pages" / "training.py"
KINDS = ("text_input", "number_input", "selectbox", "toggle")
RECIPES = [(name, of) for name, model in MODELS.items() for of in model.config_class().recipes]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty data directory, in which no training goes on afterwards."""
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    monkeypatch.delenv("RELREC_READ_ONLY", raising=False)
    yield
    for name in MODELS:
        for run in list_runs(name):
            ended(run)


def ended(run: Run) -> None:
    until(lambda: not run.status().ongoing)


def opened(wing: str, dataset: str | None = None) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=LONG)
    page.session_state["wing"] = wing
    page.run()
    if dataset is not None:
        widget(page, wing, "dataset").set_value(dataset).run()
    assert not page.exception
    return page


def widget(page: AppTest, wing: str, name: str) -> Any:
    fields = {f.name: f for f in config.form_fields(MODELS[wing].config_class())}
    everything = (w for kind in KINDS for w in getattr(page, kind))
    (found,) = (w for w in everything if w.label == fields[name].title)
    return found


def shown(page: AppTest, wing: str) -> dict[str, Any]:
    names = MODELS[wing].config_class().model_fields
    return {name: widget(page, wing, name).value for name in names}


def started(page: AppTest, wing: str) -> dict[str, Any]:
    """The settings of the run that the button starts; the training itself is cancelled."""
    before = {run.name for run in list_runs(wing)}
    page.button[0].click().run()
    assert not page.exception and not page.error
    (run,) = (run for run in list_runs(wing) if run.name not in before)
    run.request_cancel()
    return run.settings(MODELS[wing].config_class()).model_dump()


@pytest.mark.parametrize("wing", MODELS)
def test_every_model_has_a_form_with_its_defaults(wing: str) -> None:
    page = opened(wing)
    assert shown(page, wing) == MODELS[wing].config_class()().model_dump()


@pytest.mark.parametrize(("wing", "dataset"), RECIPES)
def test_a_recipe_is_shown_and_trained_with(wing: str, dataset: str) -> None:
    config_class = MODELS[wing].config_class()
    page = opened(wing, dataset)
    says = shown(page, wing)
    assert says == config.load(config_class, None, {"dataset": dataset}).model_dump()
    other = config.load(config_class, None, {"dataset": "a-folder"})
    assert says != other.model_dump() | {"dataset": dataset}
    assert started(page, wing) == says


def test_the_defaults_can_be_chosen_all_the_same() -> None:
    page = opened("movies", "ml-1m")
    wanted = Config().model_dump() | {"dataset": "ml-1m"}
    for name in Config.recipes["ml-1m"]:
        widget(page, "movies", name).set_value(wanted[name])
    assert started(page, "movies") == wanted


def test_another_data_set_brings_its_own_settings() -> None:
    page = opened("movies", "ml-1m")
    widget(page, "movies", "epochs").set_value(3)
    widget(page, "movies", "dataset").set_value("a-folder").run()
    assert shown(page, "movies") == Config().model_dump() | {"dataset": "a-folder"}


def test_what_cannot_be_is_said_and_starts_nothing() -> None:
    page = opened("sessions")
    widget(page, "sessions", "heads").set_value(3)
    page.button[0].click().run()
    assert "width must be a multiple" in page.error[0].value
    assert not list_runs("sessions")


@pytest.fixture
def photos(tmp_path: Path) -> str:
    """Name of an installed catalogue of photos."""
    return pictures.catalogue(tmp_path / "data" / "shop").name


def test_photos_bring_their_settings_and_say_how_long(
    photos: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(fetch, "installed", lambda name: None)
    monkeypatch.setattr(fetch, "fetch", lambda name, progress: asked.append(name))
    page = opened("products")
    assert widget(page, "products", "dataset").options == ["studio", photos]
    widget(page, "products", "dataset").set_value(photos).run()
    says = shown(page, "products")
    defaults = MODELS["products"].config_class()().model_dump() | {"dataset": photos}
    assert says == defaults | presets.PRESETS[presets.RECOMMENDED]
    assert "3 products, 3 related pairs: about **1 minute**" in page.info[0].value
    page.button_group[-1].set_value(presets.QUICK).run()
    says = shown(page, "products")
    assert says == defaults | presets.PRESETS[presets.QUICK]
    assert started(page, "products") == says
    assert asked == ["vgg16-conv"]


def test_the_command_line_takes_what_suits_photos_unless_told_otherwise(photos: str) -> None:
    model = MODELS["products"]
    found = config.load(model.config_class(), None, model.suited({"dataset": photos, "epochs": 3}))
    assert (found.model_dump()["trunk"], found.model_dump()["epochs"]) == ("vgg16-conv", 3)
    for given in ({}, {"dataset": "studio"}, {"dataset": "nowhere"}, {"dataset": "studio-256-1"}):
        assert model.suited(given) == given


def test_more_work_takes_longer(photos: str) -> None:
    slim = MODELS["products"].config_class()(trunk="vgg16-slim", side=32, epochs=1)
    size = presets.size(photos)
    assert size == presets.Size(products=3, pairs=3, relations=2)
    times = [presets.seconds(slim, presets.Size(n, 1000, 1)) for n in (1_000, 100_000, 10_000_000)]
    assert times == sorted(times) and times[2] > 10 * times[0]
    assert presets.size("studio") is None


def test_the_experts_for_a_folder_of_sessions_are_named_before_they_learn(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "listens"
    plays, tracks = made.like_deezer()
    folder.mkdir(parents=True)
    plays.write_csv(folder / "log.csv")
    tracks.write_csv(folder / "tracks.csv")
    prepare([folder / "log.csv"], [folder / "tracks.csv"], tmp_path / "data" / "prepared")
    for name in ("listens", "prepared"):
        page = opened("sessions", name)
        assert shown(page, "sessions")["family"] == "auto"
        assert "‘auto’ is the family deezer-10" in page.caption[0].value.replace("\\", "")
    assert started(page, "sessions")["family"] == "auto"
    page = opened("sessions", "nowhere")
    assert "There is no session data 'nowhere'" in page.error[0].value.replace("\\", "")
