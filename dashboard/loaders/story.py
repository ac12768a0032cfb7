"""Whether the models and data that a story was kept with are those of this dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dashboard.loaders.common import key_of, readable_card
from dashboard.story.story import Story
from relrec_core.errors import RelRecError
from relrec_core.movies import store as movies
from relrec_core.movies.experts import store as experts
from relrec_core.products import store as products
from relrec_core.runs.directory import Run, list_runs
from relrec_core.sessions import store as sessions

MOVIES = movies.WING
SHOWN: dict[str, tuple[str, tuple[Callable[[], Run], ...]]] = {
    MOVIES: ("Movies", (movies.shown_run, experts.shown_run)),
    "products": ("Products", (products.shown_run,)),
    "sessions": ("Sessions", (sessions.shown_run,)),
}
"""Title of each page, and what opens the runs that it shows."""


def elsewhere(story: Story) -> list[str]:
    """A sentence for each model that explanations were kept with and that is not shown here."""
    found = []
    for page, (title, shown) in SHOWN.items():
        kept: dict[tuple[str, str], list[int]] = {}
        for number, item in enumerate(story.items, start=1):
            origin = item.slide.origin
            if item.slide.page == page and origin.model:
                kept.setdefault((origin.model, origin.run), []).append(number)
        here = {key_of(run)[1]: run for run in _open(shown)}
        for (model, run), numbers in kept.items():
            if model not in here:
                found.append(_other_run(title, run, model, page, numbers))
    return found + _other_data(story)


def _open(shown: tuple[Callable[[], Run], ...]) -> Iterator[Run]:
    """The runs that can be opened; a page itself says what is wrong with another."""
    for opened in shown:
        try:
            run = opened()
            run.card()
        except RelRecError:
            continue
        yield run


def _other_run(title: str, run: str, model: str, page: str, numbers: list[int]) -> str:
    which = _numbered(numbers)
    same = next((r for r in list_runs(page) if key_of(r)[1] == model), None)
    then = (
        f"It is here, but not shown: make {same.name} active on the Training page, and the live "
        "view is the same again."
        if same
        else "It is not on this computer, so the live view may say something else."
    )
    return f"{title}: {which} with the run {run}, which is another than is shown here. {then}"


def _other_data(story: Story) -> list[str]:
    """A sentence where the model of the movies is the same and its data is not."""
    here = {key_of(run)[1]: readable_card(run).data.content_hash for run in _open(SHOWN[MOVIES][1])}
    numbers = [
        number
        for number, item in enumerate(story.items, start=1)
        if item.slide.origin.dataset_hash
        != here.get(item.slide.origin.model, item.slide.origin.dataset_hash)
    ]
    if not numbers:
        return []
    return [
        f"Movies: {_numbered(numbers)} with other data than is here now, so the live view may say "
        "something else."
    ]


def _numbered(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers[:8])) + (" and more" if len(numbers) > 8 else "")
    one = len(numbers) == 1
    return f"explanation{'' if one else 's'} {listed} {'was' if one else 'were'} kept"
