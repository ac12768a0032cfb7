"""Questions about a recommendation, as they are typed or heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relrec_core.movies.data.features import feature_space
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.questions import ABOUT, answer
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.ranking import Profile, Recommender
from tests.movies import planted

TITLES = {
    3: "Schindler's List (1993)",
    4: "Sabrina (1995)",
    5: "Sabrina (1954)",
    6: "2001: A Space Odyssey (1968)",
    7: "1984 (1984)",
    8: "Blade Runner 2049",
    20: "Chasing Amy (1997) #246",
    21: "Chasing Amy (1997) #268",
}


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    data = planted.data(tmp_path_factory.mktemp("planted"))
    space = feature_space(data)
    weights = planted.weights(space, data.content_hash)
    return Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")


@pytest.fixture(scope="module")
def profile(recommender: Recommender) -> Profile:
    return recommender.profile("1")


@pytest.fixture(scope="module")
def told(recommender: Recommender, profile: Profile) -> MovieExplanation:
    return explain(recommender, profile, int(recommender.rank(profile, 1).items[0]))


@pytest.fixture
def ask(recommender: Recommender, profile: Profile, told: MovieExplanation) -> Callable[[str], str]:
    titles = [TITLES.get(i, title) for i, title in enumerate(recommender.titles)]
    assert told.item not in TITLES

    def contrast(other: int) -> MovieExplanation:
        made = explain(recommender, profile, told.item, against=other)
        return made.model_copy(update={"against": titles[other]})

    def tell(item: int) -> MovieExplanation:
        made = explain(recommender, profile, item)
        return made.model_copy(update={"title": titles[item], "listed": 3})

    return lambda question: answer(question, told, titles, tell, contrast)


@pytest.mark.parametrize(
    "question", ["Why?", "why do you recommend this movie", "EXPLAIN!", "What are the reasons?"]
)
def test_why_is_the_sentence(
    ask: Callable[[str], str], told: MovieExplanation, question: str
) -> None:
    assert ask(question) == told.sentence()


@pytest.mark.parametrize("question", ["What speaks against it?", "contra", "who opposes"])
def test_against_names_the_strongest_opposition(
    ask: Callable[[str], str], told: MovieExplanation, question: str
) -> None:
    said = ask(question)
    assert said.startswith(f"Strongest counter-signals to {told.title}: ")
    assert [f.label for f in told.opposition[:3]] == said[:-1].partition("): ")[2].split("; ")


def test_nothing_against_is_said(told: MovieExplanation) -> None:
    happy = told.model_copy(update={"features": told.supports})
    said = answer("against?", happy, [], lambda i: happy, lambda i: happy)
    assert said.startswith("Nothing in this profile")


def test_certainty_and_proof_quote_the_numbers(
    ask: Callable[[str], str], told: MovieExplanation
) -> None:
    said = ask("How sure are you?")
    assert f"number {told.rank} for {told.viewer}" in said
    assert f"{told.probability:.1%}" in said
    deletion = told.audit.deletion
    for number in (told.score, deletion.after_top, deletion.after_random):
        assert f"{number:.2f}" in ask("Can you prove that?")


@pytest.mark.parametrize(
    ("question", "film"),
    [
        ("Why not Schindler's List?", 3),
        ("why not schindlers list", 3),
        ("Why this rather than Sabrina (1995)?", 4),
        ("Why not Sabrina (1954)?", 5),
        ("why not sabrina 1954", 5),
        ("why not 2001: a space odyssey", 6),
        ("why not 2001 a space odissey", 6),
        ("instead of 1984?", 7),
        ("and not Blade Runner 2049", 8),
        ("why not Chasing Amy (1997) #268?", 21),
    ],
)
def test_why_not_finds_the_film_meant(
    ask: Callable[[str], str],
    recommender: Recommender,
    profile: Profile,
    told: MovieExplanation,
    question: str,
    film: int,
) -> None:
    made = explain(recommender, profile, told.item, against=film)
    because = made.model_copy(update={"against": TITLES[film]}).sentence()
    place = recommender.place(profile, film)
    excluded = recommender.excluded(profile, film)
    assert ask(question) == (
        f"{TITLES[film]} is not recommended: {excluded}."
        if excluded
        else f"{TITLES[film]} stands at place {place}. {because}"
    )


@pytest.mark.parametrize(
    "question",
    [
        "{}",
        "Why {}?",
        "why is {} on the list",
        "What about {}?",
        "Why do you recommend {} to me?",
        "Why was {} not recommended?",
        "Why is {} at place 57?",
    ],
)
def test_any_movie_can_be_asked_about(
    ask: Callable[[str], str], recommender: Recommender, profile: Profile, question: str
) -> None:
    """One that is not on the list says its place, and one that was watched its rating."""
    candidates = {i for i in TITLES if i not in profile.seen}
    watched = {i for i in TITLES if i in profile.seen}
    assert candidates and watched
    for item in candidates & {3, 4, 5, 6, 8, 21}:
        place = recommender.place(profile, item)
        said = ask(question.format(TITLES[item]))
        assert said.startswith(TITLES[item]) and ("stands at" in said) == (place > 3), said
        assert place <= 3 or f"place {place}" in said
    for item in watched & {3, 4, 5, 6, 8, 21}:
        rating = recommender.ratings("1")[item]
        said = ask(question.format(TITLES[item]))
        assert said.startswith(f"{TITLES[item]} ") and f"already watched, rated {rating:g}" in said


def test_a_question_about_no_movie_is_about_the_one_that_is_shown(
    ask: Callable[[str], str], told: MovieExplanation
) -> None:
    assert ask("Why is the score so high?") == told.sentence()
    assert ask("Why Xyzzyplugh?") == "There is no movie called ‘xyzzyplugh’ in this data."


def test_a_hidden_movie_is_said_to_be_hidden(recommender: Recommender, profile: Profile) -> None:
    item = int(recommender.rank(profile, 1).items[0])
    hidden = profile.hiding(item)
    assert item not in recommender.rank(hidden, 40).items
    assert explain(recommender, hidden, item).excluded == "hidden by you"
    assert explain(recommender, profile, item).excluded is None
    assert "not recommended: hidden by you" in explain(recommender, hidden, item).sentence()


def test_why_not_something_else(ask: Callable[[str], str], told: MovieExplanation) -> None:
    assert ask("Why not Xyzzyplugh?") == "There is no movie called ‘xyzzyplugh’ in this data."
    assert ask(f"Why not {told.title}?") == "That is the very movie that is recommended."
    assert ask("Why not?") == told.sentence()


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("chasing amy", "Chasing Amy (1997) #246; Chasing Amy (1997) #268"),
        ("Chasing Amy (1997)", "Chasing Amy (1997) #246; Chasing Amy (1997) #268"),
        ("Sabrina", "Sabrina (1995); Sabrina (1954)"),
    ],
)
def test_why_not_one_of_several_asks_which(ask: Callable[[str], str], name: str, both: str) -> None:
    said = ask(f"Why not {name}?")
    assert said == f"There are 2 movies of this name: {both}. Ask again for one of them."


def test_the_twin_of_what_is_recommended_is_meant(told: MovieExplanation) -> None:
    named, other = ["y"] * 40, (told.item + 1) % 40
    for row in (told.item, other):
        named[row] = f"Chasing Amy (1997) #{row}"
    asked: list[int] = []

    def contrast(row: int) -> MovieExplanation:
        asked.append(row)
        return told

    answer("why not Chasing Amy?", told, named, lambda row: told, contrast)
    assert asked == [other]


@pytest.mark.parametrize("question", ["", "  ?! ", "hello", "wherefore", "whyever", "<script>"])
def test_anything_else_is_told_what_to_ask(ask: Callable[[str], str], question: str) -> None:
    assert ask(question) == ABOUT
