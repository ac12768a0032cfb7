"""Whether the models and data that a story was kept with are those of this dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.loaders.common import key_of, readable_card
from dashboard.loaders.products import product_model
from dashboard.loaders.sessions import own_sessions, session_view
from dashboard.story.story import Item, Story
from relrec_core.errors import RelRecError
from relrec_core.movies import store as movies
from relrec_core.movies.experts import store as experts
from relrec_core.products import store as products
from relrec_core.runs.directory import Run, list_runs
from relrec_core.sessions import store as sessions


def _movie_data() -> set[str]:
    runs = _open((movies.shown_run, experts.shown_run))
    return {readable_card(run).data.content_hash for run in runs}


def _catalogue() -> set[str]:
    return {product_model()[0].recommender.catalogue.content_hash}


def _sessions() -> set[str]:
    """Those of the model, and those that this visit was handed."""
    views = (session_view(), own_sessions())
    return {view.explorer.data.content_hash for view in views if view is not None}


@dataclass(frozen=True)
class Wing:
    """A page whose explanations a story keeps.

    Args:
        title: of the page.
        runs: what opens the runs that it shows.
        data: checksums of the data that it shows.
        other: what data are called that it does not show.
    """

    title: str
    runs: tuple[Callable[[], Run], ...]
    data: Callable[[], set[str]]
    other: str


SHOWN: Mapping[str, Wing] = {
    "movies": Wing("Movies", (movies.shown_run, experts.shown_run), _movie_data, "other data"),
    "products": Wing("Products", (products.shown_run,), _catalogue, "another catalogue"),
    "sessions": Wing("Sessions", (sessions.shown_run,), _sessions, "other sessions"),
}


def elsewhere(story: Story) -> list[str]:
    """A sentence for each model, and for the data of each page, that explanations were kept with
    and that are not shown here."""
    found = []
    for page, wing in SHOWN.items():
        here = {key_of(run)[1] for run in _open(wing.runs)}
        kept: dict[tuple[str, str], list[int]] = {}
        same = {}
        for number, item in enumerate(story.items, start=1):
            origin = item.slide.origin
            if item.slide.page != page or not origin.model:
                continue
            if origin.model in here:
                same[number] = item
            else:
                kept.setdefault((origin.model, origin.run), []).append(number)
        for (model, run), numbers in kept.items():
            found.append(_other_run(wing.title, run, model, page, numbers))
        found += _other_data(wing, same)
    return found


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


def _other_data(wing: Wing, same: Mapping[int, Item]) -> list[str]:
    """A sentence where the model is the same and its data are not, by the explanations' numbers."""
    if not same:
        return []
    try:
        here = wing.data()
    except RelRecError as error:
        which = _numbered([*same])
        return [f"{wing.title}: {which} with data that cannot be opened here. {error}"]
    numbers = [n for n, item in same.items() if item.slide.origin.dataset_hash not in here]
    if not numbers:
        return []
    return [
        f"{wing.title}: {_numbered(numbers)} with {wing.other} than here now, so the live view may "
        "say something else."
    ]


def _numbered(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers[:8])) + (" and more" if len(numbers) > 8 else "")
    one = len(numbers) == 1
    return f"explanation{'' if one else 's'} {listed} {'was' if one else 'were'} kept"
