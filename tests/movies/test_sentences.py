"""Headlines say what is the case, whatever the signs and sizes are."""

from __future__ import annotations

from relrec_core.movies.explanation.sentences import kept_out
from tests.dashboard.drawn import explanation

DRAMA, CRIME = ("Drama",), ("Drama", "Crime")


def test_popularity_is_said_first_where_it_is_most_of_the_score() -> None:
    told = explanation([("film", "Heat (1995)", 0.02)], base=3.87, genres={0: DRAMA})
    assert told.sentence() == (
        "Alien (1979) is recommended mostly because nearly everyone likes it (3.87 of 3.89); "
        "the taste of Viewer 1 adds 0.02."
    )


def test_a_taste_that_takes_away_is_not_a_reason() -> None:
    told = explanation([("film", "Heat (1995)", -0.5)], base=3.0, genres={0: DRAMA})
    assert told.sentence() == (
        "Alien (1979) is recommended only because nearly everyone likes it: that alone would give "
        "3.00, the taste of Viewer 1 takes 0.50 off. Strongest counter-signal: Heat (1995) (−0.50)."
    )


def test_a_small_base_value_is_no_popularity() -> None:
    told = explanation([("film", "Heat (1995)", 0.2)], base=0.6, genres={0: DRAMA})
    assert "mostly because it suits the average user (0.60 of 0.80)" in told.sentence()
    assert "adds 0.20: dramas (25%) that Viewer 1 liked, most of all Heat (1995)" in told.sentence()


def test_themes_come_with_their_share() -> None:
    shares = [
        ("film", "Heat (1995)", 2.0),
        ("film", "Up (2009)", 1.0),
        ("gender", "Gender: man", 0.1),
    ]
    told = explanation(shares, base=0.9, genres={0: CRIME, 1: DRAMA})
    assert told.sentence() == (
        "Alien (1979) is recommended mainly because of dramas (50%) and crime (25%) that "
        "Viewer 1 liked, most of all Heat (1995); 22% of the score is what the average user gets."
    )


def test_mainly_is_said_only_of_what_outweighs_the_base_value() -> None:
    shares = [("film", f"Film {i}", 0.4) for i in range(6)]
    told = explanation(shares, base=2.0, genres={i: (f"genre {i}",) for i in range(6)})
    assert "is recommended because of genre 0 movies (9%)" in told.sentence()


def test_a_negative_base_value_is_said_as_it_is() -> None:
    told = explanation([("film", "Heat (1995)", 2.0)], base=-0.5, genres={0: DRAMA})
    assert "dramas (+2.00) that" in told.sentence()  # more than the whole score: no percentage
    assert "the average user’s score is only −0.50" in told.sentence()


def test_a_score_below_the_average_movie_is_no_recommendation() -> None:
    told = explanation([("film", "Heat (1995)", 0.3), ("film", "Up (2009)", -0.1)], base=-2.0)
    assert told.sentence() == (
        "Alien (1979) scores −1.80 for Viewer 1, no more than an average movie. What raises it "
        "most is Heat (1995) (+0.30). Strongest counter-signal: Up (2009) (−0.10)."
    )
    nothing = explanation([("film", "Heat (1995)", -0.3)], base=0.1)
    assert "Nothing in this profile raises it." in nothing.sentence()


def test_a_contrast_speaks_of_the_difference() -> None:
    shares = [("film", "Heat (1995)", 0.5)]
    ahead = explanation(shares, base=-0.2, genres={0: DRAMA}, against="Up (2009)")
    assert ahead.sentence() == (
        "Alien (1979) rather than Up (2009) is recommended mainly because of dramas (+0.50) that "
        "Viewer 1 liked, most of all Heat (1995); the average user prefers Up (2009) (by 0.20)."
    )
    popular = explanation(shares, base=0.7, against="Up (2009)")
    assert "mostly because the average user prefers it too (0.70 of 1.20)" in popular.sentence()
    behind = explanation(shares, base=-0.9, against="Up (2009)")
    assert behind.sentence().startswith(
        "Up (2009) scores higher than Alien (1979) for Viewer 1, by 0.40."
    )


def test_facts_of_a_person_are_not_liked() -> None:
    told = explanation([("gender", "Gender: man", 1.0)], base=0.2)
    assert told.sentence().startswith(
        "Alien (1979) is recommended mainly because of gender (83%); 17%"
    )


def test_a_movie_outside_the_list_says_its_place() -> None:
    told = explanation([("film", "Heat (1995)", -0.5)], base=3.0, rank=57, listed=10)
    assert told.sentence().startswith(
        "Alien (1979) stands at place 57 for Viewer 1 (score 2.50) although nearly everyone likes "
        "it: that alone would give 3.00"
    )
    inside = explanation([("film", "Heat (1995)", 2.0)], rank=10, listed=10, genres={0: DRAMA})
    assert inside.sentence().startswith("Alien (1979) is recommended ")


def test_a_movie_that_cannot_be_recommended_says_why() -> None:
    for base in (3.0, -3.0):
        told = explanation(
            [("film", "Heat (1995)", 0.5)], base=base, excluded="already watched, rated 5"
        )
        assert "already watched, rated 5" in told.sentence()
        assert "is recommended" not in told.sentence()


def test_what_keeps_a_movie_out_is_what_the_last_of_the_list_has_before_it() -> None:
    shares = [("film", "Heat (1995)", 0.5)]
    contrast = explanation(shares, base=-0.1, against="Fargo (1996)", genres={0: DRAMA})
    assert kept_out(contrast, 10) == (
        "Number 10, Alien (1979), scores 0.40 more, mainly because of dramas (+0.50) that Viewer 1 "
        "liked, most of all Heat (1995); the average user prefers Fargo (1996) (by 0.10)."
    )
    outside = contrast.model_copy(update={"rank": 57, "listed": 10})
    assert "rather than" not in outside.sentence()
