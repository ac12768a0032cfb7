"""What a stranger's columns say: values, columns left out, names kept, titles and years."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relrec_core.errors import DataError
from relrec_core.movies.data.features import display_titles, feature_space, film_names, viewer_names
from relrec_core.movies.data.interactions import MovieData, load
from relrec_core.movies.model.ranking import Recommender
from tests.movies import planted

N = 12


def made(path: Path, items: dict[str, list[str]], users: dict[str, list[str]]) -> MovieData:
    """Twelve films and users with these columns; the first rows are given, the others repeat."""
    path.mkdir(parents=True, exist_ok=True)
    pairs = [(u, i, 5) for u in range(N) for i in range(N) if (u + i) % 2]
    columns = ["user_id", "item_id", "rating"]
    pd.DataFrame(pairs, columns=columns).to_csv(path / "interactions.csv", index=False)
    for key, name, given in (("item_id", "items", items), ("user_id", "users", users)):
        filled = {c: [cells[i % len(cells)] for i in range(N)] for c, cells in given.items()}
        frame = pd.DataFrame({key: range(N), **filled})
        frame.to_csv(path / f"{name}.csv", index=False)
    return load(path)


def vocabulary(data: MovieData) -> set[tuple[str, str]]:
    space = feature_space(data)
    pairs = list(zip(space.kinds[space.n_items :], space.values[space.n_items :], strict=True))
    assert len(pairs) == len(set(pairs))
    return set(pairs)


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("(no genres listed)", []),
        ("N/A", []),
        ("nan|Drama", ["Drama"]),
        ("\\N", []),
        ("unknown", ["unknown"]),
        ("Drama| War ", ["Drama", "War"]),
        ('["Drama", "Sci-Fi"]', ["Drama", "Sci-Fi"]),
        ("[1, 2]", ["1", "2"]),
        ("[]", []),
        ("[REC]", ["[REC]"]),
        ("[2020 remaster]", ["[2020 remaster]"]),
    ],
)
def test_cells_are_read_for_what_they_say(tmp_path: Path, cell: str, values: list[str]) -> None:
    found = vocabulary(made(tmp_path, {"genres": [cell]}, {}))
    assert found == {("genre", value) for value in values}


@pytest.mark.parametrize(
    "cell",
    ["['Drama', 'War']", '[{"id": 16, "name": "Animation"}]', '["open', '["\\ud800"]', "[[1]]"],
)
def test_lists_of_anything_but_words_are_refused(tmp_path: Path, cell: str) -> None:
    closed = cell if cell.endswith("]") else cell + "]"
    with pytest.raises(DataError, match=r"items\.csv, line 3, column 'genres': found .*JSON list"):
        made(tmp_path, {"genres": ["Drama", closed]}, {})


def test_a_column_keeps_its_name_and_is_not_taken_for_another(tmp_path: Path) -> None:
    shared = {"country": ["Peru", "Mali"], "series": ["S", "T"], "status": ["M", "F"]}
    data = made(
        tmp_path, {**shared, "countries": ["Peru"], "class": ["M"]}, {**shared, "sex": ["M"]}
    )
    found = vocabulary(data)
    assert {kind for kind, _ in found} == {
        *("country", "series", "status", "countries", "class"),
        *("user country", "user series", "user status", "sex"),
    }
    space = feature_space(data)
    films = {space.kinds[k] for k in space.item_attributes[:, space.n_items :].indices + N}
    assert films.isdisjoint({"user country", "sex"})
    weights = planted.weights(space, data.content_hash)
    model = Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")
    assert {"Series: S", "Status: M", "Class: M", "User country: Mali", "Sex: man"} <= set(
        model.labels
    )
    assert model.group(space.index["series", "S"]) == "Series"
    own = "User country, user series, user status, sex"
    assert model.group(space.index["user country", "Mali"]) == own
    assert viewer_names(data)[0] == "User 0: Peru, S, M, man"


def test_columns_that_name_rows_are_left_out_with_a_note(tmp_path: Path) -> None:
    own = [f"word {i}" for i in range(N)]
    ids = ["Unnamed: 0", "index", "imdb_id", "tmdbId", "ID", "overview"]
    items = dict.fromkeys(ids, own) | {"genres": ["a", "b"], "grid": ["x"], "paid": ["y"]}
    data = made(tmp_path, items, {"user_uuid": own, "job": ["j"]})
    assert data.item_attributes == ("genres", "grid", "paid")
    assert data.user_attributes == ("job",)
    assert [note.split("'")[1] for note in data.notes] == [*ids, "user_uuid"]
    assert "Column 'overview' of items.csv is left out: nearly every row" in " ".join(data.notes)


def test_a_year_in_the_title_is_the_films_and_stands_once(tmp_path: Path) -> None:
    titles = ["Dune (1984)", "Alien", "Film (0042)", " ", "Tom &amp; <b>Jo</b> (1940)"]
    for name, years in (("without", None), ("with", ["1984", "", "", "", ""])):
        items = {"title": titles} | ({} if years is None else {"year": years})
        data = made(tmp_path / name, items, {})
        shown = display_titles(data.items)[:5]
        assert shown == ["Dune (1984)", "Alien", "Film (0042)", "3", "Tom & Jo (1940)"]
        assert data.items["decade"].tolist()[:5] == ["1980s", "", "", "", "1940s"]
    other = made(tmp_path / "other", {"title": ["Dune (1984)"], "year": ["2021"]}, {})
    assert display_titles(other.items)[0] == "Dune (1984) (2021)"


def test_films_that_share_a_title_are_told_apart(tmp_path: Path) -> None:
    names = film_names(made(tmp_path, {"title": [f"Film {i % 11}" for i in range(N)]}, {}))
    assert (names[0], names[1], names[11]) == ("Film 0 #0", "Film 1", "Film 0 #11")


def test_titles_of_ml_1m_are_decoded(ml_1m: Path) -> None:
    items = load(ml_1m).items.set_index("item_id")
    assert items.loc["3845", "title"] == "And God Created Woman (Et Dieu…Créa la Femme)"
    assert items.loc["3845", "year"] == 1956


def test_the_vocabulary_of_ml_100k_is_the_shipped_models(ml_100k: Path) -> None:
    data = load(ml_100k)
    assert data.notes == ()
    space = feature_space(data)
    kinds = ("film", "genre", "decade", "gender", "age", "occupation")
    assert tuple(dict.fromkeys(space.kinds)) == (*kinds[:3], *data.user_attributes)
    assert set(space.attribute_kinds) == set(kinds[1:])
    names = film_names(data)
    assert len(set(names)) == len(names)
    assert sum(" #" in name for name in names) == 36
