"""The story page lists a story part by part, steps back once, and names other models."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard.panels.story import LISTED
from dashboard.panels.story_keep import HELD
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


def test_a_model_that_is_not_here_is_named_and_what_was_kept_is_shown() -> None:
    app = page(Story().plus(movie("<b>Alien</b>")))
    (said,) = [warning.value for warning in app.warning]
    assert "explanation 1 was kept with the run made" in said and "not on this computer" in said
    assert names(app) == [app.session_state[HELD].items[0].title] and "<b>" in names(app)[0]
