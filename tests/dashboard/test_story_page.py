"""The story page lists a story part by part, steps back and forth, and names other models."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard.loaders.common import key_of
from dashboard.loaders.story import SHOWN, elsewhere
from dashboard.panels.story import LISTED
from dashboard.panels.story_keep import HELD
from dashboard.story.slide import Slide
from dashboard.story.story import Story
from tests.conftest import REPOSITORY
from tests.dashboard.stories import claim, movie
from tests.waiting import LONG


def page(story: Story) -> AppTest:
    app = AppTest.from_file(str(REPOSITORY / "dashboard" / "app.py"), default_timeout=LONG)
    app.switch_page("app_pages/story.py")
    app.session_state[HELD] = story
    app.run()
    assert not app.exception
    return app


def names(app: AppTest) -> list[str]:
    return [field.value for field in app.text_input if field.label == "Title"]


def test_a_long_story_is_listed_part_by_part() -> None:
    slide = claim("deletion")
    assert slide is not None
    story = Story()
    for number in range(2 * LISTED + 3):
        story = story.plus(slide).retold(number, f"Number {number + 1}", "")
    app = page(story)
    assert names(app) == [f"Number {i + 1}" for i in range(LISTED)]
    app.session_state["story_part"] = 2 * LISTED
    assert names(app.run()) == [f"Number {2 * LISTED + i}" for i in (1, 2, 3)]
    app.button(key=f"story_remove_{2 * LISTED + 1}").click().run()
    assert names(app) == [f"Number {2 * LISTED + i}" for i in (1, 3)]
    next(b for b in app.button if b.label == "Undo").click().run()
    assert names(app) == [f"Number {2 * LISTED + i}" for i in (1, 2, 3)]


def step(app: AppTest, label: str) -> list[str]:
    next(b for b in app.button if b.label == label).click().run()
    assert not app.exception
    return names(app)


def test_several_steps_are_undone_and_done_again() -> None:
    slide = claim("deletion")
    assert slide is not None
    story = Story()
    for number, title in enumerate("ABC"):
        story = story.plus(slide).retold(number, title, "")
    app = page(story)
    app.button(key="story_remove_0").click().run()
    app.button(key="story_down_0").click().run()
    assert names(app) == ["C", "B"]
    assert [step(app, "Undo"), step(app, "Undo")] == [["B", "C"], ["A", "B", "C"]]
    assert next(b for b in app.button if b.label == "Undo").disabled
    assert [step(app, "Redo"), step(app, "Redo")] == [["B", "C"], ["C", "B"]]
    assert step(app, "Undo") == ["B", "C"]
    app.button(key="story_remove_1").click().run()
    assert names(app) == ["B"]
    assert next(b for b in app.button if b.label == "Redo").disabled
    assert step(app, "Undo") == ["B", "C"]


def kept(page: str, model: str, data: str) -> Slide:
    """A slide of this page, of this model and these data."""
    slide = movie()
    origin = slide.origin.model_copy(update={"model": model, "dataset_hash": data})
    return slide.model_copy(update={"page": page, "origin": origin})


def test_other_data_than_those_of_a_page_are_named_in_every_wing() -> None:
    model = {name: key_of(wing.runs[0]())[1] for name, wing in SHOWN.items()}
    here = {name: next(iter(wing.data())) for name, wing in SHOWN.items()}
    story = Story()
    for name in SHOWN:
        for data in (here[name], "0" * 64):
            story = story.plus(kept(name, model[name], data))
    assert elsewhere(story) == [
        f"{title}: explanation {number} was kept with {other} than here now, so the live view may "
        "say something else."
        for title, number, other in (
            ("Movies", 2, "other data"),
            ("Products", 4, "another catalogue"),
            ("Sessions", 6, "other sessions"),
        )
    ]


def test_a_model_that_is_not_here_is_named_and_what_was_kept_is_shown() -> None:
    app = page(Story().plus(movie("<b>Alien</b>")))
    (said,) = [warning.value for warning in app.warning]
    assert "explanation 1 was kept with the run made" in said and "not on this computer" in said
    assert names(app) == [app.session_state[HELD].items[0].title] and "<b>" in names(app)[0]
